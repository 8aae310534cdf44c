"""`rollbook locations`: a token goes in and never comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from contacts.store import accounts
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from tests.conftest import token_of

from .conftest import HERE, settings_of

TOKEN = "pit-12345678-secret"


def token(book: Store, folder: Path, id: str) -> str:
    return token_of(book, id, Cipher.from_settings(settings_of(folder)))


def test_add_reads_the_token_from_standard_input_and_does_not_say_it(
    rollbook, book: Store, folder: Path
) -> None:
    said = rollbook("locations", "add", "loc_b", "--token-stdin", "--country", "de",
                    "--name", "Berlin School", stdin=f"{TOKEN}\n")  # fmt: skip

    assert said.code == 0
    assert said.out == "Location loc_b added, its token is kept encrypted.\n"
    assert TOKEN not in said.out + said.err
    assert token(book, folder, "loc_b") == TOKEN
    assert TOKEN.encode() not in (folder / "home" / "rollbook.db").read_bytes()
    kept = accounts.location(book, "loc_b")
    assert (kept.country, kept.name) == ("DE", "Berlin School")


def test_add_takes_the_quick_starts_token_from_the_environment(
    rollbook, book, folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_CRM_LOCATION", "loc_env")
    monkeypatch.setenv("ROLLBOOK_CRM_TOKEN", TOKEN)

    rollbook("locations", "add", "loc_env")

    assert token(book, folder, "loc_env") == TOKEN


def test_add_without_a_token_warns(rollbook, book) -> None:
    said = rollbook("locations", "add", "loc_b")

    assert said.code == 0
    assert said.err == "It has no token yet: rollbook locations add loc_b\n"


def test_add_of_a_known_location_changes_what_is_given_and_keeps_the_rest(
    rollbook, location, book: Store, folder: Path
) -> None:
    said = rollbook("locations", "add", HERE, "--window-calls", "50", "--window-seconds", "5")

    assert said.out == "Location loc_here changed.\n"
    kept = accounts.location(book, HERE)
    assert (kept.window_calls, kept.window_ms, kept.country) == (50, 5000, "US")
    assert token(book, folder, HERE) == "pit-secret"


def test_an_empty_standard_input_is_no_token(rollbook, book) -> None:
    said = rollbook("locations", "add", "loc_b", "--token-stdin")

    assert said.code == 2
    assert said.err == "rollbook: --token-stdin: there was no token on standard input\n"
    assert accounts.locations(book) == []


def test_a_country_is_two_letters(rollbook, book) -> None:
    said = rollbook("locations", "add", "loc_b", "--country", "Germany")

    assert said.code == 2
    assert said.err == "rollbook: --country is a code of two letters, such as US\n"


@pytest.mark.parametrize("id", ["", "two words", "a/b", "x" * 65])
def test_an_id_that_the_crm_would_not_give_is_one_line(rollbook, book, id: str) -> None:
    said = rollbook("locations", "add", id)

    assert said.code == 2
    assert said.err.startswith("rollbook: the id of a location has letters and digits only")


def test_there_is_no_option_that_takes_a_token(rollbook, book) -> None:
    assert rollbook("locations", "add", "loc_b", "--token", TOKEN).code == 2


def test_locations_show_limits_and_whether_there_is_a_token(rollbook, location, book) -> None:
    rollbook("locations", "add", "loc_z", "--window-calls", "50")

    rows = rollbook("locations").out.splitlines()[2:]

    cells = [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in rows]
    assert cells == [
        [HERE, "-", "US", "yes", "100 in 10 s", "0", "0", "-"],
        ["loc_z", "-", "US (assumed)", "none", "50 in 10 s", "0", "0", "-"],
    ]


def test_no_token_is_in_the_json_of_locations(rollbook, location) -> None:
    said = rollbook("locations", "--json")

    assert said.lines[0]["has_token"] is True
    assert "limits_seen" not in said.lines[0]
    assert "pit-secret" not in said.out
