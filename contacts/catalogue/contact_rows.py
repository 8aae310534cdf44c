"""The operations on one contact itself: its values, tags, followers, campaigns and workflows."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from contacts.catalogue.row import READ, WRITE, Field, Look, Operation, Repeat, Shape

SUCCEEDED: Final = ("succeded",)
"""The older generation misspells it."""
BOTH: Final = ("succeeded", "succeded")
"""v3 says both, the old one being deprecated."""

CONTACT_ID: Final = ("contactId",)

_CHANNELS: Final = (
    ("Call", "call"),
    ("Email", "email"),
    ("SMS", "sms"),
    ("WhatsApp", "whatsApp"),
    ("GMB", "gmb"),
    ("FB", "fb"),
)
"""Of do-not-disturb; v3 begins them with a small letter."""

_VALUES: Final = (
    Field("firstName", null=True),
    Field("lastName", null=True),
    Field("name", null=True),
    Field("email", null=True),
    Field("phone", null=True),
    Field("address1", null=True),
    Field("city", null=True),
    Field("state", null=True),
    Field("postalCode"),
    Field("website", null=True),
    Field("timezone", null=True),
    Field("dnd", Shape.BOOLEAN),
    Field("dndSettings", Shape.OBJECT, inside=_CHANNELS),
    Field("inboundDndSettings", Shape.OBJECT),
    Field("tags", Shape.TEXTS),
    Field("customFields", Shape.LIST, inside=(("field_value", "fieldValue"),)),
    Field("dateOfBirth", null=True),
    Field("country"),
)
"""What create, upsert and update all take."""

_NEW: Final = (
    Field("locationId", needed=True),
    *_VALUES,
    Field("gender"),
    Field("companyName", null=True),
    Field("source"),
    Field("assignedTo"),
)

_TAGS: Final = (Field("tags", Shape.TEXTS, needed=True),)
_FOLLOWERS: Final = (Field("followers", Shape.TEXTS, needed=True),)

ITSELF: Final = (
    Operation(
        "contact.create",
        "POST",
        "/contacts/",
        WRITE,
        writes=True,
        what="the contact",
        does="Make a contact; refused where its email or phone is there already.",
        body=_NEW,
        answer=("contact",),
        codes=(201,),
        repeat=Repeat.LOOK,
        look=Look("contact.find", "contact", ("email", "phone"), "contact"),
    ),
    Operation(
        "contact.get",
        "GET",
        "/contacts/{id}",
        READ,
        writes=False,
        what="the contact",
        does="Read one contact.",
        ids=CONTACT_ID,
        answer=("contact",),
    ),
    Operation(
        "contact.update",
        "PUT",
        "/contacts/{id}",
        WRITE,
        writes=True,
        what="the contact",
        does="Change these values of a contact. Careful: tags replaces all the tags it has.",
        ids=CONTACT_ID,
        body=(*_VALUES, Field("source", null=True), Field("assignedTo", null=True)),
        answer=("succeded", "contact"),
        answer_v3=("succeeded", "contact"),
    ),
    Operation(
        "contact.upsert",
        "POST",
        "/contacts/upsert",
        WRITE,
        writes=True,
        what="the contact",
        does="Make a contact, or change the one with this email or phone. Careful: tags replaces.",
        body=(*_NEW, Field("createNewIfDuplicateAllowed", Shape.BOOLEAN)),
        answer=("new", "contact", "traceId"),
    ),
    Operation(
        "contact.delete",
        "DELETE",
        "/contacts/{id}",
        WRITE,
        writes=True,
        what="the contact",
        does="Delete a contact; a person can bring it back in the CRM for 60 days.",
        ids=CONTACT_ID,
        answer=SUCCEEDED,
        answer_v3=BOTH,
    ),
)

_ADD_TAGS: Final = Operation(
    "contact.tags.add",
    "POST",
    "/contacts/{id}/tags",
    WRITE,
    writes=True,
    what="the tags",
    does="Add tags to a contact.",
    ids=CONTACT_ID,
    body=_TAGS,
    answer=("tags",),
    codes=(201,),
)
_ADD_FOLLOWERS: Final = replace(
    _ADD_TAGS,
    name="contact.followers.add",
    path="/contacts/{id}/followers",
    what="the followers",
    does="Let users of the CRM follow a contact.",
    body=_FOLLOWERS,
    answer=("followers", "followersAdded"),
)
_ADD_CAMPAIGN: Final = Operation(
    "contact.campaign.add",
    "POST",
    "/contacts/{id}/campaigns/{thing}",
    WRITE,
    writes=True,
    what="the campaign",
    does="Put a contact into a campaign. The body is an empty object.",
    ids=("contactId", "campaignId"),
    answer=SUCCEEDED,
    answer_v3=BOTH,
    codes=(201,),
    repeat=Repeat.ASK,
)
_ADD_WORKFLOW: Final = Operation(
    "contact.workflow.add",
    "POST",
    "/contacts/{id}/workflow/{thing}",
    WRITE,
    writes=True,
    what="the workflow",
    does="Put a contact into a workflow, now or from a time on.",
    ids=("contactId", "workflowId"),
    body=(Field("eventStartTime"),),
    answer=SUCCEEDED,
    answer_v3=BOTH,
    # measured live by integrators: 201, where the specification says 200
    codes=(200, 201),
    repeat=Repeat.ASK,
)

BESIDE: Final = (
    _ADD_TAGS,
    replace(
        _ADD_TAGS,
        name="contact.tags.remove",
        method="DELETE",
        does="Take tags off a contact.",
        codes=(200,),
    ),
    _ADD_FOLLOWERS,
    replace(
        _ADD_FOLLOWERS,
        name="contact.followers.remove",
        method="DELETE",
        does="Let users of the CRM follow a contact no longer.",
        answer=("followers", "followersRemoved"),
        codes=(200,),
    ),
    _ADD_CAMPAIGN,
    replace(
        _ADD_CAMPAIGN,
        name="contact.campaign.remove",
        method="DELETE",
        does="Take a contact out of a campaign.",
        codes=(200,),
        repeat=Repeat.SAFE,
    ),
    replace(
        _ADD_CAMPAIGN,
        name="contact.campaigns.clear",
        method="DELETE",
        path="/contacts/{id}/campaigns/removeAll",
        path_v3="/contacts/{id}/campaigns/remove-all",
        what="the campaigns",
        does="Take a contact out of every campaign.",
        ids=CONTACT_ID,
        codes=(200,),
        repeat=Repeat.SAFE,
    ),
    _ADD_WORKFLOW,
    replace(
        _ADD_WORKFLOW,
        name="contact.workflow.remove",
        method="DELETE",
        does="Take a contact out of a workflow.",
        codes=(200,),
        repeat=Repeat.SAFE,
    ),
)
