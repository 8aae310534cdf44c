"""The side that is not part of the API, over real HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

HEADERS = {"Version": "2021-07-28", "Authorization": "Bearer pit-secret"}


def ask(one: Any, method: str = "GET", path: str = "/contacts/x") -> httpx.Response:
    return httpx.request(method, one.url + path, headers=HEADERS)


@pytest.fixture
def one(simulator: Any) -> Any:
    return simulator()


def test_it_is_neither_counted_nor_limited_nor_late(simulator: Any) -> None:
    one = simulator(latency={"kind": "constant", "ms": 600_000}, limits={"per_window": 1})
    for _ in range(3):
        assert one.report()["arrivals"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("GET", "report?place=loc1", None, "place: no such field"),
        ("GET", "arrivals?after=x", None, "after: "),
        ("GET", "contacts", None, "location: Field required"),
        ("GET", "contacts?location=nowhere", None, "location: there is no location nowhere"),
        ("POST", "contacts", {"location": "loc1", "contacts": [{"email": "a"}]},
         "contacts.0.email: no such field"),
        ("POST", "faults", {"kind": "fire"}, "kind: "),
        ("POST", "faults", {"kind": "drop", "often": 3}, "often: no such field"),
        ("POST", "settings", {"limits": {"per_windw": 3}}, "limits.per_windw: no such field"),
        ("POST", "settings", [], "config: must be an object"),
        ("POST", "strangers", {"location": "loc1"}, "calls: Field required"),
        ("POST", "reset", {"all": True}, "all: no such field"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_named(one: Any, method: str, path: str, body: Any, said: str) -> None:
    answer = httpx.request(method, f"{one.url}/_simulator/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(said)


def test_what_is_no_json(one: Any) -> None:
    for path in ("settings", "faults"):
        answer = httpx.post(f"{one.url}/_simulator/{path}", content=b"{")
        assert answer.status_code == 400


def test_switches_change_on_the_way(one: Any) -> None:
    assert one.settings(limits={"per_window": 1})["limits"]["per_window"] == 1
    assert [ask(one).status_code for _ in range(2)] == [400, 429]
    one.settings(limits={"retry_after": "seconds"})
    assert ask(one).headers["retry-after"] == "10"


def test_a_token_can_be_taken_away(one: Any) -> None:
    one.settings(tokens=[])
    assert ask(one).status_code == 401


def test_faults_come_and_go(one: Any) -> None:
    number = one.fault("error", status=500)
    other = one.fault("html")
    assert ask(one).status_code == 500
    one.clear_faults(number)
    assert ask(one).headers["content-type"].startswith("text/html")
    one.clear_faults(other)
    assert ask(one).status_code == 400


def test_faults_of_the_config_and_other_switches(simulator: Any) -> None:
    one = simulator(faults=[{"kind": "error", "status": 500}])
    one.settings(limits={"per_window": 7})
    assert ask(one).status_code == 500
    one.settings(faults=[])
    assert ask(one).status_code == 400


def test_a_burst_of_strangers(one: Any) -> None:
    ask(one)
    assert one.strangers("loc1", 98) == [98]
    assert [ask(one).status_code for _ in range(2)] == [400, 429]
    assert one.report("loc1")["foreign"] == 98


def test_seeding_asking_and_deleting(one: Any) -> None:
    ids = one.seed("loc1", {"values": {"email": "a@example.org"}}, {"values": {"firstName": "B"}})
    assert [contact["id"] for contact in one.contacts("loc1")] == ids
    assert one.delete("loc1", ids[:1]) == 1
    assert [contact["id"] for contact in one.contacts("loc1")] == ids[1:]
    assert one.delete("loc1") == 1


def test_reset_forgets_what_it_is_told_to(one: Any) -> None:
    def state() -> tuple[int, int]:
        report = one.report()
        return report["arrivals"], report["contacts"]

    one.seed("loc1", {"values": {"email": "a@example.org"}})
    one.fault("error", status=500)
    ask(one)
    assert state() == (1, 1)

    one.reset(contacts=False, faults=False)
    assert state() == (0, 1)
    assert ask(one).status_code == 500

    one.reset()
    assert state() == (0, 0)
    assert ask(one).status_code == 400
    assert [row["number"] for row in one.arrivals()] == [0]


def test_the_log_goes_on_from_a_number(one: Any) -> None:
    for _ in range(3):
        ask(one)
    assert [row["number"] for row in one.arrivals(after=1)] == [1, 2]
    assert one.arrivals("elsewhere") == []
