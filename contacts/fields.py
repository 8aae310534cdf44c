"""Which fields of a contact are synced: the one table. One more field is one more row.

Our names are snake_case; ``crm`` is the name in the CRM's JSON. A custom field of the location is
called ``custom.<key>`` here and has no row: its definition is read from the CRM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contacts import cleaning
from contacts.cleaning import Cleaner

CUSTOM: Final = "custom."
"""Prefix of our name for a custom field: ``custom.level`` or ``custom.<id>``."""


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
        personal: whether the value identifies a person.
    """

    name: str
    crm: str
    clean: Cleaner
    label: str
    headers: tuple[str, ...] = ()
    on_update: bool = True
    personal: bool = True


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
    ),
    Field("gender", "gender", cleaning.gender, "gender", ("gender", "sex"), on_update=False),
    Field(
        "date_of_birth",
        "dateOfBirth",
        cleaning.day,
        "date of birth",
        ("dateofbirth", "dob", "birthday", "birthdate"),
    ),
    Field("address1", "address1", cleaning.text, "street", ("address", "address1", "street")),
    Field("city", "city", cleaning.text, "city", ("city", "town"), personal=False),
    Field(
        "state", "state", cleaning.text, "state", ("state", "province", "region"), personal=False
    ),
    Field(
        "postal_code",
        "postalCode",
        cleaning.text,
        "postal code",
        ("postalcode", "zip", "zipcode", "postcode"),
        personal=False,
    ),
    Field(
        "country",
        "country",
        cleaning.country_code,
        "country",
        ("country", "countrycode"),
        personal=False,
    ),
    Field("website", "website", cleaning.website, "website", ("website", "url", "homepage")),
    Field("timezone", "timezone", cleaning.text, "time zone", ("timezone", "tz"), personal=False),
    Field(
        "company_name",
        "companyName",
        cleaning.text,
        "company",
        ("company", "companyname", "organisation", "organization", "school"),
        on_update=False,
        personal=False,
    ),
    Field(
        "source",
        "source",
        cleaning.text,
        "source",
        ("source", "utmsource", "leadsource"),
        personal=False,
    ),
)

BY_NAME: Final[dict[str, Field]] = {field.name: field for field in FIELDS}
BY_CRM: Final[dict[str, Field]] = {field.crm: field for field in FIELDS}


def clean(name: str, raw: str, country: str) -> str:
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
