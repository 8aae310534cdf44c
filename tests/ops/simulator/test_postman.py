"""The sender of webhooks, with a receiver over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

HEADERS = {"Version": "2021-07-28", "Authorization": "Bearer pit-secret"}


class Receiver(ThreadingHTTPServer):
    """Keeps what comes, and answers with the statuses that it is told, then with 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Takes)
        self.statuses: list[int] = []
        self.answering = threading.Event()
        self.answering.set()
        self.came: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.arrived = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def wait(self, number: int) -> list[dict[str, Any]]:
        """The bodies, as soon as there are so many."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.came) >= number, timeout=20)
            return [body for body, _ in self.came]

    def headers(self, name: str) -> list[str | None]:
        """A header of all that came."""
        return [headers.get(name) for _, headers in self.came]


class _Takes(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.arrived:
            self.server.came.append((json.loads(raw), headers))
            status = self.server.statuses.pop(0) if self.server.statuses else 200
            self.server.arrived.notify_all()
        self.server.answering.wait()
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who takes webhooks."""
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.answering.set()
        server.shutdown()


def create(one: Any, **values: Any) -> None:
    body = {"locationId": "loc1", **values}
    assert httpx.post(f"{one.url}/contacts/", headers=HEADERS, json=body).status_code == 201


def test_it_comes_again_until_it_is_taken(  # guide 2026
    simulator: Any, receiver: Receiver
) -> None:
    receiver.statuses = [500, 429, 404]
    one = simulator(webhooks={"url": receiver.url, "profile": "2026", "time_scale": 0})
    create(one, name="Ada")
    came = receiver.wait(4)
    assert len({body["webhookId"] for body in came}) == 1


def test_in_2025_a_500_is_lost(simulator: Any, receiver: Receiver) -> None:  # guide 2025; #257
    receiver.statuses = [500, 200]
    one = simulator(webhooks={"url": receiver.url, "profile": "2025", "time_scale": 0})
    create(one, name="Ada")
    create(one, name="Grace")
    came = receiver.wait(2)
    assert {body["firstName"] for body in came} == {"Ada", "Grace"}
    settled(one)
    assert one.webhooks()["counts"].get("500") == 1


def test_a_retry_can_have_an_id_of_its_own(simulator: Any, receiver: Receiver) -> None:
    # neither is published; a header that stays the same is told of, without its name
    receiver.statuses = [500]
    one = simulator(
        webhooks={
            "url": receiver.url, "profile": "2026", "time_scale": 0, "new_id_on_retry": True,
            "delivery_header": "x-delivery-id",
        }
    )  # fmt: skip
    create(one, name="Ada")
    came = receiver.wait(2)
    assert len({body["webhookId"] for body in came}) == 2
    assert len(set(receiver.headers("x-delivery-id"))) == 1
    assert receiver.headers("x-delivery-id") != [None, None]


def test_properties_can_be_missing(simulator: Any, receiver: Receiver) -> None:  # 332, 312
    omits = ["tags", "NoteCreate.contactId"]
    one = simulator(webhooks={"url": receiver.url, "omits": omits})
    one.seed("loc1", {"values": {"firstName": "Ada"}, "notes": ["hello"]})
    came = {body["type"]: body for body in receiver.wait(2)}
    assert "tags" not in came["ContactCreate"]
    assert "contactId" not in came["NoteCreate"]


def test_one_s_own_changes_can_go_untold(simulator: Any, receiver: Receiver) -> None:
    one = simulator(webhooks={"url": receiver.url, "own_changes": False})  # not published
    create(one, name="Ada")
    one.seed("loc1", {"values": {"firstName": "Grace"}})
    assert [body["firstName"] for body in receiver.wait(1)] == ["Grace"]
    assert one.webhooks()["counts"]["made"] == 1


