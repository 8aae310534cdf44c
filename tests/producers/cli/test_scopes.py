"""`rollbook scopes`: the scopes that are needed, what for, and whether the token has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contacts.store import audit, checks, renewals
from contacts.store.checks import Found, Look
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.grants import Of, Tokens

from .conftest import HERE, settings_of

MAPPING = """\
[fields]
email = "Email"
custom.level = "Level"

[[tasks]]
title = "Call"
due = "{Enrolled on}"
"""


def scopes(rollbook: Any) -> dict[str, dict[str, Any]]:
    return {line["scope"]: line for line in rollbook("scopes", "--json").lines}


def call(book: Store, operation: str, status: int = 200) -> None:
    with book.write() as tx:
        audit.record(tx, [audit.Call(book.clock(), HERE, operation, status, 9.0, None, None, None)])


def test_without_a_mapping_only_contacts_are_needed(rollbook, location) -> None:
    found = scopes(rollbook)

    assert list(found) == ["contacts.readonly", "contacts.write", "locations.readonly"]
    assert "contact.tags.add" not in found["contacts.write"]["operations"]
    assert {line["has"] for line in found.values()} == {None}


def test_what_the_mapping_beside_us_names_is_needed_too(rollbook, location, folder: Path) -> None:
    (folder / "rollbook.toml").write_text(MAPPING)

    found = scopes(rollbook)

    assert {"locations/customFields.readonly", "locations/tasks.readonly"} < set(found)
    assert "contact.task.create" in found["contacts.write"]["operations"]


def test_read_only_needs_one_scope(rollbook, location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_READ_ONLY", "1")

    assert list(scopes(rollbook)) == ["contacts.readonly"]
    assert f"{HERE}, in read-only mode, needs:" in rollbook("scopes").out


def test_a_private_integration_shows_its_scopes_by_what_was_answered(
    rollbook, location, book: Store
) -> None:
    call(book, "contact.update")
    call(book, "contact.get", 401)
    with book.write() as tx:
        checks.keep(tx, HERE, Found(Look.LOCATION, book.clock(), "scope", "the token lacks it"))
        checks.keep(tx, HERE, Found(Look.CONTACTS, book.clock(), "no-connection", "no CRM"))

    found = scopes(rollbook)

    assert {name: line["has"] for name, line in found.items()} == {
        "contacts.readonly": None, "contacts.write": True, "locations.readonly": False,
    }  # fmt: skip
    assert rollbook("scopes").out.splitlines()[2].split()[:2] == ["?", "contacts.readonly"]


def test_an_install_says_what_it_granted(
    rollbook, location, book: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_OAUTH_CLIENT_ID", "app-1")
    grant(book, folder, "contacts.readonly locations.readonly calendars.write oauth.write")

    found = scopes(rollbook)
    said = rollbook("scopes").out

    assert {name: line["has"] for name, line in found.items()} == {
        "contacts.readonly": True, "contacts.write": False, "locations.readonly": True,
    }  # fmt: skip
    assert "granted more than is needed: calendars.write." in said
    assert 'ROLLBOOK_OAUTH_SCOPES="contacts.readonly contacts.write locations.readonly"' in said


def grant(book: Store, folder: Path, names: str) -> None:
    """The app was installed at the location."""
    tokens = Tokens(Of.LOCATION, HERE, None, access="a", refresh="r", seconds=86_400, scopes=names)
    cipher = Cipher.from_settings(settings_of(folder))
    with book.write() as tx:
        renewals.put(tx, tokens, cipher=cipher, now=book.clock())
