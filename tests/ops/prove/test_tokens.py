"""A few expiries, and a judge that notices when nobody takes turns."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from contacts.store import grants, renewals
from contacts.store.tables import grants as table
from ops.prove.tokens import BOUNDS, play
from worker import access_renew


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agency with eight locations."""
    monkeypatch.setattr("ops.prove.tokens.LOCATIONS", 8)


@pytest.mark.usefixtures("few")
def test_no_location_loses_its_access_whoever_dies() -> None:
    counts = play(20, seed=3)

    assert counts["expiries"] >= 20
    assert {name: counts[name] for name in BOUNDS} == dict.fromkeys(BOUNDS, 0)


@pytest.mark.usefixtures("few")
def test_the_judge_notices_two_that_renew_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    take = renewals.take

    def careless(tx: Any, id: int, **more: Any) -> Any:
        tx.execute(update(table).values(lease=None))
        return take(tx, id, **more)

    monkeypatch.setattr(renewals, "take", careless)

    counts = play(16, seed=3)

    assert counts["two refreshes in flight"] + counts["needless calls"] > 0


@pytest.mark.usefixtures("few")
def test_the_judge_notices_a_location_whose_tokens_were_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forgetful(tx: Any, lease: Any, found: Any, bench: Any) -> None:
        tx.execute(
            update(table)
            .where(table.c.id == lease.grant.id)
            .values(state=grants.State.LOST, access=None)
        )

    monkeypatch.setattr(access_renew, "_keep", forgetful)

    assert play(8, seed=3)["locations lost"] > 0
