"""Which fields of a contact are synced, and who decides over each: the one table.

One more field is one more row. Our names are snake_case; ``crm`` is the name in the CRM's JSON. A
custom field of the location is called ``custom.<key>`` here and has no row: its definition is read
from the CRM, and ``CUSTOM_RULE`` stands for all of them. A location may decide otherwise, see
``contacts.policy``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contacts import cleaning
from contacts.cleaning import Cleaner, Value

CUSTOM: Final = "custom."
"""Prefix of our name for a custom field: ``custom.level`` or ``custom.<id>``."""


class Owner(StrEnum):
    """Whose value counts."""

    PLATFORM = "platform"
    """Ours: it is sent and never taken in; an edit in the CRM is overruled."""
    CRM = "crm"
    """Theirs: it is taken in and never sent; an edit here is overruled."""
    SHARED = "shared"
    """That of the side which changed it since both were last compared."""


class TieBreak(StrEnum):
    """Whose value counts where both sides changed a shared field."""

    NEWEST = "newest"
    """The later edit's; ours where one time is not known, or both are the same."""
    PLATFORM = "platform"
    CRM = "crm"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who decides over a field, and where its values may go.

    Attributes:
        owner: whose value counts.
        tie_break: of a shared field.
        blank_clears: an emptied field empties the other side. Otherwise a blank says nothing, and
            the other side's value comes back into it.
        to_crm: our values are sent, unless the CRM owns the field.
        from_crm: theirs are taken in, unless the platform owns it.
    """

    owner: Owner = Owner.SHARED
    tie_break: TieBreak = TieBreak.NEWEST
    blank_clears: bool = False
    to_crm: bool = True
    from_crm: bool = True

    @property
    def sends(self) -> bool:
        """Whether our values go to the CRM."""
        return self.to_crm and self.owner is not Owner.CRM

    @property
    def takes(self) -> bool:
        """Whether the CRM's values come to us."""
        return self.from_crm and self.owner is not Owner.PLATFORM


CLEARS: Final = Rule(blank_clears=True)
"""Shared, and an emptied field is empty on both sides."""

THEIRS: Final = Rule(owner=Owner.CRM)
"""The CRM's alone: read, never sent."""

CUSTOM_RULE: Final = CLEARS
"""For every custom field without a rule of its own."""


@dataclass(frozen=True, slots=True)
class Field:
    """One synced field.

    Attributes:
        name: our name.
        crm: the CRM's name in requests and answers.
        clean: one spelling for each value.
        label: what a person calls it.
        headers: column titles by which `rollbook init` recognises it, lower case, letters only.
        on_update: whether ``PUT /contacts/{id}`` takes it (facts: gender and companyName are
            refused there with 422).
        nullable: whether ``PUT`` takes null for it (the specification's schema); otherwise a value
            there cannot be emptied from here.
        personal: whether the value identifies a person.
        parts: the fields that say the same in parts.
        rule: who decides over it.
    """

    name: str
    crm: str
    clean: Cleaner
    label: str
    headers: tuple[str, ...] = ()
    on_update: bool = True
    nullable: bool = True
    personal: bool = True
    parts: tuple[str, ...] = ()
    rule: Rule = Rule()


