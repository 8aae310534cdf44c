"""`rollbook fields`: who decides, and letting a mapping say it."""

from __future__ import annotations

from pathlib import Path

from contacts.fields import BY_NAME, Owner, Rule
from contacts.policy import TABLE, Policy
from contacts.store import policies
from contacts.store.database import Store

from .conftest import HERE

SYNC = '[sync.fields]\ncity = { owner = "platform" }\n"custom.level" = { owner = "crm" }\n'


def kept(book: Store) -> Policy:
    with book.read() as tx:
        return policies.of(tx, HERE)


def test_every_field_is_shown_with_who_decides(rollbook, book, location) -> None:
    said = rollbook("fields")

    assert said.code == 0
    assert f"Location {HERE} has the rules of docs/fields.md." in said.out
    words = [line.split() for line in said.out.splitlines()]
    assert ["dnd", "crm", "no", "yes", "says", "nothing"] in words
    assert [line["name"] for line in rollbook("fields", "--json").lines] == [*BY_NAME, "custom.*"]


def test_a_mapping_decides_from_now_on_and_what_differs_is_marked(
    rollbook, book, location, folder: Path
) -> None:
    (folder / "rollbook.toml").write_text(SYNC)

    said = rollbook("fields", "--map", "rollbook.toml")

    assert "rules of its own (*)" in said.out
    assert [line.split()[:3] for line in said.out.splitlines() if "*" in line][1:] == [
        ["city", "*", "platform"], ["custom.level", "*", "crm"], ["custom.*", "shared", "newest"],
    ]  # fmt: skip
    assert kept(book).rule("city") == Rule(Owner.PLATFORM, blank_clears=True)


def test_reset_lets_the_table_hold_again(rollbook, book, location, folder: Path) -> None:
    (folder / "rollbook.toml").write_text(SYNC)
    rollbook("fields", "--map", "rollbook.toml")

    rollbook("fields", "--reset")

    assert kept(book) == TABLE


def test_a_mapping_without_rules_is_a_mistake_and_changes_nothing(
    rollbook, book, location, folder: Path
) -> None:
    (folder / "rollbook.toml").write_text('[fields]\nemail = "E"\n')

    said = rollbook("fields", "--map", "rollbook.toml")

    assert said.code == 2
    assert "rollbook.toml has no [sync]" in said.err
    assert kept(book) == TABLE


def test_both_at_once_is_a_mistake(rollbook, book, location) -> None:
    assert rollbook("fields", "--map", "x.toml", "--reset").code == 2


def test_a_backfill_keeps_the_rules_of_its_mapping(
    rollbook, book, location, export: Path, folder: Path
) -> None:
    (folder / "rollbook.toml").write_text(SYNC + '[fields]\nemail = "Email"\n')

    first = rollbook("backfill", str(export), "--no-wait")
    again = rollbook("backfill", str(export), "--no-wait")

    assert kept(book).rule("city").owner is Owner.PLATFORM
    assert "From now on rollbook.toml says who decides" in first.err
    assert "From now on" not in again.err


def test_a_check_keeps_nothing(rollbook, book, location, export: Path, folder: Path) -> None:
    (folder / "rollbook.toml").write_text(SYNC + '[fields]\nemail = "Email"\n')

    assert rollbook("backfill", str(export), "--check").code == 0

    assert kept(book) == TABLE
