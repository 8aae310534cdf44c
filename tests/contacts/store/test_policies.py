"""The rules of each location, kept."""

from __future__ import annotations

from pathlib import Path

from contacts.fields import Owner, Rule
from contacts.platforms import Kind, Platform
from contacts.policy import TABLE, Policy
from contacts.settings import Settings
from contacts.store import platforms, policies
from contacts.store.cipher import Cipher
from contacts.store.database import Store

OWN = Policy({"city": Rule(Owner.CRM), "custom.level": Rule()}, custom=Rule(to_crm=False))


def of(store: Store, location: str) -> Policy:
    with store.read() as tx:
        return policies.of(tx, location)


def keep(store: Store, location: str, policy: Policy) -> bool:
    with store.write() as tx:
        return policies.keep(tx, location, policy, now=store.clock())


def test_a_location_of_which_nothing_was_said_has_the_table(store: Store) -> None:
    assert of(store, "loc_1") == TABLE


def test_rules_are_kept_for_their_location_alone(store: Store) -> None:
    assert keep(store, "loc_1", OWN)
    assert of(store, "loc_1") == OWN
    assert of(store, "loc_2") == TABLE
    with store.read() as tx:
        assert policies.of_all(tx) == {"loc_1": OWN}


def test_the_same_rules_again_are_no_change_and_others_replace_them_all(store: Store) -> None:
    keep(store, "loc_1", OWN)
    assert not keep(store, "loc_1", OWN)
    assert keep(store, "loc_1", Policy({"state": Rule(Owner.PLATFORM)}))
    assert set(of(store, "loc_1").own) == {"state"}
    assert keep(store, "loc_1", TABLE)
    assert of(store, "loc_1") == TABLE


def test_the_custom_fields_that_a_source_brings_stay_known_whatever_the_rules(store: Store) -> None:
    with store.write() as tx:
        policies.bring(tx, "loc_1", ["email", "custom.level"], now=store.clock())
        policies.bring(tx, "loc_1", ["custom.score"], now=store.clock())
    assert of(store, "loc_1").mapped == {"custom.level", "custom.score"}
    assert keep(store, "loc_1", OWN)
    assert not keep(store, "loc_1", OWN)
    assert keep(store, "loc_1", TABLE)
    assert of(store, "loc_1").mapped == {"custom.level", "custom.score"}
    assert of(store, "loc_1").of_the_table


def test_a_platform_that_is_connected_brings_its_fields(store: Store, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path)
    fields = {"email": "/email", "custom.score": "/score"}
    platform = Platform(Kind.HTTP, "https://school.example", fields=fields)
    with store.write() as tx:
        platforms.connect(
            tx, "loc_1", platform, secret=None, cipher=Cipher.from_settings(settings), now=1.0
        )
    assert of(store, "loc_1").mapped == {"custom.score"}
