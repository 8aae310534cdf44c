"""`rollbook limits probe`: how the CRM counts, in a table and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.jobs import Kind, Wish
from contacts.store import ledger, probes
from contacts.store.database import Store
from producers import probing

from .conftest import HERE


@pytest.fixture
def probed(book: Store, monkeypatch: pytest.MonkeyPatch) -> Any:
    """As if a worker had made it; returns how to say what came of it."""

    def came(model: str, misses: dict[str, float]) -> None:
        samples = [[1000.0, 1000.1, 100 - n, False] for n in range(1, 51)]
        samples += [[1000.0 + n / 2, 1000.1 + n / 2, 50 - n // 2, True] for n in range(1, 51)]
        facts = {
            "began": 1000.0, "ended": 1025.0, "per_window": 100, "window_s": 10.0,
            "set": [100, 10.0], "samples": samples, "model": model, "misses": misses,
        }  # fmt: skip
        with book.write() as tx:
            for part in probes.PARTS:
                probes.keep(tx, HERE, part, facts, now=book.clock())
        monkeypatch.setattr(
            probing, "run", lambda store, location, **_: probes.seen(store, location, 2)
        )

    return came


def test_the_window_is_named_with_what_was_seen(rollbook, location, probed) -> None:
    probed("sliding log", {"sliding log": 0.2, "token bucket": 9.0})

    said = rollbook("limits", "probe", HERE, "--yes")

    assert said.code == 0
    rows = [line.split() for line in said.out.splitlines() if line.startswith("part")]
    assert [row[:5] for row in rows] == [
        ["part", "1", "50", "48", "45"],
        ["part", "2", "50", "48", "45"],
    ]
    assert "The CRM says 100 calls in 10 s.\n" in said.out
    assert "Window: sliding log.\n" in said.out
    assert "sliding log 0.2, token bucket 9.0" in said.out


def test_what_cannot_be_told_is_unknown(rollbook, location, probed) -> None:
    probed("unknown", {"sliding log": 4.0})

    assert (
        "Window: unknown; somebody else's calls, a window that turned within a burst (try again)"
        in rollbook("limits", "probe", HERE, "--yes").out
    )


def test_machines_get_json(rollbook, location, probed) -> None:
    probed("sliding log", {"sliding log": 0.2})

    (line,) = rollbook("limits", "probe", HERE, "--yes", "--json").lines

    assert (line["location"], line["model"], len(line["samples"])) == (HERE, "sliding log", 100)


def test_nobody_is_probed_without_a_yes(rollbook, location, probed) -> None:
    probed("sliding log", {})

    said = rollbook("limits", "probe", HERE)

    assert (said.code, said.err) == (
        2,
        "rollbook: not probed: say --yes to go on without a question\n",
    )


def test_a_busy_location_is_not_probed_unless_told(rollbook, location, book: Store, probed) -> None:
    probed("sliding log", {"sliding log": 0.2})
    with book.write() as tx:
        ledger.put(tx, [Wish(Kind.FIELDS, HERE)], now=book.clock())

    said = rollbook("limits", "probe", HERE, "--yes")

    assert said.code == 2
    assert "location loc_here is not idle: 1 of its jobs wait or run" in said.err
    assert rollbook("limits", "probe", HERE, "--yes", "--busy").code == 0
