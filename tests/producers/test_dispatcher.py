"""Ledger to Redis: ids only, into the lane's queue, and nothing is left lying between the two."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kombu.pools
import pytest
import redis

from contacts import belt, parcels
from contacts.contact import Person
from contacts.errors import UsageError
from contacts.jobs import Kind, Lane, Ticket, Wish
from contacts.settings import Settings
from contacts.store import ledger, ledger_view, processes, roster
from contacts.store.database import DatabaseDown, Store
from producers import dispatcher as module
from producers.bell import Bell
from producers.dispatcher import Dispatcher, open_dispatcher

HERE = "loc_1"
GIVE_UP_S = 20


@pytest.fixture
def new_dispatcher(
    store: Store, store_url: str, tmp_path: Path
) -> Iterator[Callable[[str], Dispatcher]]:
    """Makes dispatchers over the store, with its clock."""
    made: list[Dispatcher] = []

    def make(redis_url: str) -> Dispatcher:
        settings = Settings(
            home=tmp_path, database_url=store_url, redis_url=redis_url, in_flight=1000
        )
        one = open_dispatcher(settings)
        one.store.close()
        one.store, one.clock = store, store.clock
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()
    kombu.pools.reset()


@pytest.fixture
def dispatcher(new_dispatcher: Callable[[str], Dispatcher], redis_server: str) -> Dispatcher:
    """A dispatcher with an empty Redis."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushdb()
    return new_dispatcher(redis_server)


def put(store: Store, *contacts: int, lane: Lane = Lane.BULK) -> None:
    wishes = [Wish(Kind.PUSH, HERE, contact, lane=lane) for contact in contacts]
    with store.write() as tx:
        ledger.put(tx, wishes, now=store.clock())


def workers(store: Store, threads: int) -> None:
    processes.beat(store, "worker@here:1", "worker", threads)


def messages(one: Dispatcher, queue: str) -> list[dict[str, Any]]:
    """What lies in a queue, the next one to be taken first."""
    return [json.loads(raw) for raw in reversed(one.redis.lrange(queue, 0, -1))]


def kwargs(message: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(base64.b64decode(message["body"]))[1])


def until(condition: Callable[[], Any]) -> None:
    give_up = time.monotonic() + GIVE_UP_S
    while not condition():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.02)


# ---------------------------------------------------------------- what is published


def test_it_looks_often_until_nothing_was_handed_over_for_a_while(
    dispatcher: Dispatcher, clock: Any
) -> None:
    assert dispatcher.pause(0) == module.IDLE_S
    assert dispatcher.pause(1) == module.TICK_S
    clock.tick(module.BUSY_S - 0.1)
    assert dispatcher.pause(0) == module.TICK_S
    clock.tick(0.1)
    assert dispatcher.pause(0) == module.IDLE_S


def test_a_released_job_lies_in_its_lanes_queue_as_ids_only(
    dispatcher: Dispatcher, store: Store
) -> None:
    workers(store, 32)
    person = Person({"email": "ada@secret.example", "name": "Ada Lovelace"}, notes=("private",))
    with store.write() as tx:
        (ada,) = roster.upsert(tx, HERE, [person], now=store.clock())
        ledger.put(tx, [Wish(Kind.PUSH, HERE, ada.contact)], now=store.clock())
        ledger.put(tx, [Wish(Kind.NOTE, HERE, 2, 7, Lane.LIVE)], now=store.clock())
        ledger.put(tx, [Wish(Kind.FIELDS, HERE, lane=Lane.SWEEP)], now=store.clock())
    assert dispatcher.step() == 3
    found = {}
    for queue in belt.QUEUES:
        (message,) = messages(dispatcher, queue)
        assert message["headers"]["eta"] is None
        assert message["headers"]["expires"] is None
        found[queue] = message["headers"]["task"], kwargs(message)
    assert found["bulk"] == (
        "contact.push",
        {"job": 1, "release": 1, "location": HERE, "contact": ada.contact, "lane": "bulk"},
    )
    assert found["live"][0] == "contact.note"
    assert found["sweep"][0] == "location.fields"
    raw = b"".join(b"".join(dispatcher.redis.lrange(queue, 0, -1)) for queue in belt.QUEUES)
    bodies = [message["body"] for queue in belt.QUEUES for message in messages(dispatcher, queue)]
    raw += b"".join(map(base64.b64decode, bodies))
    assert b"contact.push" in raw
    assert not any(secret in raw for secret in (b"ada@", b"Ada", b"Lovelace", b"private"))


