"""Webhooks over HTTP: in the database with their job before 200, 429 where that cannot be."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from contacts.contact import Person
from contacts.store import accounts, cards, inbox, processes, roster
from contacts.store.database import DatabaseDown, Store, Tx
from contacts.store.tables import jobs, locations, webhooks
from producers import receiver
from producers.inbox import Inbox
from producers.platform_door import PlatformDoor
from producers.signature import Keys

KEY = Ed25519PrivateKey.generate()
WORD = "correct-horse-battery"
HERE = "loc1"


class Fragile(Store):
    """A database that goes away, hangs, or takes no row of one kind."""

    away = False
    hanging: threading.Event | None = None

    @contextmanager
    def write(self) -> Iterator[Tx]:
        if self.away:
            raise DatabaseDown("OperationalError")
        if self.hanging:
            self.hanging.wait(20)
        with super().write() as tx:
            yield tx


@dataclass
class House:
    """A receiver without a socket, and its database."""

    store: Fragile
    receiver: receiver.Receiver
    rings: list[int]

    def __call__(self, deed: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
        """Let somebody call it."""

        async def main() -> Any:
            transport = httpx.ASGITransport(receiver.build(self.receiver))
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await deed(client)

        self.receiver.inbox.start()
        try:
            return asyncio.run(main())
        finally:
            self.receiver.inbox.stop()

    def post(self, *bodies: bytes, path: str = receiver.CRM, **headers: str) -> list[Any]:
        """Post bodies one after the other, signed unless other headers are given."""

        async def deed(client: httpx.AsyncClient) -> list[Any]:
            return [
                await client.post(path, content=one, headers=headers or signed(one))
                for one in bodies
            ]

        return list(self(deed))

    def at_once(self, *bodies: bytes) -> list[int]:
        """Post them all at the same time; returns the statuses."""

        async def deed(client: httpx.AsyncClient) -> list[Any]:
            calls = [client.post(receiver.CRM, content=one, headers=signed(one)) for one in bodies]
            return [one.status_code for one in await asyncio.gather(*calls)]

        return list(self(deed))

    def jobs(self) -> list[tuple[str, int, str]]:
        with self.store.read() as tx:
            rows = tx.execute(select(jobs).order_by(jobs.c.id))
            return [(row.kind, row.contact, row.state) for row in rows]

    def rows(self) -> list[Any]:
        with self.store.read() as tx:
            return list(tx.execute(select(webhooks).order_by(webhooks.c.id)).all())


def signed(body: bytes) -> dict[str, str]:
    return {"X-GHL-Signature": base64.b64encode(KEY.sign(body)).decode()}


def event(number: int = 1, **more: Any) -> bytes:
    found = {
        "type": "ContactUpdate", "locationId": HERE, "id": f"contact{number}",
        "webhookId": f"wh{number}", "timestamp": "2026-11-23T10:00:00.000Z", "city": "London",
    }  # fmt: skip
    return orjson.dumps(found | more)


@pytest.fixture
def house(store: Store) -> House:
    fragile = Fragile(store.engine, store.clock)
    with fragile.write() as tx:
        tx.execute(locations.insert().values(id=HERE))
    rings: list[int] = []
    made = Inbox(fragile, ring=lambda: rings.append(1), name="receiver@test:1", patience_s=20.0)
    platform = PlatformDoor(WORD, HERE, fragile)
    doors = receiver.Receiver(Keys(KEY.public_key()), WORD, HERE, made, store.clock, platform)
    return House(fragile, doors, rings)


# ---------------------------------------------------------------- what is kept


def test_an_event_is_a_row_and_a_live_job_once_it_is_acknowledged(house: House) -> None:
    (answer,) = house.post(event())

    assert (answer.status_code, answer.json()) == (200, {"kept": True})
    assert house.jobs() == [("contact.pull", 0, "waiting")]
    (row,) = house.rows()
    assert (row.webhook, row.type, row.payload["city"]) == ("wh1", "ContactUpdate", "London")
    assert house.rings


def test_the_job_is_under_the_contact_that_is_linked(house: House) -> None:
    with house.store.write() as tx:
        (ours,) = roster.upsert(tx, HERE, [Person({"email": "ada@example.com"})], now=0)
        cards.settle(
            tx, ours.contact, location=HERE, remote_id="contact1", agreed={}, refused={}, now=0
        )

    house.post(event())

    assert house.jobs() == [("contact.pull", ours.contact, "waiting")]


def test_a_webhook_that_was_seen_before_is_acknowledged_and_not_repeated(house: House) -> None:
    answers = house.post(event(), event(), event(city="Paris"))

    assert [one.status_code for one in answers] == [200, 200, 200]
    assert len(house.rows()) == 1


def test_many_events_of_one_contact_are_one_job(house: House) -> None:
    house.post(*(event(1, webhookId=f"wh{n}") for n in range(20)))

    assert (len(house.rows()), len(house.jobs())) == (20, 1)


def test_many_at_once_are_all_kept(house: House) -> None:
    statuses = house.at_once(*(event(n) for n in range(300)))

    assert set(statuses) == {200}
    assert (len(house.rows()), len(house.jobs())) == (300, 300)


def test_twins_in_one_commit_are_one(house: House) -> None:
    assert set(house.at_once(*[event()] * 20)) == {200}
    assert len(house.rows()) == 1


def test_no_event_is_too_old(house: House) -> None:
    (answer,) = house.post(event(timestamp="2021-01-01T00:00:00.000Z"))

    assert answer.status_code == 200
    assert len(house.jobs()) == 1


def test_notes_have_a_job_of_their_own(house: House) -> None:
    house.post(event(type="NoteCreate", id="note1", contactId="contact1"))

    assert house.jobs() == [("contact.notes", 0, "waiting")]


def test_a_type_that_is_only_counted_leaves_no_row_and_no_job(house: House) -> None:
    house.post(event(type="InvoicePaid"), event(2, type="InvoicePaid"))

    assert (house.rows(), house.jobs()) == ([], [])
    (tally,) = inbox.tallies(house.store)
    assert (tally.type, tally.events) == ("InvoicePaid", 2)


def test_a_type_that_nobody_knows_is_kept_for_a_look(house: House) -> None:
    (answer,) = house.post(event(type="ContactTeleported"))

    assert answer.status_code == 200
    assert house.jobs() == []
    assert [one["type"] for one in inbox.unknown(house.store)] == ["ContactTeleported"]


def test_of_one_unknown_type_so_many_bodies_are_kept_and_no_more(house: House) -> None:
    for start in range(0, inbox.KEPT_UNKNOWN + 20, 10):
        house.post(*(event(start + n, type="ContactTeleported") for n in range(10)))

    assert len(inbox.unknown(house.store)) == inbox.KEPT_UNKNOWN
    assert len(house.rows()) == inbox.KEPT_UNKNOWN + 20


def test_an_event_of_a_location_that_is_not_ours_leads_to_nothing(house: House) -> None:
    (answer,) = house.post(event(locationId="elsewhere"))

    assert answer.status_code == 200
    assert house.jobs() == []
    assert [(row.outcome, row.payload) for row in house.rows()] == [("elsewhere", None)]


def test_an_installation_makes_its_location_known(house: House) -> None:
    house.post(event(type="INSTALL", locationId="loc2", id=None))

    assert [one.id for one in accounts.locations(house.store)] == [HERE, "loc2"]
    assert house.jobs() == [("location.fields", 0, "waiting")]


@pytest.mark.parametrize("named", [{"locationId": HERE}, {"locationId": None, "companyId": "co"}])
def test_a_removal_is_noted_and_changes_nothing(house: House, named: dict[str, Any]) -> None:
    (answer,) = house.post(event(type="UNINSTALL", id=None, **named))

    assert answer.status_code == 200
    assert [row.outcome for row in house.rows()] == ["noted"]
    assert len(accounts.locations(house.store)) == 1


def test_characters_that_no_database_keeps_do_no_harm(house: House) -> None:
    assert house.at_once(event(1, city="Lon\x00don"), event(2)) == [200, 200]
    assert house.rows()[0].payload["city"] == "London"


def test_events_are_forgotten_after_a_while_and_waiting_ones_never(
    house: House, clock: Any
) -> None:
    house.post(event(1), event(2, type="ContactTeleported"))
    clock.tick(8 * 86400)

    assert inbox.prune(house.store, older_than_s=7 * 86400) == 1
    assert [row.webhook for row in house.rows()] == ["wh1"]
    assert inbox.tallies(house.store, days=99) == []


# ---------------------------------------------------------------- what is refused


def test_unsigned_is_401_and_leaves_nothing(house: House) -> None:
    body = event()
    answers = house.post(body, **{"X-Other": "x"}) + house.post(body, **signed(b"something else"))

    assert [one.status_code for one in answers] == [401, 401]
    assert house.rows() == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"{", "the body is not JSON"), (b'{"type": "ContactUpdate"}', "ContactUpdate names no id")],
)
def test_malformed_is_400_with_the_reason(house: House, body: bytes, reason: str) -> None:
    (answer,) = house.post(body)

    assert (answer.status_code, answer.json()) == (400, {"error": reason})


def test_a_body_over_a_mebibyte_is_413(house: House) -> None:
    (answer,) = house.post(event(city="x" * (1 << 20)))

    assert answer.status_code == 413


def test_a_body_that_does_not_tell_its_length_is_cut_off_too(house: House) -> None:
    async def drip() -> Any:
        for _ in range(40):
            yield b"x" * (1 << 15)

    async def deed(client: httpx.AsyncClient) -> Any:
        return await client.post(receiver.CRM, content=drip())

    assert house(deed).status_code == 413


def test_a_large_body_that_is_not_too_large_is_taken(house: House) -> None:
    (answer,) = house.post(event(city="x" * ((1 << 20) - 1000)))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", receiver.CRM, 405), ("POST", "/elsewhere", 404)]
)
def test_other_doors_are_shut(house: House, method: str, path: str, status: int) -> None:
    async def deed(client: httpx.AsyncClient) -> Any:
        return await client.request(method, path)

    assert house(deed).status_code == status


def test_it_says_that_it_lives(house: House) -> None:
    async def deed(client: httpx.AsyncClient) -> Any:
        return await client.get(receiver.HEALTH)

    assert house(deed).json() == {"alive": True}
    assert [one.kind for one in processes.living(house.store)] == ["receiver"]


# ---------------------------------------------------------------- 429


def test_without_a_database_it_is_429_until_it_is_back(house: House) -> None:
    house.store.away = True
    (refused,) = house.post(event())
    house.store.away = False
    house.receiver.inbox._away_until = 0.0

    assert refused.status_code == 429
    assert house.rows() == []


def test_what_was_refused_is_taken_when_it_comes_again(house: House) -> None:
    now = [0.0]
    house.receiver.inbox.clock = lambda: now[0]

    async def deed(client: httpx.AsyncClient) -> list[int]:
        body = event()
        statuses = []
        house.store.away = True
        for _ in range(2):  # the second is refused without asking the database
            answer = await client.post(receiver.CRM, content=body, headers=signed(body))
            statuses.append(answer.status_code)
        house.store.away = False
        now[0] += 1.0
        answer = await client.post(receiver.CRM, content=body, headers=signed(body))
        return [*statuses, answer.status_code]

    assert house(deed) == [429, 429, 200]
    assert len(house.jobs()) == 1


def test_a_database_that_hangs_is_429_and_the_event_is_not_lost(house: House) -> None:
    house.store.hanging = threading.Event()
    house.receiver.inbox.patience_s = 0.02

    async def deed(client: httpx.AsyncClient) -> list[int]:
        bodies = [event(1), event(2)]
        statuses = []
        for body in bodies:
            answer = await client.post(receiver.CRM, content=body, headers=signed(body))
            statuses.append(answer.status_code)
        assert house.store.hanging is not None
        house.store.hanging.set()
        return statuses

    assert house(deed) == [429, 429]
    assert house.rows()[0].webhook == "wh1"  # kept after all; its repetition is known


def test_more_than_there_is_room_for_is_429(house: House) -> None:
    house.store.hanging = threading.Event()
    house.receiver.inbox.room = 5

    async def deed(client: httpx.AsyncClient) -> list[int]:
        calls = [
            asyncio.create_task(client.post(receiver.CRM, content=body, headers=signed(body)))
            for body in (event(n) for n in range(60))
        ]
        first = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        assert house.store.hanging is not None
        house.store.hanging.set()
        await asyncio.wait(calls)
        assert first
        return [one.result().status_code for one in calls]

    statuses = house(deed)
    assert set(statuses) == {200, 429}
    assert len(house.rows()) == statuses.count(200)


def test_an_event_that_breaks_us_costs_the_others_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = inbox.receive

    def picky(tx: Any, some: Any, **more: Any) -> int:
        if any(one.id == "wh3" for one in some):
            raise RuntimeError("a defect")
        return receive(tx, some, **more)

    monkeypatch.setattr(inbox, "receive", picky)

    statuses = house.at_once(*(event(n) for n in range(6)))

    assert statuses == [200, 200, 200, 429, 200, 200]
    assert len(house.rows()) == 5


# ---------------------------------------------------------------- workflows


def test_a_workflow_that_knows_the_secret_gets_in(house: House) -> None:
    body = orjson.dumps({"contact_id": "contact1"})
    (answer,) = house.post(body, path=receiver.WORKFLOW, **{"X-Rollbook-Secret": WORD})

    assert answer.status_code == 200
    assert house.jobs() == [("contact.pull", 0, "waiting")]


def test_the_same_workflow_twice_is_two_events(house: House) -> None:
    body = orjson.dumps({"contact_id": "contact1"})
    house.post(body, body, path=receiver.WORKFLOW, **{"X-Rollbook-Secret": WORD})

    assert len(house.rows()) == 2


@pytest.mark.parametrize("given", [{}, {"X-Rollbook-Secret": "guess"}])
def test_a_workflow_without_the_secret_is_401(house: House, given: dict[str, str]) -> None:
    (answer,) = house.post(b"{}", path=receiver.WORKFLOW, **(given or {"X-Other": "x"}))

    assert answer.status_code == 401


def test_where_no_secret_is_set_the_workflows_door_is_shut(house: House) -> None:
    doors = house.receiver
    shut = House(
        house.store,
        receiver.Receiver(doors.keys, None, HERE, doors.inbox, doors.clock, doors.platform),
        house.rings,
    )
    (answer,) = shut.post(b"{}", path=receiver.WORKFLOW, **{"X-Rollbook-Secret": ""})

    assert answer.status_code == 404
    assert "ROLLBOOK_WEBHOOK_SECRET" in answer.json()["error"]
