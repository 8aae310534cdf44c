"""The days in which everything happens: they are lived, and a broken bound is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.prove import hours
from ops.prove.hours import Lived, Where

FIXED = Where("fixed, by the clock", True, 0.4, 8, 1)
GOOD = Lived(
    sent=9000, most=118, over=7, calm=[0.985], beside=[0.9], refused_beside=1, sent_beside=900,
    shocks=[2, 3],
)  # fmt: skip


def test_what_holds_is_not_called_broken() -> None:
    assert list(GOOD.broken(FIXED)) == []


@pytest.mark.parametrize(
    ("lived", "where", "said"),
    [
        (replace(GOOD, by_us=1), FIXED, "1 answers 429 by our own doing"),
        (replace(GOOD, unallowed=1), FIXED, "118 calls in a window, 1 not allowed"),
        (replace(GOOD, calm=[0.979]), FIXED, "only 97.9% of the limit"),
        (replace(GOOD, calm=[0.93]), replace(FIXED, server="sliding log"), "only 93.0%"),
        (replace(GOOD, beside=[0.83]), FIXED, "only 83.0% of what strangers leave"),
        (replace(GOOD, refused_beside=5), FIXED, "56 answers 429 of 10,000"),
        (replace(GOOD, shocks=[3, 4, 3, 4]), FIXED, "3.5 answers 429 for a foreign burst"),
        (GOOD, replace(FIXED, headers=False), "118 calls in a window"),
    ],
)
def test_a_broken_bound_is_named_with_its_world(lived: Lived, where: Where, said: str) -> None:
    [broken] = lived.broken(where)

    assert said in broken
    assert where.server in broken


@pytest.mark.redis
def test_a_short_life_on_the_strictest_server_is_without_a_429_of_ours() -> None:
    lived = hours.live(Where("sliding counter", False, 0.2, 4, 1))

    assert (lived.by_us, lived.unallowed, lived.over) == (0, 0, 0)
    assert len(lived.shocks) == 1
    assert lived.sent > 4000


def test_a_world_that_nobody_knows_is_a_persons_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        hours.main(["--only", "leaky bucket"])

    assert "a server is one of fixed, by the clock" in capsys.readouterr().err