def test_which_changes_are_told_is_a_switch(simulator: Any, receiver: Receiver) -> None:
    one = simulator(webhooks={"url": receiver.url, "update_fields": ["city"]})  # "specific fields"
    (id,) = one.seed("loc1", {"values": {"firstName": "Ada"}})
    one.seed("loc1", {"id": id, "values": {"website": "https://example.org"}})
    one.seed("loc1", {"id": id, "values": {"city": "Oslo"}})
    receiver.wait(2)
    assert one.webhooks()["counts"]["made"] == 2


def test_both_signatures_and_both_keys(simulator: Any, receiver: Receiver) -> None:
    one = simulator(webhooks={"url": receiver.url, "signature": "both"})
    create(one, name="Ada")
    receiver.wait(1)
    assert all(receiver.headers(name)[0] for name in ("x-ghl-signature", "x-wh-signature"))
    assert "BEGIN PUBLIC KEY" in one.webhooks()["legacy_public_key"]


def test_a_workflow_s_own_action_is_plain(  # integrators' measurements 2026-08
    simulator: Any, receiver: Receiver
) -> None:
    one = simulator(webhooks={"url": receiver.url})
    httpx.post(f"{one.url}/_simulator/webhooks/plain", json={"contact_id": "c1"})
    assert receiver.wait(1) == [{"contact_id": "c1"}]
    assert receiver.headers("x-ghl-signature") == [None]
    assert receiver.headers("user-agent") == ["axios/0.21.4"]


def test_a_person_sends_one_again(simulator: Any, receiver: Receiver) -> None:  # guide 2026
    one = simulator(webhooks={"url": receiver.url})
    create(one, name="Ada")
    (first,) = receiver.wait(1)
    one.resend(first["webhookId"])
    assert receiver.wait(2) == [first, first]
    with pytest.raises(ValueError, match="no webhook other"):
        one.resend("other")


def test_a_paused_address_gets_nothing_until_somebody_enables_it(  # guide 2026
    simulator: Any, receiver: Receiver, clock: Any
) -> None:
    receiver.statuses = [500] * 4
    breaker = {"on": True, "least": 1, "days": 1}
    hooks = {"url": receiver.url, "retries": 0, "breaker": breaker}
    one = simulator(clock=clock, webhooks=hooks)
    for day in range(2):
        for name in ("Ada", "Grace"):
            one.seed("loc1", {"values": {"firstName": name}})
        receiver.wait(2 * day + 2)
        settled(one)
        clock.tick(86_401)

    one.seed("loc1", {"values": {"firstName": "Lost"}})
    assert one.webhooks()["breaker"] == "paused"
    assert one.webhooks()["counts"]["paused"] == 1

    one.enable_webhooks()
    one.seed("loc1", {"values": {"firstName": "Here"}})
    assert receiver.wait(5)[-1]["firstName"] == "Here"


def settled(one: Any) -> None:
    """Wait until nothing is under way."""
    while one.webhooks()["counts"]["under_way"]:
        pass


def test_one_comes_twice_and_another_never(simulator: Any, receiver: Receiver) -> None:
    one = simulator(webhooks={"url": receiver.url, "double_chance": 1})
    create(one, name="Ada")
    first, second = receiver.wait(2)
    assert first == second
    one.settings(webhooks={"drop_chance": 1})
    create(one, name="Lost")
    assert one.webhooks()["counts"]["dropped"] == 1


def test_they_overtake_each_other(simulator: Any, receiver: Receiver) -> None:
    one = simulator(webhooks={"url": receiver.url, "low_ms": 0, "high_ms": 60}, seed=3)
    one.seed("loc1", *({"values": {"firstName": str(n)}} for n in range(9)))
    came = [body["firstName"] for body in receiver.wait(9)]
    assert sorted(came) == [str(n) for n in range(9)]
    assert came != sorted(came)


def test_an_answer_that_takes_too_long_is_none(  # not published: how long it may take
    simulator: Any, receiver: Receiver
) -> None:
    receiver.answering.clear()
    hooks = {"url": receiver.url, "timeout_s": 0.05, "profile": "2026", "time_scale": 0}
    one = simulator(webhooks=hooks)
    create(one, name="Ada")
    receiver.wait(2)
    assert one.webhooks()["counts"]["0"] >= 1
