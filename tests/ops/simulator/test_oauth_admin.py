"""What people do with an app, and how the log of refreshes is asked, over real HTTP."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from ops.simulator.oauth_settings import App

APP = App()
TOKEN = "POST /oauth/token"


def asked(token: str) -> dict[str, str]:
    """The form of a refresh."""
    return {
        "client_id": APP.client_id, "client_secret": APP.client_secret,
        "grant_type": "refresh_token", "refresh_token": token,
    }  # fmt: skip


def refresh(one: Any, token: str) -> httpx.Response:
    return httpx.post(f"{one.url}/oauth/token", data=asked(token), timeout=30)


def read(one: Any, token: str) -> int:
    headers = {"Version": "2021-07-28", "Authorization": f"Bearer {token}"}
    return httpx.get(f"{one.url}/locations/loc1", headers=headers).status_code


@pytest.fixture
def one(simulator: Any) -> Any:
    return simulator()


def counts(one: Any, *names: str) -> list[int]:
    found = one.oauth()
    return [found[name] for name in names]


def test_an_installation_gives_a_code_or_tokens(one: Any) -> None:
    assert len(one.install("loc1")["code"]) == 40
    assert read(one, one.install("loc1", tokens=True)["access_token"]) == 200


def test_tokens_can_be_ended(one: Any) -> None:
    pair = one.install("loc1", tokens=True)

    assert one.expire("loc1") == 1

    assert read(one, pair["access_token"]) == 401
    assert refresh(one, pair["refresh_token"]).status_code == 200


def test_refresh_tokens_too(one: Any) -> None:
    pair = one.install("loc1", tokens=True)
    one.expire(refresh=True)
    assert refresh(one, pair["refresh_token"]).status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("install", {"location": "x"}, "location: there is no location x"),
        ("install", {"locations": ["x"]}, "location: there is no location x"),
        ("install", {"client_id": "x"}, "client_id: there is no app x"),
        ("uninstall", {"place": "x"}, "place: no such field"),
        ("expire", {"refresh": "perhaps"}, "refresh: "),
    ],
)
def test_a_wrong_word_is_named(one: Any, path: str, body: Any, said: str) -> None:
    answer = httpx.post(f"{one.url}/_simulator/oauth/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(said)


def test_an_answer_that_was_lost_is_told_from_a_needless_call(one: Any) -> None:
    pair = one.install("loc1", tokens=True)
    one.fault("drop", when="after", times=1, operations=[TOKEN])
    with pytest.raises(httpx.TransportError):
        refresh(one, pair["refresh_token"])

    new = refresh(one, pair["refresh_token"]).json()

    names = ("refresh_tokens", "refresh_calls", "refreshed", "unanswered", "repeated")
    assert counts(one, *names) == [1, 2, 1, 1, 0]
    refresh(one, pair["refresh_token"])
    assert counts(one, *names) == [1, 3, 1, 1, 1]
    assert one.oauth()["calls_per_token"] == {"3": 1}
    assert read(one, new["access_token"]) == 200


def test_a_call_that_failed_before_its_work_is_counted(one: Any) -> None:
    pair = one.install("loc1", tokens=True)
    one.fault("error", times=1, operations=[TOKEN])
    assert refresh(one, pair["refresh_token"]).status_code == 503
    assert refresh(one, pair["refresh_token"]).status_code == 200
    assert counts(one, "refresh_calls", "unanswered", "repeated") == [2, 1, 0]


@contextmanager
def hanging(one: Any, token: str) -> Iterator[None]:
    """A refresh whose answer does not come: its client waits until the end of the block."""
    one.fault("stall", when="before", stall_ms=60_000, times=1, operations=[TOKEN])
    form = urlencode(asked(token)).encode()
    address = urlsplit(one.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        head = f"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: {len(form)}\r\n"
        kind = "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        client.sendall((head + kind).encode() + form)
        until = time.monotonic() + 30
        while counts(one, "under_way") != [1]:
            assert time.monotonic() < until
        yield


def test_two_calls_at_once_are_seen(one: Any) -> None:
    token = one.install("loc1", tokens=True)["refresh_token"]
    with hanging(one, token):
        refresh(one, token)
        assert counts(one, "most_at_once", "under_way") == [2, 1]


def test_calls_one_after_the_other_are_one_at_once(one: Any) -> None:
    token = one.install("loc1", tokens=True)["refresh_token"]
    for _ in range(3):
        token = refresh(one, token).json()["refresh_token"]
    assert counts(one, "most_at_once", "refresh_tokens", "refreshed") == [1, 3, 3]


def test_a_call_whose_client_went_away_waits_no_more(one: Any) -> None:
    token = one.install("loc1", tokens=True)["refresh_token"]
    with hanging(one, token):
        pass
    refresh(one, token)
    assert counts(one, "most_at_once", "refresh_calls", "under_way") == [1, 2, 1]


def test_a_token_that_nobody_had_is_counted_apart(one: Any) -> None:
    assert refresh(one, "x").status_code == 400
    assert counts(one, "unknown", "refresh_calls") == [1, 0]


def test_places_are_told_apart(simulator: Any) -> None:
    one = simulator(locations=[{"id": "loc1"}, {"id": "loc2"}], tokens=[])
    for location in ("loc1", "loc2", "loc2"):
        refresh(one, one.install(location, tokens=True)["refresh_token"])
    found = {place["location"]: place["refresh_calls"] for place in one.oauth()["places"]}
    assert found == {"loc1": 1, "loc2": 2}


def test_the_report_shows_no_token(one: Any) -> None:
    pair = one.install("loc1", tokens=True)
    refresh(one, pair["refresh_token"])
    text = httpx.get(f"{one.url}/_simulator/oauth").text
    assert pair["refresh_token"] not in text
    assert pair["access_token"] not in text


def test_a_reset_forgets_the_log_but_not_the_installation(one: Any) -> None:
    pair = one.install("loc1", tokens=True)
    refresh(one, pair["refresh_token"])
    one.reset()
    assert counts(one, "refresh_calls") == [0]
    assert len(one.oauth()["installed"]) == 1


@pytest.fixture
def letters() -> Iterator[tuple[str, Queue[dict[str, Any]]]]:
    """An address for webhooks, and what came there."""
    came: Queue[dict[str, Any]] = Queue()

    class Box(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Box) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", came
        server.shutdown()
        thread.join()


def test_an_installation_is_told(simulator: Any, letters: Any) -> None:  # live capture, 2026-08-17
    url, came = letters
    one = simulator(webhooks={"url": url})

    one.install("loc1")

    told = came.get(timeout=10)
    assert len(told.pop("webhookId")) == 36
    assert told.pop("timestamp").endswith("Z")
    assert told == {
        "type": "INSTALL", "appId": APP.id, "versionId": APP.version_id,
        "installType": "Location", "locationId": "loc1", "companyId": "comp_simulator",
        "userId": "user_simulator", "companyName": "Simulated Agency",
        "isWhitelabelCompany": False, "whitelabelDetails": {"logoUrl": "", "domain": ""},
        "trial": {},
    }  # fmt: skip


def test_an_agencys_installation_is_told_of_each_location(simulator: Any, letters: Any) -> None:
    url, came = letters
    one = simulator(webhooks={"url": url}, oauth={"apps": [{"client_id": "other-app00000"}]})

    one.install()

    told = [came.get(timeout=10) for _ in range(2)]
    assert {each["appId"] for each in told} == {"other"}
    assert {(each["installType"], each.get("locationId")) for each in told} == {
        ("Company", None), ("Location", "loc1"),
    }  # fmt: skip


def test_taking_it_away_is_told(simulator: Any, letters: Any) -> None:
    url, came = letters
    one = simulator(webhooks={"url": url})
    one.install("loc1", webhook=False)

    assert one.uninstall("loc1")
    assert not one.uninstall("loc1")

    told = came.get(timeout=10)
    assert (told["type"], told["appId"], told["locationId"]) == ("UNINSTALL", APP.id, "loc1")
    assert came.empty()
