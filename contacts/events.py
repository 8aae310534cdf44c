"""What the CRM says has happened: its webhooks' types, and one event in our words.

An event is a hint: it names a contact and shows what it held at that moment. What is true is asked
of the CRM.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

CONTACT: Final = frozenset(
    {"ContactCreate", "ContactUpdate", "ContactDelete", "ContactTagUpdate", "ContactDndUpdate"}
)
NOTE: Final = frozenset({"NoteCreate", "NoteUpdate", "NoteDelete"})
TASK: Final = frozenset({"TaskCreate", "TaskComplete", "TaskDelete"})
"""There is none for a task that is changed or opened again, and not all name the contact."""

OPPORTUNITY: Final = frozenset(
    {"OpportunityCreate", "OpportunityUpdate", "OpportunityStageUpdate", "OpportunityDelete"}
)
"""Those that tell in which stage of a funnel a contact is; not all of them name the contact."""

INSTALL: Final = "INSTALL"
UNINSTALL: Final = "UNINSTALL"
WORKFLOW: Final = "workflow"
"""Our name for a workflow's "Custom Webhook", which names no type."""

LOOK: Final = "look"
"""Not a webhook at all: somebody here wants the contact to be looked at."""

LOOK_TASKS: Final = "look-tasks"
"""The same for the contact's tasks."""

HEEDED: Final = CONTACT | NOTE | TASK | OPPORTUNITY | {INSTALL, UNINSTALL, WORKFLOW}
"""Types that lead to something here."""

_COUNTED_LIST: Final = """
    AppPaymentStatus AppUpdate AppointmentCreate AppointmentDelete AppointmentUpdate
    AssociationCreate AssociationDelete AssociationUpdate CampaignStatusUpdate
    ConversationUnreadUpdate ConversationUnreadWebhook ConversationUpdate ExternalAuthConnected
    InboundMessage InvoiceCreate InvoiceDelete InvoicePaid InvoicePartiallyPaid InvoiceSent
    InvoiceUpdate InvoiceVoid KnowledgeBaseCreate KnowledgeBaseDelete KnowledgeBaseFaqChange
    KnowledgeBaseFileChange KnowledgeBaseRichTextChange KnowledgeBaseTableFileChange
    KnowledgeBaseTrainedUrlChange KnowledgeBaseUpdate LCEmailStats LocationCreate LocationUpdate
    ObjectSchemaCreate ObjectSchemaUpdate OpportunityAssignedToUpdate
    OpportunityMonetaryValueUpdate OpportunityStatusUpdate OrderCreate OrderStatusUpdate
    OutboundMessage PlanChange PriceCreate PriceDelete PriceUpdate ProductCreate ProductDelete
    ProductUpdate ProviderOutboundMessage RecordCreate RecordDelete RecordUpdate RelationCreate
    RelationDelete SaaSPlanCreate SupportTicketCreate SupportTicketDelete SupportTicketUpdate
    UserCreate UserDelete UserUpdate VoiceAiCallEnd
"""
COUNTED: Final = frozenset(_COUNTED_LIST.split())
"""Types that are known, and only counted."""

BY_TASK: Final = "task:"
"""Begins what stands for a contact that is only known by its task's id, which follows."""

DEEPEST: Final = 100
"""Levels of a body's JSON; the CRM's have four. 254 are the most that can be written again, and a
body that can be read but not kept would be sent again and again."""

_CONTACT_ID: Final = ("contact_id", "contactId", "id")


def app_id(client_id: str) -> str:
    """What webhooks and lists call a marketplace app: its client id up to the dash (measured by
    integrators)."""
    return client_id.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Event:
    """One webhook.

    Attributes:
        id: the CRM's ``webhookId``; where there is none, made of the body.
        location: the CRM's id of the location; "" where none is named.
        contact: the CRM's id of the contact; "" where none is named; see :data:`BY_TASK`.
        thing: the CRM's id of the note, task or opportunity; of a workflow's event the name it has.
        at: when it happened by the CRM's clock, seconds since the epoch; when it came, where it
            does not say.
        payload: the whole body.
    """

    id: str
    type: str
    location: str
    contact: str
    thing: str
    at: float
    payload: Mapping[str, Any] = field(repr=False)


