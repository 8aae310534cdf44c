"""What sets rules off from outside: webhooks, workflows, funnels, the platform's hooks."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import select

from contacts import events, platform_events
from contacts.platforms import Event as PlatformType
from contacts.store import cards, firings, inbox, rulesets
from contacts.store import platform_events as platform_store
from contacts.store.tables import opportunities, webhooks

ADA, HERE = "ada@example.org", "loc1"


def load(shop: Any, *rules: dict[str, Any]) -> None:
    with shop.store.write() as tx:
        rulesets.keep(tx, HERE, rules, now=shop.clock())


def rule(name: str, when: object, **then: Any) -> dict[str, Any]:
    return {"name": name, "when": when, "then": then or {"note": "{rule}"}}


def fired(shop: Any, contact: int) -> list[str]:
    with shop.store.read() as tx:
        return [one.rule for one in firings.of(tx, contact)][::-1]


def linked(shop: Any, **more: Any) -> tuple[int, str]:
    ours = shop.person(ADA, **more)
    assert set(shop.work()) <= {"done"}
    with shop.store.read() as tx:
        return ours, str(cards.load(tx, ours).remote_id)


def tell(shop: Any, type: str, id: str, key: str = "wh1", **more: Any) -> None:
    """A webhook comes in, and all that follows is done."""
    payload = {"type": type, "locationId": HERE, "id": id, "webhookId": key, **more}
    receive(shop, events.read(orjson.dumps(payload), now=shop.clock()))
    assert set(shop.work()) <= {"done"}


def receive(shop: Any, *heard: events.Event) -> None:
    with shop.store.write() as tx:
        inbox.receive(tx, heard, now=shop.clock())


# ---------------------------------------------------------------- webhooks


def test_a_note_that_somebody_writes_fires_once_for_each_note(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("noted", {"event": "NoteCreate"}, add_tag="noted"))
    ada, remote = linked(live_shop)
    for number in (1, 2):
        live_shop.clock.tick(60)
        crm.seed(HERE, {"id": remote, "notes": [f"Called {n}" for n in range(number)]})
        for _ in range(2):
            tell(live_shop, "NoteCreate", f"n{number}", f"wh{number}", contactId=remote, body="x")

    assert fired(live_shop, ada) == ["noted", "noted"]


def test_an_echo_of_our_own_note_is_no_event(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("noted", {"event": "NoteCreate"}, add_tag="noted"))
    ada, remote = linked(live_shop, notes=["Hello"])
    (theirs,) = crm.contacts(HERE)
    (note,) = theirs["notes"]

    tell(live_shop, "NoteCreate", note["id"], contactId=remote, body="Hello")

    assert fired(live_shop, ada) == []


def test_an_event_from_before_the_rule_was_there_does_not_fire(live_shop: Any, crm: Any) -> None:
    ada, remote = linked(live_shop)
    tell(live_shop, "NoteCreate", "n1", contactId=remote, body="x")
    live_shop.clock.tick(60)
    load(live_shop, rule("noted", {"event": "NoteCreate"}, add_tag="noted"))

    tell(live_shop, "NoteCreate", "n2", "wh2", contactId=remote, body="y")

    assert fired(live_shop, ada) == ["noted"]


def test_a_tag_from_the_crm_fires_when_its_webhook_came(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("vip", {"tag_added": "vip"}))
    ada, remote = linked(live_shop)
    live_shop.clock.tick(60)
    crm.seed(HERE, {"id": remote, "tags": ["vip"]})

    tell(live_shop, "ContactTagUpdate", remote, tags=["vip"], email=ADA)

    assert fired(live_shop, ada) == ["vip"]


@pytest.mark.parametrize("body", [{"event": "paid"}, {"customData": {"event": " paid "}}])
def test_a_workflow_names_its_event(live_shop: Any, crm: Any, body: dict[str, Any]) -> None:
    load(
        live_shop,
        rule("paid", {"event": "workflow:paid"}),
        rule("other", {"event": "workflow:other"}),
    )
    ada, remote = linked(live_shop)
    raw = orjson.dumps({"contact_id": remote} | body)

    receive(live_shop, events.read_workflow(raw, id="w1", location=HERE, now=live_shop.clock()))
    live_shop.work()

    assert fired(live_shop, ada) == ["paid"]


def test_somebody_whom_a_walk_finds_in_the_crm_is_nothing_new(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("bonn", 'city = "Bonn"'), rule("hamm", 'city = "Hamm"'))
    old, new = crm.seed(
        HERE,
        {"values": {"email": ADA, "city": "Bonn"}},
        {"values": {"email": "bo@example.org", "city": "Bonn"}},
    )
    with live_shop.store.write() as tx:
        inbox.look(tx, HERE, [old], now=live_shop.clock())
    assert set(live_shop.work()) == {"done"}
    tell(live_shop, "ContactCreate", new, email="bo@example.org", city="Bonn")

    assert (fired(live_shop, 1), fired(live_shop, 2)) == ([], ["bonn"])
    live_shop.clock.tick(60)
    crm.seed(HERE, {"id": old, "values": {"city": "Hamm"}})
    live_shop.person(ADA, state="NRW")  # a push shows it
    assert set(live_shop.work()) == {"done"}
    assert fired(live_shop, 1) == ["hamm"]


# ---------------------------------------------------------------- stages of funnels

WON = {"pipelineId": "p1", "pipelineStageId": "won"}


def stage(shop: Any) -> tuple[str, str] | None:
    with shop.store.read() as tx:
        row = tx.execute(select(opportunities.c.pipeline, opportunities.c.stage)).first()
    return None if row is None else (row.pipeline, row.stage)


def test_a_stage_fires_when_an_opportunity_comes_into_it_without_a_call(
    live_shop: Any, crm: Any
) -> None:
    load(live_shop, rule("won", {"stage": "won"}, add_tag="customer"))
    ada, remote = linked(live_shop)
    before = crm.report()["arrivals"]
    new = {"pipelineId": "p1", "pipelineStageId": "new"}

    tell(live_shop, "OpportunityCreate", "o1", "wh1", contactId=remote, **new)
    assert fired(live_shop, ada) == []
    tell(live_shop, "OpportunityStageUpdate", "o1", "wh2", **WON)
    tell(live_shop, "OpportunityStageUpdate", "o1", "wh2", **WON)

    assert fired(live_shop, ada) == ["won"]
    assert crm.report()["arrivals"] == before + 1  # the tag
    with live_shop.store.read() as tx:
        waiting = select(webhooks.c.id).where(webhooks.c.settled_at.is_(None))
        assert tx.execute(waiting).all() == []


def test_an_older_stage_does_not_undo_a_later_one(live_shop: Any, crm: Any) -> None:
    _, remote = linked(live_shop)
    tell(live_shop, "OpportunityCreate", "o1", "wh2", contactId=remote,
         timestamp="2026-11-25T10:00:00Z", **WON)  # fmt: skip
    new = {"pipelineId": "p1", "pipelineStageId": "new"}
    tell(live_shop, "OpportunityStageUpdate", "o1", "wh1", contactId=remote,
         timestamp="2026-11-25T09:00:00Z", **new)  # fmt: skip

    assert stage(live_shop) == ("p1", "won")


def test_an_opportunity_that_is_deleted_is_in_no_stage(live_shop: Any, crm: Any) -> None:
    ada, remote = linked(live_shop)
    load(live_shop, rule("lost", "stages is blank"))
    tell(live_shop, "OpportunityCreate", "o1", "wh1", contactId=remote, **WON)
    live_shop.clock.tick(1)
    tell(live_shop, "OpportunityDelete", "o1", "wh2")

    assert fired(live_shop, ada) == ["lost"]


def test_what_names_nobody_we_know_of_is_left_alone(live_shop: Any, crm: Any) -> None:
    tell(live_shop, "OpportunityStageUpdate", "o1", "wh1", **WON)
    tell(live_shop, "OpportunityCreate", "o2", "wh2", contactId="somebody")

    assert stage(live_shop) is None


def test_the_stage_of_somebody_who_is_linked_later_is_known_then(live_shop: Any, crm: Any) -> None:
    load(live_shop, rule("won", {"stage": "won", "pipeline": "p1"}, add_tag="customer"))
    (remote,) = crm.seed(HERE, {"values": {"email": ADA}})
    tell(live_shop, "OpportunityCreate", "o1", "wh1", contactId=remote, **WON)

    ada, _ = linked(live_shop)

    assert fired(live_shop, ada) == ["won"]


# ---------------------------------------------------------------- the course platform


def hook(shop: Any, type: PlatformType, **values: Any) -> None:
    """One of the platform's hooks comes in, and all that follows is done."""
    heard = platform_events.read(
        orjson.dumps(values),
        content_type="application/json",
        type=type,
        location=HERE,
        now=shop.clock(),
    )
    with shop.store.write() as tx:
        platform_store.receive(tx, heard, now=shop.clock(), country="US")
    assert set(shop.work()) <= {"done"}


def test_an_enrolment_of_somebody_new_gives_a_tag_and_a_note(live_shop: Any, crm: Any) -> None:
    load(
        live_shop,
        rule("new", {"enrolled": "*"}, add_tag="course: {course}", note="Enrolled in {course}"),
        rule("hello", {"event": "account"}, add_tag="account"),
        rule("news", {"event": "newsletter"}, add_tag="reader"),
    )
    for _ in range(2):
        hook(live_shop, PlatformType.ENROLMENT, email=ADA, courseId="c1", courseTitle="Bread")
        hook(live_shop, PlatformType.NEWSLETTER, email=ADA)

    (theirs,) = crm.contacts(HERE)
    assert sorted(theirs["tags"]) == ["course: bread", "reader"]
    assert [one["body"] for one in theirs["notes"]] == ["Enrolled in Bread"]
    assert sorted(fired(live_shop, 1)) == ["new", "news"]
