"""The CRM's sentences reach a person without anybody's data."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.crm import operations as op
from worker.crm.answers import Answer, failure
from worker.crm.masking import LONGEST, masked, words


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("property gender should not exist", "property gender should not exist"),
        ("email must be an email", "email must be an email"),
        ("customFields.0.field_value must be a string", None),
        ("phone +1 415-555-0100 is invalid", "phone ••• is invalid"),
        ('Contact "Ann Lee" <ann@example.com> exists', 'Contact "•••> exists'),
        ("value 'Rosa' is not allowed for city", "value '•••' is not allowed for city"),
    ],
)
def test_words_of_the_api_stay_and_values_go(said: str, shown: str | None) -> None:
    assert masked([said]) == (shown or said)


def test_a_harmless_word_that_was_somebodys_name_goes_too() -> None:
    assert masked(["contact will not match"], words({"firstName": "Will"})) == (
        "contact ••• not match"
    )


def test_a_long_sentence_is_cut() -> None:
    assert len(masked(["email must be an email"] * 100)) <= LONGEST


def test_words_come_from_values_at_any_depth_and_not_from_names() -> None:
    body = {"tags": ["VIP"], "customFields": [{"field_value": 7.5}], "dnd": True, "city": None}
    assert words(body) == {"vip", "7.5"}


# Letters that no word of the API has together, so that finding one means a leak.
PRIVATE = st.text("qxzQXZäé", min_size=3, max_size=10)
EMAIL = st.builds(lambda a, b: f"{a}@{b}.com", PRIVATE, PRIVATE)
PHONE = st.integers(1_000_000, 10**12).map(lambda n: f"+{n}")
SENTENCES = st.sampled_from(
    [
        "{} is invalid",
        "property {} should not exist",
        "Contact with email {} exists already",
        "value '{}' of phone is not valid",
        'duplicate: "{}"',
        "email={} must be an email",
        "email:{};phone:{}",
        "{}",
    ]
)


@settings(deadline=None)
@given(
    secrets=st.lists(st.one_of(PRIVATE, EMAIL, PHONE), min_size=1, max_size=4),
    shape=SENTENCES,
    status=st.sampled_from([400, 401, 403, 404, 409, 413, 415, 418, 422, 429, 500, 503]),
    operation=st.sampled_from(op.OPERATIONS),
    known=st.booleans(),
)
def test_no_value_is_ever_in_an_error(
    secrets: list[str], shape: str, status: int, operation: op.Operation, known: bool
) -> None:
    messages = [shape.replace("{}", secret) for secret in secrets]
    body = orjson.dumps(
        {
            "message": messages if len(messages) > 1 else messages[0],
            "error": secrets[0],
            "meta": {"contactName": secrets[0], "matchingField": secrets[0]},
        }
    )
    sent = words({"firstName": secrets}) if known else set()
    error = failure(operation, Answer(status, {}, body), sent=sent)
    shown = f"{error!s} {error!r} {error.reason} {error.code}"
    assert not [secret for secret in secrets if secret in shown]