FIELDS: Final[tuple[Field, ...]] = (
    Field(
        "email",
        "email",
        cleaning.email,
        "email address",
        ("email", "emailaddress", "mail", "studentemail", "useremail", "login"),
    ),
    Field(
        "phone",
        "phone",
        cleaning.phone,
        "phone number",
        ("phone", "phonenumber", "mobile", "tel", "telephone", "cell", "studentphone"),
        rule=CLEARS,
    ),
    Field(
        "first_name",
        "firstName",
        cleaning.text,
        "first name",
        ("firstname", "givenname", "first", "vorname"),
    ),
    Field(
        "last_name",
        "lastName",
        cleaning.text,
        "last name",
        ("lastname", "surname", "familyname", "last", "nachname"),
    ),
    Field(
        "name",
        "name",
        cleaning.text,
        "full name",
        ("name", "fullname", "student", "studentname", "displayname"),
        parts=("first_name", "last_name"),
    ),
    Field(
        "gender",
        "gender",
        cleaning.gender,
        "gender",
        ("gender", "sex"),
        on_update=False,
        nullable=False,
    ),
    Field(
        "date_of_birth",
        "dateOfBirth",
        cleaning.day,
        "date of birth",
        ("dateofbirth", "dob", "birthday", "birthdate"),
        rule=CLEARS,
    ),
    Field(
        "address1",
        "address1",
        cleaning.text,
        "street",
        ("address", "address1", "street"),
        rule=CLEARS,
    ),
    Field("city", "city", cleaning.text, "city", ("city", "town"), personal=False, rule=CLEARS),
    Field(
        "state",
        "state",
        cleaning.text,
        "state",
        ("state", "province", "region"),
        personal=False,
        rule=CLEARS,
    ),
    Field(
        "postal_code",
        "postalCode",
        cleaning.text,
        "postal code",
        ("postalcode", "zip", "zipcode", "postcode"),
        nullable=False,
        personal=False,
    ),
    Field(
        "country",
        "country",
        cleaning.country_code,
        "country",
        ("country", "countrycode"),
        nullable=False,
        personal=False,
    ),
    Field(
        "website",
        "website",
        cleaning.website,
        "website",
        ("website", "url", "homepage"),
        rule=CLEARS,
    ),
    Field(
        "timezone",
        "timezone",
        cleaning.text,
        "time zone",
        ("timezone", "tz"),
        personal=False,
        rule=CLEARS,
    ),
    Field(
        "company_name",
        "companyName",
        cleaning.text,
        "company",
        ("company", "companyname", "organisation", "organization", "school"),
        on_update=False,
        nullable=False,
        personal=False,
    ),
    # Forms and advertisements write it there, and an upsert would replace it.
    Field(
        "source",
        "source",
        cleaning.text,
        "source",
        ("source", "utmsource", "leadsource"),
        personal=False,
        rule=Rule(tie_break=TieBreak.CRM),
    ),
    # Somebody who asked not to be written to must not be undone by a file.
    Field(
        "dnd",
        "dnd",
        cleaning.truth,
        "do not disturb",
        ("dnd", "donotdisturb"),
        nullable=False,
        personal=False,
        rule=THEIRS,
    ),
    # The id of a user of the CRM, which means nothing elsewhere.
    Field(
        "assigned_to",
        "assignedTo",
        cleaning.text,
        "assigned to",
        ("assignedto",),
        personal=False,
        rule=THEIRS,
    ),
)

NOT_SYNCED: Final[dict[str, str]] = {
    "locationId": "says where the contact is; it never changes",
    "tags": "a set that travels as additions and removals, see merge_tags",
    "customFields": "one field each here, by the name custom.<key>",
    "dndSettings": "consent for each channel, which is given to the CRM and stays there",
    "inboundDndSettings": "as dndSettings",
    "createNewIfDuplicateAllowed": "a switch of the call, not a value of the contact",
}
"""Every other property that a write of the specification takes, and why it has no row."""

BY_NAME: Final[dict[str, Field]] = {field.name: field for field in FIELDS}
BY_CRM: Final[dict[str, Field]] = {field.crm: field for field in FIELDS}
WHOLE_OF: Final[dict[str, Field]] = {part: field for field in FIELDS for part in field.parts}
"""The field that says the same as a whole: ``first_name`` is part of ``name``."""


def clean(name: str, raw: str, country: str) -> Value:
    """Our spelling of a field's value; custom fields are text here.

    Args:
        name: our name of the field, ``custom.…`` included.
        raw: the value as written, not blank.
        country: the location's country, ISO 3166 alpha-2.

    Raises:
        KeyError: no such field.
        ValueError: the value cannot be meant; the message finishes "<field> …".
    """
    if name.startswith(CUSTOM):
        return cleaning.text(raw, country)
    return BY_NAME[name].clean(raw, country)
