"""The tree of errors, as it is drawn and as it is."""

from __future__ import annotations

import inspect
import re

import pytest

from contacts import errors
from contacts.errors import CrmRefused, SyncError, TryLater, UsageError


def drawn() -> dict[str, str | None]:
    """Each error in the module's docstring with the one that it is indented under."""
    tree: dict[str, str | None] = {}
    above: list[tuple[int, str]] = []
    for indent, name in re.findall(r"^( +)(\w+)(?:  |$)", errors.__doc__ or "", re.MULTILINE):
        while above and above[-1][0] >= len(indent):
            above.pop()
        tree[name] = above[-1][1] if above else None
        above.append((len(indent), name))
    return tree


def classes() -> dict[str, type[Exception]]:
    found = inspect.getmembers(errors, inspect.isclass)
    return {name: one for name, one in found if issubclass(one, Exception)}


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    parents = {
        name: None if one.__base__ is Exception else one.__base__.__name__
        for name, one in classes().items()
    }
    assert drawn() == parents


def test_every_error_has_a_short_code_of_its_own() -> None:
    codes = {name: one.code for name, one in classes().items() if issubclass(one, SyncError)}
    assert len(set(codes.values())) == len(codes)
    assert all(re.fullmatch(r"[a-z-]{3,20}", code) for code in codes.values())


def test_a_mistake_of_a_persons_is_never_a_jobs() -> None:
    assert not issubclass(UsageError, SyncError)


def test_an_error_says_what_the_outcome_needs() -> None:
    later = TryLater("wait", seconds=3.5, pause=True, code="x")
    assert (later.seconds, later.pause, later.bulk_only, later.code) == (3.5, True, False, "x")
    refused = CrmRefused("no", status=400, twin="abc")
    assert (refused.status, refused.twin, refused.code) == (400, "abc", "crm-refused")
    with pytest.raises(SyncError, match=r"^wait$"):
        raise later
