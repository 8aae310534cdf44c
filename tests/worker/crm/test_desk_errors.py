"""What goes wrong at the stand-in, and the error that the desk makes of it, over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import fakeredis
import pytest

from contacts.errors import (
    AccessLost,
    ContactGone,
    CrmBusy,
    CrmRefused,
    CrmUnavailable,
    GiveUp,
    LimiterDown,
    RateLimited,
    SyncError,
    TryAgain,
    TryLater,
)
from contacts.jobs import Lane
from worker.crm.client import Call, Crm, Desk
from worker.crm.limiter import Limiter

ADA = {"email": "ada@example.org", "name": "Ada"}
NOBODY = "contact0000000000001"


class There:
    """A desk at a stand-in, and what was recorded."""

    def __init__(self, one: Any, limiter: Limiter) -> None:
        self.one = one
        self.calls: list[Call] = []
        self.crms: list[Crm] = []
        self._limiter = limiter

    def desk(
        self,
        *,
        token: str = "pit-secret",
        location: str = "loc1",
        version: str = "2021-07-28",
        read_timeout: float = 10.0,
    ) -> Desk:
        crm = Crm(
            url=self.one.url,
            version=version,
            limiter=self._limiter,
            connect_timeout=5.0,
            read_timeout=read_timeout,
            sleep=time.sleep,
            random=lambda: 0.5,
        )
        self.crms.append(crm)
        return crm.at(location, token, country="US", lane=Lane.LIVE, record=self.calls.append)


@pytest.fixture
def there(simulator: Any, limiter: Limiter) -> Iterator[There]:
    place = There(simulator(), limiter)
    yield place
    for crm in place.crms:
        crm.close()


def failing(act: Callable[[], object]) -> SyncError:
    with pytest.raises(SyncError) as caught:
        act()
    return caught.value


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        pytest.param(None, 11.0, id="without Retry-After: a window, and some of a fifth more"),
        pytest.param(7, 7.0, id="with Retry-After"),
    ],
)
def test_429_pauses_the_location(there: There, wait: float | None, seconds: float) -> None:
    there.one.fault("too-many", retry_after_s=wait)
    error = failing(lambda: there.desk().create(ADA))
    assert isinstance(error, CrmBusy)
    assert isinstance(error, TryLater)
    assert (error.seconds, error.pause, error.doubtful) == (seconds, True, False)


def test_a_limit_that_is_really_used_up_pauses_until_it_opens(there: There) -> None:
    there.one.settings(limits={"per_window": 1, "retry_after": "seconds", "headers": False})
    desk = there.desk()
    desk.create(ADA)
    error = failing(lambda: desk.create(ADA))
    assert isinstance(error, CrmBusy)
    assert 9 <= error.seconds <= 10


def test_a_retry_after_that_is_a_date_is_read_by_the_servers_own_clock(there: There) -> None:
    there.one.settings(
        limits={"per_window": 1, "retry_after": "date", "window_s": 600, "headers": False}
    )
    desk = there.desk()
    desk.create(ADA)
    error = failing(lambda: desk.create(ADA))
    assert isinstance(error, CrmBusy)
    assert 590 <= error.seconds <= 602


def test_a_day_that_is_used_up_is_not_a_moments_pause(there: There) -> None:
    there.one.settings(limits={"per_day": 1})
    desk = there.desk()
    desk.create(ADA)
    error = failing(lambda: desk.create(ADA))
    assert isinstance(error, RateLimited)
    assert (error.code, error.seconds, error.pause) == ("day-quota", 60.0, True)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
@pytest.mark.parametrize("when", ["before", "after"])
def test_5xx_is_tried_again_and_a_write_is_doubtful(there: There, status: int, when: str) -> None:
    there.one.fault("error", status=status, when=when, times=2)
    desk = there.desk()
    error = failing(lambda: desk.create(ADA))
    assert isinstance(error, CrmUnavailable)
    assert isinstance(error, TryAgain)
    assert (error.code, error.doubtful) == ("crm-error", True)
    assert not failing(lambda: desk.get(NOBODY)).doubtful
    assert len(there.one.contacts("loc1")) == (when == "after")


def test_503_with_retry_after_pauses_the_location(there: There) -> None:
    there.one.fault("error", status=503, retry_after_s=30)
    error = failing(lambda: there.desk().create(ADA))
    assert isinstance(error, CrmBusy)
    assert (error.seconds, error.pause, error.doubtful) == (30.0, True, True)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param({"kind": "drop", "when": "before"}, "no-answer", id="dropped before"),
        pytest.param({"kind": "drop", "when": "after"}, "no-answer", id="dropped after the work"),
        pytest.param({"kind": "truncate"}, "no-answer", id="half an answer"),
        pytest.param({"kind": "html", "status": 200, "when": "after"}, "bad-answer", id="a page"),
        pytest.param({"kind": "html", "status": 502}, "crm-error", id="a page with 502"),
        pytest.param({"kind": "html", "status": 403}, "bad-answer", id="a firewall's 403"),
        pytest.param({"kind": "stall", "when": "before"}, "no-answer", id="late there"),
        pytest.param({"kind": "stall", "when": "after"}, "no-answer", id="late back"),
    ],
)
def test_no_usable_answer_is_tried_again(there: There, fault: dict[str, Any], code: str) -> None:
    there.one.fault(**fault)
    desk = there.desk(read_timeout=0.3)

    write, read = (
        failing(lambda: desk.create_note(NOBODY, "hi")),
        failing(lambda: desk.notes(NOBODY)),
    )

    assert isinstance(write, CrmUnavailable)
    assert (write.code, write.doubtful, read.doubtful) == (code, True, False)


def test_who_looks_after_a_lost_answer_finds_what_was_done(there: There) -> None:
    desk = there.desk()
    id = desk.create(ADA).id
    there.one.fault("drop", when="after", times=1)
    assert failing(lambda: desk.create_note(id, "hello")).doubtful
    assert [note.body for note in desk.notes(id)] == ["hello"]


def test_a_create_that_is_repeated_after_a_lost_answer_names_what_was_made(there: There) -> None:
    there.one.fault("drop", when="after", times=1)
    desk = there.desk()
    failing(lambda: desk.create(ADA))
    error = failing(lambda: desk.create(ADA))
    assert isinstance(error, CrmRefused)
    (made,) = there.one.contacts("loc1")
    assert (error.twin, error.field) == (made["id"], "email")


SCOPES = ["contacts.readonly", "contacts.write"]


@pytest.mark.parametrize(
    ("token", "desk", "code", "advice"),
    [
        pytest.param({}, {"token": "pit-old"}, "token", "ROLLBOOK_CRM_TOKEN", id="unknown PIT"),
        pytest.param({}, {"token": "eyJh.bGci"}, "token", "expired or revoked", id="bad JWT"),
        pytest.param({"scopes": SCOPES[:1]}, {}, "scope", "contacts.write", id="scope"),
        pytest.param({"kind": "pit-agency"}, {}, "scope", "contacts.write", id="agency's PIT"),
        pytest.param({"kind": "oauth-company"}, {}, "token-class", "agency's", id="company token"),
        pytest.param({"location": "loc2"}, {}, "other-location", "CRM_LOCATION", id="location"),
        pytest.param({}, {"version": "2020-01-01"}, "version", "CRM_VERSION", id="old version"),
        pytest.param({}, {"version": "latest"}, "version", "CRM_VERSION", id="odd version"),
    ],
)
def test_a_closed_door_waits_for_a_person(
    there: There, token: dict[str, Any], desk: dict[str, Any], code: str, advice: str
) -> None:
    there.one.settings(
        locations=[{"id": "loc1"}, {"id": "loc2"}],
        tokens=[{"token": "pit-secret", "location": "loc1", "scopes": SCOPES, **token}],
    )
    error = failing(lambda: there.desk(**desk).create(ADA))
    assert isinstance(error, AccessLost)
    assert (error.code, error.pause) == (code, True)
    assert advice in error.reason


def test_an_agencys_token_at_the_custom_fields(there: There) -> None:
    there.one.settings(
        tokens=[{"token": "pit-secret", "kind": "pit-agency", "scopes": ["locations.readonly"]}]
    )
    assert failing(there.desk().custom_fields).code == "token-class"
    assert there.desk().location().id == "loc1"


@pytest.mark.parametrize(
    "act",
    [
        lambda desk: desk.get(NOBODY),
        lambda desk: desk.update(NOBODY, {"city": "Rome"}),
        lambda desk: desk.delete(NOBODY),
        lambda desk: desk.add_tags(NOBODY, ["a"]),
        lambda desk: desk.remove_tags(NOBODY, ["a"]),
        lambda desk: desk.notes(NOBODY),
        lambda desk: desk.create_note(NOBODY, "hello"),
    ],
    ids=["get", "update", "delete", "add_tags", "remove_tags", "notes", "create_note"],
)
def test_a_contact_that_is_gone(there: There, act: Callable[[Desk], object]) -> None:
    error = failing(lambda: act(there.desk()))
    assert isinstance(error, ContactGone)
    assert isinstance(error, GiveUp)
    assert NOBODY not in error.reason


def test_422_is_parked_with_the_crms_sentence(there: There) -> None:
    error = failing(lambda: there.desk().create({"date_of_birth": "someday in Ada's spring"}))
    assert isinstance(error, CrmRefused)
    assert isinstance(error, GiveUp)
    assert error.status == 422
    assert "dateOfBirth must be a valid date" in error.reason
    assert "Ada" not in error.reason


def test_a_refused_custom_field_is_parked(there: There) -> None:
    there.one.settings(quirks={"unknown_custom_field": "refused"})
    error = failing(lambda: there.desk().create({**ADA, "custom.Sourdough": "A"}))
    assert isinstance(error, CrmRefused)
    assert error.status == 422
    assert "Sourdough" not in error.reason


def test_a_call_that_the_crm_does_not_know(there: There) -> None:
    there.one.url += "/elsewhere"
    error = failing(lambda: there.desk().create(ADA))
    assert isinstance(error, CrmRefused)
    assert error.code == "no-such-call"


def test_without_redis_nothing_leaves(there: There, memory: fakeredis.FakeServer) -> None:
    memory.connected = False
    assert isinstance(failing(lambda: there.desk().create(ADA)), LimiterDown)
    assert there.one.report()["arrivals"] == 0
    assert there.calls == []