def read(body: bytes, *, now: float) -> Event:
    """The event of a signed webhook.

    Raises:
        ValueError: half a sentence on what is wrong with the body; no value of it is repeated.
    """
    payload = _object(body)
    type = _word(payload, "type")
    if not type:
        raise ValueError("the body names no type")
    contact = thing = ""
    if type in CONTACT:
        contact = _needed(payload, "id", type)
    elif type in NOTE:
        contact, thing = _needed(payload, "contactId", type), _needed(payload, "id", type)
    elif type in TASK:
        thing = _needed(payload, "id", type)
        contact = _word(payload, "contactId") or f"{BY_TASK}{thing}"[:64]
    elif type in OPPORTUNITY:
        contact, thing = _word(payload, "contactId"), _needed(payload, "id", type)
    location = _word(payload, "locationId")
    if not location and (contact or (type == INSTALL and not _word(payload, "companyId"))):
        raise ValueError(f"{type} names no locationId")
    return Event(
        id=_word(payload, "webhookId") or f"body:{hashlib.sha256(body).hexdigest()[:40]}",
        type=type,
        location=location,
        contact=contact,
        thing=thing,
        at=seconds(payload.get("timestamp")) or now,
        payload=payload,
    )


def read_workflow(body: bytes, *, id: str, location: str, now: float) -> Event:
    """The event of a workflow's "Custom Webhook": whoever built it chose what it holds.

    Args:
        id: a new one: nothing in it tells a repetition from a second event.
        location: where the body names none.

    Raises:
        ValueError: half a sentence: it names no contact, or no location.
    """
    payload = _object(body)
    contact = next((found for name in _CONTACT_ID if (found := _word(payload, name))), "")
    if not contact:
        raise ValueError(f"the body names no contact ({', '.join(_CONTACT_ID)})")
    place = payload.get("location")
    named = _word(payload, "locationId") or (_word(place, "id") if isinstance(place, dict) else "")
    if not (named or location):
        raise ValueError("the body names no locationId, and there is not exactly one location")
    return Event(id, WORKFLOW, named or location, contact, _name(payload), now, {})


def _name(payload: Mapping[str, Any]) -> str:
    """What a workflow calls its event, by ``event`` in the body or in its custom data; or ""."""
    custom = payload.get("customData")
    for part in (payload, custom if isinstance(custom, dict) else {}):
        found = part.get("event")
        if isinstance(found, str) and 0 < len(found.strip()) <= 64:
            return " ".join(found.split())
    return ""


def seconds(iso: object) -> float | None:
    """A time as the CRM writes it, as seconds since the epoch; None if it is none."""
    if not isinstance(iso, str):
        return None
    try:
        found = datetime.fromisoformat(iso)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ValueError("the body is not JSON") from None
    if not isinstance(found, dict):
        raise ValueError("the body is not a JSON object")
    check_depth(found)
    if b"\\u0000" not in body:
        return found
    # PostgreSQL keeps no such character, and nobody means one.
    return dict(without_nul(found))


def check_depth(found: Any) -> None:
    """Refuse JSON that is wrapped deeper than :data:`DEEPEST`.

    Raises:
        ValueError: it is.
    """
    level = [found]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise ValueError("the body is wrapped too deeply")


def without_nul(value: Any) -> Any:
    """JSON without the character NUL in any text."""
    if isinstance(value, dict):
        return {without_nul(name): without_nul(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_nul(one) for one in value]
    return value.replace("\x00", "") if isinstance(value, str) else value


def _word(payload: Mapping[str, Any], name: str) -> str:
    """A text of at most 64 characters, as every id and type is; "" if it is absent.

    Raises:
        ValueError: it is anything else.
    """
    value = payload.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 64:
        raise ValueError(f"{name} is not a text of at most 64 characters")
    return value


def _needed(payload: Mapping[str, Any], name: str, type: str) -> str:
    value = _word(payload, name)
    if not value:
        raise ValueError(f"{type} names no {name}")
    return value
