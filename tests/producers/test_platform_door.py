"""The platform's door: whoever knows the secret, in every shape, once, and durable before 200."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from contacts.store.database import DatabaseDown, Store, Tx
from contacts.store.tables import contacts, enrolments, jobs, locations
from producers import receiver
from producers.inbox import Inbox
from producers.platform_door import PlatformDoor
from producers.signature import Keys

WORD = "correct-horse-battery"
HERE = "loc1"
ENROLMENT = {"email": "ada@example.org", "courseId": "c1", "courseTitle": "Baking"}
PATH = f"/webhooks/platform/enrolment/{WORD}"


class Fragile(Store):
    """A database that goes away."""

    away = False

    @contextmanager
    def write(self) -> Iterator[Tx]:
        if self.away:
            raise DatabaseDown("OperationalError")
        with super().write() as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Tx]:
        if self.away:
            raise DatabaseDown("OperationalError")
        with super().read() as tx:
            yield tx


@dataclass
class House:
    """A receiver without a socket, and its database."""

    store: Fragile
    secret: str | None = WORD
    location: str = HERE

    def post(self, *bodies: Any, path: str = PATH, **headers: str) -> list[httpx.Response]:
        made = Inbox(self.store, ring=lambda: None, name="receiver@test:1", patience_s=20.0)
        door = PlatformDoor(self.secret, self.location, self.store)
        keys = Keys(Ed25519PrivateKey.generate().public_key())
        doors = receiver.Receiver(keys, None, self.location, made, self.store.clock, door)

        async def main() -> list[httpx.Response]:
            transport = httpx.ASGITransport(receiver.build(doors))
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return [
                    await client.post(
                        path,
                        content=one if isinstance(one, bytes) else orjson.dumps(one),
                        headers=headers,
                    )
                    for one in bodies
                ]

        made.start()
        try:
            return asyncio.run(main())
        finally:
            made.stop()

    def rows(self, table: Any) -> list[Any]:
        with self.store.read() as tx:
            return list(tx.execute(select(table)).all())


@pytest.fixture
def house(store: Store) -> House:
    fragile = Fragile(store.engine, store.clock)
    with fragile.write() as tx:
        tx.execute(locations.insert().values(id=HERE))
    return House(fragile)


def test_an_event_is_in_the_database_with_its_jobs_once_it_is_acknowledged(house: House) -> None:
    (answer,) = house.post(ENROLMENT)

    assert (answer.status_code, answer.json()) == (200, {"kept": True})
    assert [one.email for one in house.rows(contacts)] == ["ada@example.org"]
    assert [one.course for one in house.rows(enrolments)] == ["c1"]
    assert [(one.kind, one.lane) for one in house.rows(jobs)] == [("contact.push", 0)]


def test_the_same_event_again_is_acknowledged_and_does_nothing(house: House) -> None:
    answers = house.post(ENROLMENT, ENROLMENT, {"data": ENROLMENT})

    assert [one.status_code for one in answers] == [200, 200, 200]
    assert len(house.rows(jobs)) == 1


def test_a_form_is_taken(house: House) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}

    (answer,) = house.post(b"email=ada%40example.org&courseId=c1", **kind)

    assert answer.status_code == 200
    assert len(house.rows(enrolments)) == 1


@pytest.mark.parametrize(
    ("path", "header"),
    [
        (PATH, ""),
        (f"{PATH}/{HERE}", ""),
        (f"{PATH}?location={HERE}", ""),
        ("/webhooks/platform/enrolment", WORD),
        (f"/webhooks/platform/enrolment?location={HERE}", WORD),
    ],
)
def test_the_secret_is_in_the_address_or_in_the_header(
    house: House, path: str, header: str
) -> None:
    headers = {"X-Rollbook-Secret": header} if header else {}

    (answer,) = house.post(ENROLMENT, path=path, **headers)

    assert answer.status_code == 200


@pytest.mark.parametrize("path", [PATH + "x", "/webhooks/platform/enrolment/", PATH[:-1]])
def test_without_the_secret_nothing_is_kept(house: House, path: str) -> None:
    (answer,) = house.post(ENROLMENT, path=path)

    assert answer.status_code in (401, 404, 307)
    assert house.rows(contacts) == []


def test_the_wrong_secret_is_401_and_is_not_repeated(house: House) -> None:
    (answer,) = house.post(ENROLMENT, path="/webhooks/platform/enrolment/sesame")

    assert answer.status_code == 401
    assert "sesame" not in answer.text


def test_without_a_setting_the_door_is_shut(house: House) -> None:
    house.secret = None

    (answer,) = house.post(ENROLMENT)

    assert answer.status_code == 404
    assert "ROLLBOOK_PLATFORM_SECRET" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/webhooks/platform/refund/{WORD}", 404),
        (f"{PATH}/elsewhere", 404),
    ],
)
def test_an_event_or_a_location_that_is_not_known_is_404(
    house: House, path: str, status: int
) -> None:
    (answer,) = house.post(ENROLMENT, path=path)

    assert answer.status_code == status
    assert house.rows(contacts) == []


def test_the_only_location_need_not_be_named(house: House) -> None:
    house.location = ""

    assert house.post(ENROLMENT)[0].status_code == 200


def test_of_two_locations_one_must_be_named(house: House) -> None:
    house.location = ""
    with house.store.write() as tx:
        tx.execute(locations.insert().values(id="loc2"))

    assert house.post(ENROLMENT)[0].status_code == 400
    assert house.post(ENROLMENT, path=f"{PATH}/loc2")[0].status_code == 200
    assert [one.location for one in house.rows(contacts)] == ["loc2"]


def test_a_body_that_cannot_be_used_is_400_with_the_reason(house: House) -> None:
    answers = house.post(b"{", {"email": "ada@example.org"})

    assert [one.status_code for one in answers] == [400, 400]
    assert "courseId" in answers[1].json()["error"]


def test_a_body_of_more_than_a_mebibyte_is_413(house: House) -> None:
    assert house.post(b"x" * ((1 << 20) + 1))[0].status_code == 413


def test_without_a_database_it_is_429(house: House) -> None:
    house.store.away = True

    (answer,) = house.post(ENROLMENT)

    assert answer.status_code == 429
