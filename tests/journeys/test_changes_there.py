"""What people do in the CRM comes here by webhook, through real processes, and nothing is lost."""

from __future__ import annotations

import base64
import concurrent.futures
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import func, select

from contacts.store import inbox, roster_view
from contacts.store.tables import contacts, links, webhooks

HERE = "loc_journey"

pytestmark = [pytest.mark.journey, pytest.mark.redis]


@dataclass
class School:
    """A house whose CRM tells of its changes, and thirty students who are in it."""

    house: Any

    def quiet(self) -> None:
        """Wait until every webhook has come and every job is done."""
        house = self.house
        house.until(
            lambda: house.crm.webhooks()["counts"]["under_way"] == 0 and house.counts.open == 0,
            "webhooks have come",
        )

    def reads(self) -> int:
        return int(self.house.crm.report()["by_operation"].get("GET /contacts/{id}", 0))

    def student(self, number: int) -> dict[str, Any]:
        """One of the thirty; each test has its own."""
        return dict(self.house.crm.contacts(HERE)[number])

    def ours(self, email: str) -> dict[str, Any]:
        id = roster_view.find(self.house.store, HERE, email=email.lower())
        with self.house.store.read() as tx:
            return dict(tx.execute(select(contacts.c.fields).where(contacts.c.id == id)).scalar())

    def until_ours(self, email: str, name: str, value: str) -> None:
        self.house.until(lambda: self.ours(email).get(name) == value, f"{name} is {value}")


@pytest.fixture(scope="module")
def school(shared_house: Any) -> School:
    house = shared_house()
    url = house.receiver_at()
    house.crm.settings(
        webhooks={"url": f"{url}/webhooks/crm", "high_ms": 300, "double_chance": 0.2}
    )
    house.start_with_receiver(url, "dispatcher", "beat", "worker-1")
    file = house.export(30)
    house.backfill(file)
    made = School(house)
    house.until_settled()
    made.quiet()
    house.judge(file)
    return made


def test_the_echoes_of_a_whole_backfill_cost_no_call(school: School) -> None:
    with school.house.store.read() as tx:
        found = dict(
            tx.execute(select(webhooks.c.outcome, func.count()).group_by(webhooks.c.outcome)).all()
        )

    assert set(found) == {"echo"}
    assert found["echo"] == 2 * 30  # created with its tag, and a note
    assert school.reads() == 0


def test_a_persons_edit_becomes_ours_by_one_read(school: School) -> None:
    before, student = school.reads(), school.student(0)
    school.house.crm.seed(HERE, {"id": student["id"], "values": {"website": "https://ada.example"}})

    school.until_ours(student["email"], "website", "https://ada.example")

    school.quiet()
    assert school.reads() - before == 1


def test_edits_of_both_sides_at_once_meet(school: School) -> None:
    student = school.student(1)
    school.house.crm.seed(HERE, {"id": student["id"], "values": {"website": "https://ada.example"}})
    school.house.rollbook("tag", student["email"], "--add", "honours")

    school.until_ours(student["email"], "website", "https://ada.example")

    school.quiet()
    assert "honours" in school.student(1)["tags"]


def test_a_note_that_a_person_writes_comes_here(school: School) -> None:
    from contacts.store.tables import notes

    student = school.student(2)
    school.house.crm.seed(HERE, {"id": student["id"], "notes": ["Called, asks for an invoice"]})

    def here() -> bool:
        query = select(notes.c.id).where(notes.c.body == "Called, asks for an invoice")
        with school.house.store.read() as tx:
            return tx.execute(query).first() is not None

    school.house.until(here, "the note is here")


def test_a_student_deleted_there_stays_here_and_is_not_sent_again(school: School) -> None:
    student = school.student(3)
    school.house.crm.delete(HERE, [student["id"]])

    def unlinked() -> bool:
        with school.house.store.read() as tx:
            query = select(links.c.contact).where(links.c.remote_id == student["id"])
            return tx.execute(query).first() is None

    school.house.until(unlinked, "the link is gone")

    file = school.house.folder / "students.csv"
    school.house.backfill(file)
    school.house.until_settled()
    assert len(school.house.crm.contacts(HERE)) == 29
    assert school.ours(student["email"])


# ---------------------------------------------------------------- killed in the middle


def test_a_receiver_that_is_killed_loses_nothing_that_it_accepted(new_house: Any) -> None:
    house = new_house()
    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    url = house.receiver_at()
    house.env["ROLLBOOK_WEBHOOK_KEY"] = pem.decode()

    accepted: list[str] = []
    for round in range(4):
        house.start_with_receiver(url)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            posting = [pool.submit(post, url, key, round, n) for n in range(8)]
            house.until(many_kept(house, 40 * (round + 1)), "some are kept")
            house.kill("receiver")
            for one in posting:
                accepted += one.result()

    with house.store.read() as tx:
        kept = set(tx.execute(select(webhooks.c.webhook)).scalars())
    assert len(accepted) >= 100
    assert set(accepted) <= kept
    # Each of them has its job; each was of another contact.
    assert house.counts.waiting == len(kept)


def post(url: str, key: Ed25519PrivateKey, round: int, sender: int) -> list[str]:
    """Post until nobody answers any more; returns what was accepted."""
    accepted = []
    with httpx.Client() as client:
        for n in range(100_000):
            contact = f"contact{round}x{sender}x{n}"
            webhook = f"{contact}:{uuid.uuid4().hex[:8]}"
            body = orjson.dumps(
                {"type": "ContactUpdate", "locationId": HERE, "id": contact, "webhookId": webhook}
            )
            signature = base64.b64encode(key.sign(body)).decode()
            try:
                found = client.post(
                    f"{url}/webhooks/crm", content=body, headers={"X-GHL-Signature": signature}
                )
            except httpx.HTTPError:
                return accepted
            assert found.status_code in (200, 429), found.text
            if found.status_code == 200:
                accepted.append(webhook)
    return accepted


def many_kept(house: Any, number: int) -> Callable[[], bool]:
    def enough() -> bool:
        time.sleep(0.01)
        return sum(one.events for one in inbox.tallies(house.store)) >= number

    return enough
