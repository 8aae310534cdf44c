"""The rules of each location, kept; and what is noted of contacts while rules wait to look."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from contacts.facts import NOBODY, Course, Facts, Stage
from contacts.store import facts, rulesets, watching
from contacts.store.database import Store
from contacts.store.rulesets import Kept
from contacts.store.tables import contacts, rule_states, tags

HERE = "loc_1"


def rule(name: str, when: object = "city is blank") -> dict[str, Any]:
    return {"name": name, "when": when, "then": {"note": "x"}}


def keep(store: Store, *rules: dict[str, Any], **more: Any) -> Kept:
    with store.write() as tx:
        return rulesets.keep(tx, more.pop("location", HERE), rules, now=store.clock(), **more)


def since(store: Store) -> dict[str, float]:
    with store.read() as tx:
        return {one["rule"]["name"]: one["since"] for one in rulesets.written(tx, HERE)}


def test_a_location_of_which_nothing_was_said_has_none(store: Store) -> None:
    with store.read() as tx:
        assert rulesets.of(tx, HERE) is None
        assert rulesets.written(tx, HERE) == []
        assert not rulesets.watched(tx, HERE)


def test_rules_are_kept_for_their_location_alone(store: Store) -> None:
    keep(store, rule("a"), rule("b"))
    keep(store, rule("c"), location="loc_2")

    with store.read() as tx:
        found = rulesets.of(tx, HERE)
        assert found is not None
        assert [one.name for one in found.rules] == ["a", "b"]
        assert found.kept_at == store.clock()
        assert rulesets.watched(tx, HERE)


def test_loading_tells_what_changed(store: Store) -> None:
    assert keep(store, rule("a"), rule("b")) == Kept(("a", "b"), (), (), ())

    assert keep(store, rule("a"), rule("b", "email is blank"), rule(" c ")) == Kept(
        ("c",), ("b",), (), ("a",)
    )
    assert keep(store, rule("c")) == Kept((), (), ("a", "b"), ("c",))


def test_a_rule_hears_events_since_it_is_as_it_is(store: Store, clock: Any) -> None:
    keep(store, rule("a"), rule("b"))
    first = store.clock()
    clock.tick(60)
    keep(store, rule("a"), rule("b", "email is blank"), rule("c"))

    assert since(store) == {"a": first, "b": first + 60, "c": first + 60}


def test_a_rule_that_fires_for_what_was_so_before_goes_on_doing_so(store: Store) -> None:
    keep(store, rule("a"), fire_existing=True)
    keep(store, rule("a"), rule("b"))

    with store.read() as tx:
        found = rulesets.of(tx, HERE)
        assert found is not None
        assert found.existing == {"a"}


def test_no_rules_are_no_row(store: Store) -> None:
    keep(store, rule("a"))
    assert keep(store) == Kept((), (), ("a",), ())

    with store.read() as tx:
        assert not rulesets.watched(tx, HERE)


def test_a_rule_that_this_version_does_not_understand_rests(store: Store) -> None:
    keep(store, rule("a"), {"name": "later", "when": {"moon": "full"}, "then": {"note": "x"}})

    with store.read() as tx:
        found = rulesets.of(tx, HERE)
    assert found is not None
    assert ([one.name for one in found.rules], found.unreadable) == (["a"], ("later",))


# ---------------------------------------------------------------- what was so before

SOME = Facts(
    fields={"city": "Bonn", "custom.langs": ["de", "fr"], "dnd": False},
    tags=frozenset(["vip"]),
    enrolments={"5": Course("c1", "Bread")},
    lists=frozenset(["news"]),
    stages={"o1": Stage("p", "won")},
)


def person(store: Store) -> int:
    with store.write() as tx:
        made = tx.execute(
            contacts.insert()
            .values(location=HERE, fields={}, changed_at=store.clock())
            .returning(contacts.c.id)
        )
        return int(made.scalar_one())


def states(store: Store) -> int:
    with store.read() as tx:
        return int(tx.execute(select(func.count()).select_from(rule_states)).scalar_one())


def test_what_was_so_is_kept_whole_and_the_first_counts(store: Store) -> None:
    ada = person(store)
    with store.write() as tx:
        facts.remember(tx, ada, SOME, now=store.clock())
        facts.remember(tx, ada, Facts(), now=store.clock())

    with store.read() as tx:
        found = facts.before(tx, ada)
    assert found is not None
    assert (found.facts, found.ours, found.at) == (SOME, {}, store.clock())


def test_nothing_is_kept_of_a_contact_that_is_as_it_was_seen(store: Store) -> None:
    ada = person(store)
    with store.write() as tx:
        facts.remember(tx, ada, SOME, now=store.clock())
        assert facts.looked(tx, ada, NOBODY, {}, now=store.clock())

    assert states(store) == 0


def test_what_changed_meanwhile_and_what_a_rule_wished_for_is_kept(store: Store) -> None:
    ada, bo = person(store), person(store)
    with store.write() as tx:
        assert not facts.looked(tx, ada, SOME, {}, now=store.clock())
        assert facts.looked(tx, bo, NOBODY, {"tag+a": 2}, now=store.clock())

    assert states(store) == 2
    with store.read() as tx:
        found = facts.before(tx, bo)
    assert found is not None
    assert found.ours == {"tag+a": 2}


def test_the_first_rules_of_a_location_begin_with_what_is_so_now(store: Store) -> None:
    ada = person(store)
    with store.write() as tx:
        facts.remember(tx, ada, SOME, now=store.clock())

    keep(store, rule("a"))

    assert states(store) == 0


def test_both_names_of_a_custom_field_hold_its_value(store: Store) -> None:
    from contacts.store.accounts import CustomField, save_fields

    with store.write() as tx:
        save_fields(tx, HERE, [CustomField("id1", "score", "Score", "TEXT")], now=1.0)
        other = facts.aliases(tx, HERE)

    named = facts.named(Facts(fields={"custom.id1": "85"}), other)
    assert named.fields == {"custom.id1": "85", "custom.score": "85"}


@pytest.mark.parametrize("first", ["the change", "the look"])
def test_a_change_while_rules_look_is_not_lost(store: Store, first: str) -> None:
    keep(store, rule("r"))
    ada, begun = person(store), threading.Event()
    with store.write() as tx:
        was = facts.of(tx, ada)
        facts.remember(tx, ada, was, now=store.clock())

    def change() -> None:
        with store.write() as tx, watching.news(tx, ada, now=store.clock()):
            begun.set()
            tx.execute(tags.insert().values(contact=ada, tag="a", wanted=True, agreed=True))

    def look() -> None:
        with store.write() as tx:
            begun.set()
            facts.looked(tx, ada, was, {}, now=store.clock())

    deeds = [change, look] if first == "the change" else [look, change]
    threads = [threading.Thread(target=deed) for deed in deeds]
    threads[0].start()
    begun.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join()

    with store.read() as tx:
        found = facts.before(tx, ada)
        assert found is not None
        assert (found.facts, facts.of(tx, ada).tags) == (was, {"a"})
