"""The operations on a location: itself, its custom fields, its tags and the search of its tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from contacts.catalogue.contact_rows import SUCCEEDED
from contacts.catalogue.row import Field, Look, Operation, Repeat, Shape, Token

LOCATION_ID: Final = ("locationId",)

ITSELF: Final = (
    Operation(
        "location.get",
        "GET",
        "/locations/{id}",
        "locations.readonly",
        writes=False,
        what="the location",
        does="Read the location: name, country, timezone, whether it allows duplicates.",
        ids=LOCATION_ID,
        token=Token.EITHER,
        answer=("location",),
    ),
    Operation(
        "location.tasks",
        "POST",
        "/locations/{id}/tasks/search",
        "locations/tasks.readonly",
        writes=False,
        what="the location's tasks",
        does="Read a page of the tasks of all contacts.",
        ids=LOCATION_ID,
        body=(
            Field("contactId", Shape.TEXTS),
            Field("completed", Shape.BOOLEAN),
            Field("assignedTo", Shape.TEXTS),
            Field("query"),
            Field("limit", Shape.NUMBER),
            Field("skip", Shape.NUMBER),
            Field("businessId"),
        ),
        answer=("tasks",),
    ),
)

_MODEL: Final = Field("model", choices=("contact", "opportunity"))
_FIELD: Final = (
    Field("name", needed=True),
    Field("placeholder"),
    Field("acceptedFormat", Shape.TEXTS),
    Field("isMultipleFile", Shape.BOOLEAN),
    Field("maxNumberOfFiles", Shape.NUMBER),
    Field("textBoxListOptions", Shape.LIST),
    Field("position", Shape.NUMBER),
    _MODEL,
)
_READ_FIELDS: Final = "locations/customFields.readonly"
_WRITE_FIELDS: Final = "locations/customFields.write"
_ONE_FIELD: Final = Operation(
    "location.custom_field.get",
    "GET",
    "/locations/{id}/customFields/{thing}",
    _READ_FIELDS,
    writes=False,
    what="the custom field",
    does="Read one custom field of the location.",
    ids=("locationId", "id"),
    answer=("customField",),
)
CUSTOM_FIELDS: Final = (
    Operation(
        "location.custom_fields",
        "GET",
        "/locations/{id}/customFields",
        _READ_FIELDS,
        writes=False,
        what="the custom fields",
        does="Read the custom fields of the location.",
        ids=LOCATION_ID,
        query=(replace(_MODEL, choices=("contact", "opportunity", "all")),),
        answer=("customFields",),
    ),
    _ONE_FIELD,
    Operation(
        "location.custom_field.create",
        "POST",
        "/locations/{id}/customFields",
        _WRITE_FIELDS,
        writes=True,
        what="the custom field",
        does="Give the location a new custom field.",
        ids=LOCATION_ID,
        body=(*_FIELD, Field("dataType", needed=True)),
        answer=("customField",),
        codes=(201,),
        repeat=Repeat.LOOK,
        look=Look("location.custom_fields", "customFields", ("name", "dataType"), "customField"),
    ),
    replace(
        _ONE_FIELD,
        name="location.custom_field.update",
        method="PUT",
        scope=_WRITE_FIELDS,
        writes=True,
        does="Change a custom field of the location.",
        body=_FIELD,
    ),
    replace(
        _ONE_FIELD,
        name="location.custom_field.delete",
        method="DELETE",
        scope=_WRITE_FIELDS,
        writes=True,
        does="Delete a custom field of the location, with the values that contacts have in it.",
        answer=SUCCEEDED,
    ),
)

_READ_TAGS: Final = "locations/tags.readonly"
_WRITE_TAGS: Final = "locations/tags.write"
_NAME: Final = (Field("name", needed=True),)
_ONE_TAG: Final = Operation(
    "location.tag.get",
    "GET",
    "/locations/{id}/tags/{thing}",
    _READ_TAGS,
    writes=False,
    what="the tag",
    does="Read one tag of the location's list.",
    ids=("locationId", "tagId"),
    answer=("tag",),
)
TAGS: Final = (
    Operation(
        "location.tags",
        "GET",
        "/locations/{id}/tags",
        _READ_TAGS,
        writes=False,
        what="the location's tags",
        does="Read the location's list of tags.",
        ids=LOCATION_ID,
        answer=("tags",),
    ),
    _ONE_TAG,
    Operation(
        "location.tag.create",
        "POST",
        "/locations/{id}/tags",
        _WRITE_TAGS,
        writes=True,
        what="the tag",
        does="Add a tag to the location's list.",
        ids=LOCATION_ID,
        body=_NAME,
        answer=("tag",),
        # 200 in the specification; creates of its neighbours answer 201
        codes=(200, 201),
        repeat=Repeat.LOOK,
        look=Look("location.tags", "tags", ("name",), "tag"),
    ),
    replace(
        _ONE_TAG,
        name="location.tag.update",
        method="PUT",
        scope=_WRITE_TAGS,
        writes=True,
        does="Rename a tag of the location's list.",
        body=_NAME,
    ),
    replace(
        _ONE_TAG,
        name="location.tag.delete",
        method="DELETE",
        scope=_WRITE_TAGS,
        writes=True,
        does="Delete a tag from the location's list.",
        answer=SUCCEEDED,
    ),
)
