"""[sync] of rollbook.toml: what it may say, and every mistake in it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from contacts.errors import UsageError
from contacts.fields import BY_NAME, CUSTOM_RULE, Owner, Rule, TieBreak
from contacts.policy import TABLE, Policy
from producers import mapping


def policy(text: str) -> Policy | None:
    return mapping.parse(
        tomllib.loads(f'{text}\n[fields]\nemail = "E"'), origin="rollbook.toml"
    ).sync


def mistakes(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        policy(text)
    return str(caught.value).splitlines()


def test_a_mapping_that_says_nothing_of_it_leaves_the_rules_as_they_are() -> None:
    assert policy("") is None


def test_an_empty_part_is_the_table() -> None:
    assert policy("[sync]") == TABLE


def test_the_keys_given_replace_those_of_the_table() -> None:
    found = policy(
        "[sync.fields]\n"
        'city = { owner = "platform" }\n'
        'phone = { tie_break = "crm", blank_clears = false, from_crm = false }\n'
    )
    assert found is not None
    assert found.rule("city") == Rule(Owner.PLATFORM, TieBreak.NEWEST, blank_clears=True)
    assert found.rule("phone") == Rule(tie_break=TieBreak.CRM, from_crm=False)
    assert found.rule("state") == BY_NAME["state"].rule


def test_a_custom_field_takes_what_it_is_not_given_from_the_rule_of_all_of_them() -> None:
    found = policy(
        '[sync.custom]\nblank_clears = false\n[sync.fields]\n"custom.level" = { owner = "crm" }\n'
    )
    assert found is not None
    assert found.rule("custom.level") == Rule(owner=Owner.CRM)
    assert found.rule("custom.score") == Rule()
    assert found.rule("custom.score") != CUSTOM_RULE


@pytest.mark.parametrize(
    "line",
    [
        '[sync.fields]\n"custom.level" = { owner = "crm" }',
        '[sync.fields]\ncustom.level = { owner = "crm" }',
        '[sync.fields]\ncustom.contact.level = { owner = "crm" }',
        '[sync.fields.custom.level]\nowner = "crm"',
        '[sync.fields."custom.level"]\nowner = "crm"',
    ],
)
def test_a_custom_field_may_be_written_in_every_way_of_toml(line: str) -> None:
    found = policy(line)
    assert found is not None
    assert set(found.own) == {"custom.level"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sync = 3", "sync must be a table: begin it with [sync.fields]"),
        ("[sync.felds]", 'sync.felds means nothing here; did you mean "fields"?'),
        ('sync.fields = "x"', "sync.fields must be a table: begin it with [sync.fields]"),
        ('sync.custom = "x"', 'sync.custom must be a table, such as { owner = "platform" }'),
        ('[sync.fields]\ncity = "platform"', "sync.fields.city must be a table, such as"),
        ('[sync.fields]\ncitty = { owner = "crm" }', 'sync.fields.citty is not a field; did you'),
        (
            '[sync.fields]\n"custom.a" = {}\n"custom.contact.a" = {}',
            'sync.fields."custom.contact.a" is the same field as sync.fields."custom.a"',
        ),
        (
            '[sync.fields]\ncity = { owner = "us" }',
            'sync.fields.city.owner must be "platform", "crm" or "shared"',
        ),
        (
            '[sync.custom]\ntie_break = 1',
            'sync.custom.tie_break must be "newest", "platform" or "crm"',
        ),
        (
            '[sync.fields]\ncity = { to_crm = "no" }',
            "sync.fields.city.to_crm must be true or false, without quotes",
        ),
        (
            '[sync.fields]\ncity = { onwer = "crm" }',
            'sync.fields.city.onwer means nothing here; did you mean "owner"?',
        ),
        (
            '[sync.fields]\ndnd = { to_crm = true }',
            'sync.fields.dnd.to_crm contradicts owner = "crm": use owner = "shared"',
        ),
        (
            '[sync.fields]\ncity = { owner = "platform", tie_break = "crm" }',
            'sync.fields.city.tie_break means nothing with owner = "platform"',
        ),
        (
            "[sync.fields]\nemail = { blank_clears = true }",
            "sync.fields.email.blank_clears must be false: people are known by their email",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_key(text: str, line: str) -> None:
    assert [told for told in mistakes(text) if line in told], mistakes(text)


def test_the_rules_can_be_read_without_a_mapping_of_columns(tmp_path: Path) -> None:
    file = tmp_path / "rollbook.toml"
    file.write_text('[sync.fields]\ncity = { owner = "crm" }\n')
    assert mapping.rules(file) == Policy({"city": Rule(Owner.CRM, blank_clears=True)})
    file.write_text('[fields]\nemail = "E"\n')
    assert mapping.rules(file) is None
    file.write_text("[snyc]\n")
    with pytest.raises(UsageError, match='did you mean "sync"'):
        mapping.rules(file)
