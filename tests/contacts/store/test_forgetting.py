"""A person who is forgotten is nowhere any more, and does not come in again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from contacts.contact import Person
from contacts.events import Event
from contacts.jobs import Job, Kind, Wish
from contacts.store import (
    accounts,
    database,
    forgetting,
    forgotten,
    history,
    inbox,
    ledger,
    meeting,
    newcomers,
    notebook,
    roster,
    timeline,
)
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.meeting import Seen
from contacts.store.tables import contacts, jobs, metadata
from contacts.store.timeline import What

from .conftest import HERE, claim, release, take

EMAIL, OLDER, PHONE = "ada.quill@example.org", "quill@example.com", "+12022005555"
NAME, NOTE, THERE = "Ada Quillfeather", "Called about the baking course", "crmQuill1"
SECRETS = (EMAIL, OLDER, PHONE, NAME, NOTE, "Quillstreet")


@pytest.fixture
def book(store: Store) -> Store:
    """A store whose transactions know the key."""
    forgotten.use_key(store, lambda: b"a key of thirty-two bytes, or so")
    cipher = Cipher(b"Zm9yLWRvY3MtcGxlYXNlLW1ha2UtYS1uZXctb25lISE=")
    with store.write() as tx:
        accounts.ensure_location(tx, HERE, token="pit-x", country="US", cipher=cipher)
    return store


def upsert(store: Store, *people: Person) -> list[roster.Upserted]:
    with store.write() as tx:
        return roster.upsert(tx, HERE, people, now=store.clock())


def ada(store: Store) -> int:
    """Ada, with all that can be known of her, and Bo, who stays."""
    fields = {"email": OLDER, "phone": PHONE, "name": NAME}
    one, _ = upsert(
        store,
        Person(fields, frozenset({"baking"}), notes=(NOTE,)),
        Person({"email": "bo@example.org", "name": "Bo"}, frozenset({"baking"}), notes=(NOTE[:6],)),
    )
    (note,) = one.note_ids
    with store.write() as tx:
        wishes = [Wish(kind, HERE, one.contact) for kind in (Kind.PUSH, Kind.TAG)]
        ledger.put(tx, [*wishes, Wish(Kind.NOTE, HERE, one.contact, note)], now=store.clock())
    job = take(store)
    seen = Seen(THERE, {"email": EMAIL, "phone": PHONE, "address1": "Quillstreet 1"}, ["vip"], 1.0,
                {"email": "m1"})  # fmt: skip
    with store.write() as tx:
        ledger.done(tx, job, now=store.clock())
        meeting.meet(tx, job, one.contact, seen, now=store.clock())
        payload = {"id": THERE, "email": EMAIL, "firstName": NAME}
        for type, id, thing in (("ContactUpdate", THERE, ""), ("NoteCreate", THERE, "n1")):
            inbox.receive(tx, [Event(f"wh-{type}", type, HERE, id, thing, 1.0, payload)], now=1.0)
        strange = {"guest": {"mail": EMAIL.upper()}}
        inbox.receive(tx, [Event("wh-odd", "OddThing", HERE, "", "", 1.0, strange)], now=1.0)
        bo = tx.execute(select(contacts.c.id).where(contacts.c.email == "bo@example.org")).scalar()
        taken = history.Loss("email", EMAIL, "theirs", history.TAKEN, 1.0, None, "bo@example.org")
        history.keep(tx, bo, [taken])
        history.unlink(tx, one.contact, cause="moved", now=1.0)
    return one.contact


def erase(store: Store, contact: int) -> forgetting.Erased:
    with store.write() as tx:
        found = forgetting.erase(tx, contact, now=store.clock())
    assert found is not None
    return found


def everything(store: Store) -> str:
    """All that stands in all tables."""
    with store.read() as tx:
        return "\n".join(
            f"{table.name}: {row}".casefold()
            for table in metadata.sorted_tables
            for row in tx.execute(select(table))
        )


def test_no_table_holds_the_person_afterwards(book: Store) -> None:
    contact = ada(book)
    before = everything(book)
    assert all(secret.casefold() in before for secret in SECRETS)

    erase(book, contact)

    after = everything(book)
    assert [secret for secret in (*SECRETS, THERE) if secret.casefold() in after] == []


def test_others_stay(book: Store) -> None:
    contact = ada(book)

    erase(book, contact)

    assert "bo@example.org" in everything(book)
    with book.read() as tx:
        (bo,) = tx.execute(select(contacts.c.id)).scalars()
        assert [one.what for one in timeline.of(tx, bo)] == [What.NEW.value]
        assert [page.body for page in notebook.of(tx, bo)] == [NOTE[:6]]


def test_what_is_erased_is_told_with_the_ids_in_the_crm(book: Store) -> None:
    found = erase(book, ada(book))

    assert found.remotes == (THERE,)
    assert (found.rows["contacts"], found.rows["notes"], found.rows["webhooks"]) == (1, 1, 3)
    assert not found.at_work


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({"email": EMAIL}, id="by the email"),
        pytest.param({"email": OLDER, "name": NAME}, id="by a former email"),
        pytest.param({"phone": PHONE}, id="by the phone alone"),
    ],
)
def test_no_file_brings_the_person_back(book: Store, again: dict[str, Any]) -> None:
    erase(book, ada(book))

    back, other = upsert(book, Person(again), Person({"email": "cy@example.org"}))

    assert (back.forgotten, back.contact, back.new) == (True, 0, False)
    assert other.new


def test_somebody_else_with_the_phone_comes_in(book: Store) -> None:
    erase(book, ada(book))

    (other,) = upsert(book, Person({"email": "cy@example.org", "phone": PHONE}))

    assert other.new
    assert not other.forgotten


@pytest.mark.parametrize(
    ("remote_id", "values"),
    [
        pytest.param("another", {"email": EMAIL}, id="under another id"),
        pytest.param(THERE, {"email": "new@example.org"}, id="with another email"),
    ],
)
def test_the_crm_does_not_bring_the_person_back(
    book: Store, remote_id: str, values: dict[str, Any]
) -> None:
    erase(book, ada(book))

    with book.write() as tx:
        assert newcomers.place(tx, HERE, remote_id, values, adopt=True, now=1.0) is None


def test_a_worker_with_a_job_in_hand_writes_nothing_any_more(book: Store) -> None:
    contact = ada(book)
    job = claim(book, release(book)[0])
    assert job.contact == contact

    found = erase(book, contact)

    assert found.at_work
    with book.write() as tx:
        assert not ledger.done(tx, job, now=book.clock())
        assert not ledger.again(tx, job, now=1.0, seconds=1, code="x", reason="y")
        assert not ledger.park(tx, job, now=1.0, code="x", reason="y")
    with book.read() as tx:
        assert tx.execute(select(jobs.c.id).where(jobs.c.contact == contact)).all() == []


def test_the_person_may_be_let_in_again(book: Store) -> None:
    erase(book, ada(book))
    with book.write() as tx:
        assert forgotten.allow(tx, HERE, {"email": EMAIL})

    (back,) = upsert(book, Person({"email": EMAIL}))

    assert back.new


def test_without_the_key_nobody_is_taken_in(book: Store) -> None:
    from contacts.errors import UsageError

    erase(book, ada(book))
    book.know(**{forgotten.OPTION: None})

    with pytest.raises(UsageError, match="does not know the key"):
        upsert(book, Person({"email": EMAIL}))


@pytest.mark.postgres
def test_a_job_that_is_being_settled_is_waited_for(postgres_url: str, clock: Any) -> None:
    store = database.open_store(postgres_url, clock=clock)
    forgotten.use_key(store, lambda: b"key")
    (one,) = upsert(store, Person({"email": EMAIL}))
    with store.write() as tx:
        ledger.put(tx, [Wish(Kind.PUSH, HERE, one.contact)], now=store.clock())
    job: Job = take(store)

    with store.write() as settling:
        ledger.done(settling, job, now=store.clock())
        with pytest.raises(forgetting.Busy), store.write() as tx:
            forgetting.erase(tx, one.contact, now=store.clock())
    store.close()


def test_who_is_not_here_cannot_be_erased(book: Store) -> None:
    with book.write() as tx:
        assert forgetting.erase(tx, 99, now=1.0) is None