def test_the_messages_name_is_the_job_and_its_release(dispatcher: Dispatcher, store: Store) -> None:
    workers(store, 32)
    put(store, 5, 6)
    dispatcher.step()
    assert [message["headers"]["id"] for message in messages(dispatcher, "bulk")] == ["1.1", "2.1"]
    assert dispatcher.step() == 0


def test_with_no_worker_nothing_is_released(dispatcher: Dispatcher, store: Store) -> None:
    put(store, 1, 2, 3)
    assert dispatcher.step() == 0
    assert not dispatcher.redis.exists(*belt.QUEUES)
    assert ledger_view.counts(store).waiting == 3
    workers(store, 4)
    assert dispatcher.step() == 3


def test_workers_that_fell_silent_get_nothing_more(dispatcher: Dispatcher, store: Store) -> None:
    workers(store, 4)
    dispatcher.step()
    store.clock.tick(processes.ALIVE_S + 1)
    put(store, 1)
    assert dispatcher.step() == 0


def test_bulk_leaves_room_for_live(dispatcher: Dispatcher, store: Store) -> None:
    workers(store, 8)
    put(store, *range(1, 51))
    assert dispatcher.step() == 8 * module.BULK_SHARE * parcels.MOST
    assert len(messages(dispatcher, "bulk")) == 8 * module.BULK_SHARE
    put(store, 101, 102, 103, lane=Lane.LIVE)
    assert dispatcher.step() == 3
    assert len(messages(dispatcher, "live")) == 3
    assert dispatcher.step() == 0


def test_one_worker_with_one_thread_gets_bulk_as_well(dispatcher: Dispatcher, store: Store) -> None:
    workers(store, 1)
    put(store, 1, 2)
    assert dispatcher.step() == 2
    (message,) = messages(dispatcher, "bulk")
    assert message["headers"]["id"] == "1.1+1"
    assert kwargs(message) == {"jobs": [[1, 1, 1], [2, 1, 2]], "location": HERE, "lane": "bulk"}
    assert message["headers"]["kwargsrepr"] == repr(kwargs(message)), "as Flower shows them"


def test_a_location_holds_no_more_than_its_share(
    new_dispatcher: Callable[[str], Dispatcher], redis_server: str, store: Store
) -> None:
    one = new_dispatcher(redis_server)
    one.redis.flushdb()
    one.in_flight = 2
    workers(store, 32)
    put(store, 1, 2, 3, 4)
    assert [one.step(), one.step()] == [2, 0]


# ---------------------------------------------------------------- a Redis that goes


def test_a_redis_that_was_emptied_gets_the_unclaimed_jobs_anew(
    new_dispatcher: Callable[[str], Dispatcher], new_redis: Callable[[], Any], store: Store
) -> None:
    server = new_redis()
    server.start(append_only=False)
    one = new_dispatcher(server.url)
    workers(store, 32)
    put(store, 1, 2)
    assert one.step() == 2
    claimed = Ticket(1, 1, Kind.PUSH, HERE, 1, Lane.BULK)
    assert ledger.claim(store, claimed, worker="w", lease_s=60) is not None
    server.kill()
    with pytest.raises(redis.RedisError):
        one.step()
    server.start(append_only=False)
    until(lambda: _step(one) is not None)
    assert [message["headers"]["id"] for message in messages(one, "bulk")] == ["2.2"]
    late = Ticket(2, 1, Kind.PUSH, HERE, 2, Lane.BULK)
    assert ledger.claim(store, late, worker="w", lease_s=60) is None


def _step(one: Dispatcher) -> int | None:
    """A connection that Redis's end has broken is found out at its next use."""
    try:
        return one.step()
    except redis.RedisError:
        return None


