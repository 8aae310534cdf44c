"""The proof of reconciliation in small, and that it would notice."""

from __future__ import annotations

import pytest

from ops.prove import reconcile


def test_every_difference_is_found_within_its_bounds() -> None:
    goals = reconcile.run(120, 1.0, 1)

    # Of so few contacts the share of pages is another, and 60 of them are emptied.
    assert [goal for goal in goals if not goal.holds] == []
    assert len(goals) == 25


def test_without_scans_it_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile.nights, "begin_scans", lambda bench: 0)
    monkeypatch.setattr(reconcile, "EDITED_A_DAY", 4)

    broken = [goal.name for goal in reconcile.run(120, 1.0, 1) if not goal.holds]

    assert "differences that are left an hour later" in broken
