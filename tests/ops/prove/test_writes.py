"""Lost, late and half-kept writes in a small school; and a judge that sees what it must."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.ruling import Made
from ops.prove import writes
from worker import doubt


def broken(findings: Any) -> list[str]:
    return [one.what for one in findings if not one.good]


@pytest.mark.parametrize("name", list(writes.SCHOOLS))
def test_whatever_is_lost_or_late_is_there_once_in_the_end(name: str) -> None:
    assert broken(writes.ambiguous(name, 40, 3)) == []


def test_what_the_crm_keeps_otherwise_is_told_and_nothing_else_is() -> None:
    assert broken(writes.verified(30, 3)) == []


def test_the_judge_sees_what_stays_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubt, "is_left", lambda *_, **__: False)

    found = broken(writes.ambiguous("doubles allowed", 60, 3))

    assert "doubles allowed: there twice at the end" in found


def test_the_judge_sees_false_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.merge.made_of", lambda *_, **__: Made.DROPPED)

    assert "tidied up, and told as a loss" in broken(writes.verified(30, 3))
