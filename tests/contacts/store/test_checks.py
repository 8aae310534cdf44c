"""What was looked at, and what is in use at a location."""

from __future__ import annotations

from contacts.contact import Person
from contacts.store import audit, checks, roster
from contacts.store.audit import Call
from contacts.store.checks import LOOKS, Found, Held, Look
from contacts.store.database import Store

HERE = "loc_1"


def person(store: Store, location: str = HERE, **more: object) -> None:
    fields = {"email": "ada@example.org", **more.pop("fields", {})}  # type: ignore[dict-item]
    with store.write() as tx:
        roster.upsert(tx, location, [Person(fields, **more)], now=store.clock())  # type: ignore[arg-type]


def test_the_number_of_a_look_leads_back_to_it() -> None:
    for look in Look:
        assert checks.look_of(checks.wish(HERE, look).subject) is look
    assert checks.look_of(len(LOOKS) + 1) is None
    # Jobs in databases carry these numbers.
    assert [look.value for look in LOOKS] == [
        "contacts", "location", "custom-fields", "tasks", "platform",
    ]  # fmt: skip


def test_the_last_finding_of_each_look_is_kept(store: Store) -> None:
    with store.write() as tx:
        checks.keep(tx, HERE, Found(Look.TASKS, 1.0, "scope", "it lacks it"))
        checks.keep(tx, HERE, Found(Look.TASKS, 2.0, facts={"n": 1}))
        checks.keep(tx, "loc_2", Found(Look.TASKS, 3.0))

    assert checks.found(store, HERE) == {Look.TASKS: Found(Look.TASKS, 2.0, facts={"n": 1})}


def test_nothing_is_in_use_where_nobody_is(store: Store) -> None:
    person(store, "loc_2", add_tags=frozenset({"vip"}), notes=("hello",))

    held = checks.held(store, HERE)

    assert held == Held(False, False, False, False, frozenset())


def test_what_a_contact_has_is_in_use(store: Store) -> None:
    person(store, fields={"custom.level": "high"}, add_tags=frozenset({"vip"}), notes=("hello",))

    held = checks.held(store, HERE)

    assert (held.custom_fields, held.tags, held.notes, held.tasks) == (True, True, True, False)


def test_only_success_of_late_shows_a_scope(store: Store) -> None:
    now = store.clock()
    with store.write() as tx:
        audit.record(tx, [
            Call(now, HERE, "contact.get", 200, 1.0, None, None, None),
            Call(now, HERE, "contact.update", 401, 1.0, None, None, None),
            Call(now - 100, HERE, "contact.delete", 200, 1.0, None, None, None),
            Call(now, "loc_2", "contact.create", 201, 1.0, None, None, None),
        ])  # fmt: skip

    assert checks.succeeded(store, HERE, since=now - 50) == {"contact.get"}


def test_a_database_server_has_a_clock_of_its_own(store: Store) -> None:
    at = checks.database_time(store)

    if store.engine.dialect.name == "sqlite":
        assert at is None
    else:
        assert at is not None
        assert at > 1_700_000_000
