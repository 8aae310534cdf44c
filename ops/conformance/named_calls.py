"""What only `rollbook call` calls, checked against the catalogue and sent as it does both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from contacts.catalogue import BY_NAME, checking
from contacts.settings import V3
from ops.conformance.place import BUSINESS, CAMPAIGN, HERE, USER, WORKFLOW
from ops.simulator.control import Control
from worker.crm.client import Desk

LATER: Final = "2026-12-01T03:30:00+01:00"
LESSON: Final = {
    "title": "Trial lesson", "status": "booked", "startTime": "2026-12-02 11:00:00",
    "endTime": "2026-12-02 11:30:00",
}  # fmt: skip

Ask = Callable[..., Any]
"""A name of the catalogue and what a person gives to its answer."""


def asker(desk: Desk, version: str) -> Ask:
    """Asks as `rollbook call NAME key=value ...` does.

    The function raises ValueError where the catalogue refuses what is given.
    """

    def ask(called: str, /, **given: Any) -> Any:
        request, mistakes = checking.request(BY_NAME[called], given, location=HERE, version=version)
        if mistakes:
            raise ValueError(f"{called}: {mistakes[0].field} {mistakes[0].what}")
        return desk.anything(BY_NAME[called], request)

    return ask


def named(ask: Ask, lookup: Ask, version: str, control: Control) -> None:
    """Make each call that no deed of the sync makes.

    Args:
        lookup: asks with a token of OAuth, which one call of v3 wants.
    """
    email = f"bob.{version}@example.org"
    value = "fieldValue" if version == V3 else "field_value"
    bob = ask(
        "contact.upsert", email=email, dnd=True, dateOfBirth="1990-09-25",
        customFields=[{"key": "level", value: "A"}],
    )["contact"]["id"]  # fmt: skip
    channel = "sms" if version == V3 else "SMS"
    ask("contact.update", contactId=bob, dndSettings={channel: {"status": "active"}})
    _ties(ask, bob)
    _paper(ask, bob)
    control.seed(HERE, {"id": bob, "appointments": [LESSON]})
    ask("contact.appointments", contactId=bob)
    many = {"contacts": [bob, "nobody"], "tags": ["bulk"]}
    ask("contacts.bulk.tags", type="add", **many)
    ask("contacts.bulk.tags", type="remove", removeAllTags=True, **many)
    ask("contacts.bulk.business", ids=[bob], businessId=BUSINESS)
    [twin] = control.seed(HERE, {"values": {"email": f"robert.{version}@example.org"}})
    control.merge(HERE, bob, twin)
    ask("contact.get", contactId=bob)
    ask("contacts.of_business", businessId=BUSINESS, limit="1")
    ask("contacts.bulk.business", ids=[bob], businessId=None)
    if version == V3:
        lookup("contacts.lookup", email=email)
    ask("contact.delete", contactId=bob)
    _dictionaries(ask)


def _ties(ask: Ask, contact: str) -> None:
    ask("contact.followers.add", contactId=contact, followers=[USER])
    ask("contact.followers.remove", contactId=contact, followers=[USER])
    ask("contact.campaign.add", contactId=contact, campaignId=CAMPAIGN)
    ask("contact.campaign.remove", contactId=contact, campaignId=CAMPAIGN)
    ask("contact.campaigns.clear", contactId=contact)
    ask("contact.workflow.add", contactId=contact, workflowId=WORKFLOW, eventStartTime=LATER)
    ask("contact.workflow.remove", contactId=contact, workflowId=WORKFLOW)


def _paper(ask: Ask, contact: str) -> None:
    note = ask(
        "contact.note.create", contactId=contact, body="A note", userId=USER, title="Title",
        color="#FFAA00", pinned=True,
    )["note"]["id"]  # fmt: skip
    ask("contact.note.get", contactId=contact, id=note)
    task = ask(
        "contact.task.create", contactId=contact, title="T", body="b", completed=False,
        dueDate="2026-12-01T00:00:00Z", assignedTo=USER,
    )["task"]["id"]  # fmt: skip
    ask("contact.task.get", contactId=contact, taskId=task)


def _dictionaries(ask: Ask) -> None:
    tag = ask("location.tag.create", name="new")["tag"]["id"]
    ask("location.tag.update", tagId=tag, name="newer")
    ask("location.tag.get", tagId=tag)
    ask("location.tags")
    ask("location.tag.delete", tagId=tag)
    field = ask(
        "location.custom_field.create", name="Cohort", dataType="TEXT", model="contact",
        placeholder="spring",
    )["customField"]["id"]  # fmt: skip
    ask("location.custom_field.update", id=field, name="Class")
    ask("location.custom_field.get", id=field)
    ask("location.custom_fields", model="all")
    ask("location.custom_field.delete", id=field)
