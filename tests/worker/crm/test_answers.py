"""What each answer means for the job that asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import orjson
import pytest

from contacts.errors import (
    AccessLost,
    ContactGone,
    CrmBusy,
    CrmRefused,
    CrmUnavailable,
    RateLimited,
    SyncError,
)
from worker.crm import operations as op
from worker.crm.answers import Answer, count, document, failure, milliseconds, retry_after

NOW = 1_767_312_000.0  # Fri, 02 Jan 2026 00:00:00 GMT


def fail(
    status: int,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    operation: op.Operation = op.CREATE,
    **more: Any,
) -> SyncError:
    content = body if isinstance(body, bytes) else orjson.dumps(body if body is not None else {})
    answer = Answer(status, httpx.Headers(headers or {}), content)
    return failure(operation, answer, now=NOW, **more)


def message(text: object, status: int = 400) -> dict[str, object]:
    return {"statusCode": status, "message": text, "traceId": "t-1"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 10.0),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "Fri, 02 Jan 2026 00:00:30 GMT"}, 30.0),
        (
            {
                "Retry-After": "Fri, 02 Jan 2026 00:00:30 GMT",
                "Date": "Fri, 02 Jan 2026 00:00:20 GMT",
            },
            10.0,
        ),
        ({"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}, 1.0),
        ({"Retry-After": "soon"}, 10.0),
        ({"Retry-After": "999999999"}, 86_400.0),
        ({"X-RateLimit-Interval-Milliseconds": "5000"}, 5.0),
    ],
)
def test_a_429_pauses_the_location_for_as_long_as_it_says(
    headers: dict[str, str], seconds: float
) -> None:
    error = fail(429, message("Too many requests"), headers)
    assert isinstance(error, CrmBusy)
    assert (error.seconds, error.pause, error.bulk_only, error.doubtful) == (
        seconds,
        True,
        False,
        False,
    )


def test_a_429_without_a_time_is_spread_over_a_fifth_of_the_window() -> None:
    error = fail(429, jitter=0.5)
    assert isinstance(error, CrmBusy)
    assert error.seconds == pytest.approx(11.0)


def test_a_429_with_no_calls_left_today_pauses_until_the_limiter_is_asked() -> None:
    error = fail(429, headers={"X-RateLimit-Daily-Remaining": "0"})
    assert isinstance(error, RateLimited)
    assert (error.code, error.seconds, error.pause, error.bulk_only) == (
        "day-quota",
        60.0,
        True,
        False,
    )


def test_a_503_with_a_time_pauses_and_without_one_is_tried_again() -> None:
    busy = fail(503, b"", {"Retry-After": "20"})
    assert isinstance(busy, CrmBusy)
    assert (busy.seconds, busy.pause, busy.doubtful) == (20.0, True, True)
    assert isinstance(fail(503, b""), CrmUnavailable)


@pytest.mark.parametrize("status", [500, 502, 504, 520, 408])
def test_what_a_5xx_did_before_it_broke_is_doubtful_after_a_write(status: int) -> None:
    for operation, doubtful in ((op.CREATE_NOTE, True), (op.GET, False)):
        error = fail(status, b"<html>", operation=operation)
        assert isinstance(error, CrmUnavailable)
        assert error.doubtful is doubtful
        assert str(status) in error.reason


@pytest.mark.parametrize(
    ("status", "text", "code", "advice"),
    [
        (401, "version header was not found.", "version", "ROLLBOOK_CRM_VERSION"),
        (401, "version header is invalid", "version", "ROLLBOOK_CRM_VERSION"),
        (400, "Invalid API version segment 'x' at position 0", "version", "ROLLBOOK_CRM_VERSION"),
        (401, "Invalid token: access token is invalid", "token", "private integration"),
        (401, "Invalid JWT", "token", "private integration"),
        (401, "Invalid Private Integration token", "token", "private integration"),
        (401, "The token is expired", "token", "private integration"),
        (401, "The token is not authorized for this scope.", "scope", "contacts.write"),
        (401, "Token's user type mismatch!", "token-class", "agency"),
        (
            401,
            "This authClass type is not allowed to access this scope. Please verify your IAM "
            "configuration if this is not the case.",
            "token-class",
            "agency",
        ),
        (
            403,
            "The token does not have access to this location.",
            "other-location",
            "ROLLBOOK_CRM_LOCATION",
        ),
        (403, "Forbidden resource", "access-lost", "scopes"),
        (401, "", "access-lost", "check the token"),
    ],
)
def test_lost_access_says_what_to_do(status: int, text: str, code: str, advice: str) -> None:
    error = fail(status, message(text, status))
    assert isinstance(error, AccessLost)
    assert (error.code, error.seconds, error.pause) == (code, 900.0, True)
    assert advice in error.reason


def test_the_scope_that_is_missing_is_named() -> None:
    error = fail(
        401,
        message("The token is not authorized for this scope."),
        operation=op.CUSTOM_FIELDS,
    )
    assert "locations/customFields.readonly" in error.reason
    assert error.code == "scope"


def test_a_redirect_means_a_wrong_address() -> None:
    error = fail(301, b"", {"Location": "https://elsewhere"})
    assert isinstance(error, AccessLost)
    assert "ROLLBOOK_CRM_URL" in error.reason


def test_a_403_page_from_a_firewall_is_not_a_lost_token() -> None:
    assert isinstance(fail(403, b"<html>blocked</html>"), CrmUnavailable)


def test_a_duplicate_names_its_twin() -> None:
    error = fail(
        400,
        {
            "statusCode": 400,
            "message": "This location does not allow duplicated contacts.",
            "meta": {"contactId": "twin1", "contactName": "Ann Lee", "matchingField": "email"},
        },
        operation=op.CREATE,
    )
    assert isinstance(error, CrmRefused)
    assert (error.code, error.twin, error.field) == ("duplicate", "twin1", "email")
    assert error.status == 400
    assert "Ann" not in str(error)


@pytest.mark.parametrize(
    "text",
    ["Contact with id abc123 not found", "Contact not found", "contact is deleted"],
)
def test_an_unknown_contact_is_gone(text: str) -> None:
    for operation in (op.GET, op.UPDATE, op.ADD_TAGS, op.CREATE_NOTE, op.DELETE):
        assert isinstance(fail(400, message(text), operation=operation), ContactGone)


@pytest.mark.parametrize(
    "text",
    [
        "Tag with id abc not found",
        "Contact with id abc not found in workflow",
        "email must be an email",
    ],
)
def test_another_400_does_not_make_a_contact_gone(text: str) -> None:
    assert isinstance(fail(400, message(text), operation=op.UPDATE), CrmRefused)


def test_a_call_without_a_contact_never_finds_one_gone() -> None:
    assert isinstance(fail(400, message("Contact not found"), operation=op.CREATE), CrmRefused)


def test_an_unknown_route_is_our_mistake() -> None:
    error = fail(404, message("Cannot GET /contacts/x", 404), operation=op.GET)
    assert isinstance(error, CrmRefused)
    assert error.code == "no-such-call"


def test_a_422_repeats_the_crms_sentences() -> None:
    error = fail(
        422,
        {
            "statusCode": 422,
            "message": ["property locationId should not exist", "email must be an email"],
            "error": "Unprocessable Entity",
        },
        operation=op.UPDATE,
    )
    assert isinstance(error, CrmRefused)
    assert error.status == 422
    assert "property locationId should not exist; email must be an email" in error.reason


def test_a_413_says_too_large() -> None:
    error = fail(413, b"<html>", operation=op.CREATE_NOTE)
    assert isinstance(error, CrmRefused)
    assert "too large" in error.reason


@pytest.mark.parametrize("body", [b"", b'{"contact": {"id"', b"<html></html>", b"[]", b"null"])
def test_a_success_that_is_not_a_document_is_doubtful_after_a_write(body: bytes) -> None:
    with pytest.raises(CrmUnavailable) as caught:
        document(op.CREATE_NOTE, body)
    assert caught.value.doubtful
    with pytest.raises(CrmUnavailable) as caught:
        document(op.NOTES, body)
    assert not caught.value.doubtful


def test_a_delete_may_answer_nothing() -> None:
    assert document(op.DELETE, b"") == {}


def test_odd_headers_count_as_absent() -> None:
    assert count({"x": "12"}, "x") == 12
    assert [count({"x": raw}, "x") for raw in ("-1", "1.5", "many", "", "9" * 40)] == [None] * 5
    assert retry_after({"retry-after": "Fri, 99 Foo"}, NOW) is None


def test_times_of_the_crm_become_milliseconds() -> None:
    assert milliseconds("2026-01-02T00:00:00.123Z") == 1_767_312_000_123
    assert [milliseconds(raw) for raw in (None, 5, "soon")] == [None] * 3


def test_a_refusal_of_v3_says_why_inside() -> None:
    inside = {"error": {"code": "INVALID_ARGUMENT", "message": "email must be an email"}}
    assert "email must be an email" in str(fail(422, inside))