def test_the_same_redis_is_asked_to_take_nothing_twice(
    dispatcher: Dispatcher, store: Store
) -> None:
    workers(store, 32)
    put(store, 1)
    assert [dispatcher.step(), dispatcher.step(), dispatcher.step()] == [1, 0, 0]


def test_what_cannot_be_published_is_withdrawn(
    new_dispatcher: Callable[[str], Dispatcher], new_redis: Callable[[], Any], store: Store
) -> None:
    gone = new_redis()
    gone.start(append_only=False)
    one = new_dispatcher(gone.url)
    workers(store, 32)
    one.notice_restart()
    one.duties()
    put(store, 1, 2, 3)
    packed = ledger.release_packed(store, room=10, limit=10, threads=2, lease_s=30)
    assert [len(parcel) for parcel in packed] == [2, 1]
    gone.kill()
    with pytest.raises(redis.ConnectionError):
        one.publish(packed)
    counts = ledger_view.counts(store)
    assert (counts.waiting, counts.released, counts.retried) == (3, 0, 0)


# ---------------------------------------------------------------- the bell, and the loop


def test_the_bell_wakes_it_and_a_ring_before_is_not_lost(
    dispatcher: Dispatcher, redis_server: str
) -> None:
    bell = Bell(redis_server)
    sleeper = threading.Thread(target=dispatcher.wait, args=(4.0 * GIVE_UP_S,))
    dispatcher.redis.connection_pool.connection_kwargs["socket_timeout"] = None
    bell.ring()
    sleeper.start()
    sleeper.join(GIVE_UP_S)
    assert not sleeper.is_alive()
    again = threading.Thread(target=dispatcher.wait, args=(4.0 * GIVE_UP_S,))
    again.start()
    until(lambda: any(c["cmd"] == "blpop" for c in dispatcher.redis.client_list()))
    bell.ring()
    again.join(GIVE_UP_S)
    assert not again.is_alive()
    bell.close()


def test_it_outlives_a_redis_that_goes_and_stops_when_it_is_told(
    new_dispatcher: Callable[[str], Dispatcher], new_redis: Callable[[], Any], store: Store
) -> None:
    server = new_redis()
    server.start()
    one = new_dispatcher(server.url)
    loop = threading.Thread(target=one.run)
    loop.start()
    try:
        until(lambda: [p.kind for p in processes.living(store)] == ["dispatcher"])
        server.kill()
        put(store, 1)
        workers(store, 32)
        server.start()
        until(lambda: ledger_view.counts(store).released == 1)
    finally:
        one.stopping.set()
        loop.join(GIVE_UP_S)
    assert not loop.is_alive()
    assert [p.kind for p in processes.living(store)] == ["worker"]


class Away(Store):
    """A database that is away at the first few questions."""

    def __init__(self, store: Store, times: int) -> None:
        self.__dict__ = store.__dict__
        self.times = times

    def write(self) -> Any:
        self.times -= 1
        if self.times >= 0:
            raise DatabaseDown("gone")
        return super().write()


def test_it_outlives_a_database_that_goes(dispatcher: Dispatcher, store: Store) -> None:
    workers(store, 32)
    put(store, 1)
    dispatcher.store = Away(store, 2)
    loop = threading.Thread(target=dispatcher.run)
    loop.start()
    try:
        until(lambda: ledger_view.counts(store).released == 1)
    finally:
        dispatcher.stopping.set()
        loop.join(GIVE_UP_S)
    assert not loop.is_alive()


# ---------------------------------------------------------------- its front door


def test_a_persons_mistake_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert module.main() == 2
    monkeypatch.setenv("ROLLBOOK_REDIS_URL", "redis://127.0.0.1:1/0")
    assert module.main() == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "set ROLLBOOK_REDIS_URL" in lines[0]
    assert "the database is empty: run `rollbook migrate`" in lines[1]


def test_a_database_that_is_away_at_the_start_is_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLLBOOK_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("ROLLBOOK_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/x")
    assert module.main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "the database does not answer" in line
    assert "secret" not in line


def test_without_a_redis_there_is_no_dispatcher(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Redis: set ROLLBOOK_REDIS_URL"):
        open_dispatcher(Settings(home=tmp_path))
