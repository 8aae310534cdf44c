"""Connections kept at hand are used again, and a broken one is nobody's trouble."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import redis
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool
from redis.retry import Retry

from worker.crm.redis_line import KEPT, Line

pytestmark = pytest.mark.redis


class Moving(ConnectionPool):
    """As the pool behind Sentinel: after a fail-over it owns none of its older connections."""

    has_moved = False

    def owns_connection(self, connection: Connection) -> bool:
        return not self.has_moved and super().owns_connection(connection)


@pytest.fixture
def client(redis_server: str) -> Iterator[redis.Redis]:
    pool = Moving.from_url(redis_server, retry=Retry(NoBackoff(), 0))
    with redis.Redis(connection_pool=pool) as made:
        made.flushall()
        yield made
    pool.disconnect()


def names(client: redis.Redis) -> set[str]:
    """Who is connected: the ids of the server's clients."""
    return {one["id"] for one in client.client_list()}


def test_a_connection_is_used_again(client: redis.Redis) -> None:
    line = Line(client)

    ids = {line.send("CLIENT", "ID") for _ in range(5)}

    assert len(ids) == 1


def test_threads_that_ask_at_once_have_connections_of_their_own(client: redis.Redis) -> None:
    line = Line(client)

    with ThreadPoolExecutor(8) as pool:
        sums = list(pool.map(lambda _: line.send("INCR", "sum"), range(400)))

    assert sorted(sums) == list(range(1, 401))


def test_no_more_are_kept_than_a_pool_can_spare(client: redis.Redis) -> None:
    line, other = Line(client), Line(client)
    together = Barrier(2 * KEPT)

    def hold(_: int) -> None:
        together.wait()
        line.send("BLPOP", "nothing", 0.01)

    with ThreadPoolExecutor(2 * KEPT) as pool:
        list(pool.map(hold, range(2 * KEPT)))
    before = names(client)
    for _ in range(2 * KEPT):
        other.send("PING")

    assert len(before) > KEPT
    assert names(client) == before  # one of those that were given back


def test_what_was_kept_goes_back_with_its_owner(client: redis.Redis) -> None:
    ids = set()
    for _ in range(3):
        line = Line(client)
        ids.add(line.send("CLIENT", "ID"))
        del line

    assert len(ids) == 1


def test_one_that_was_closed_while_it_lay_idle_connects_anew(client: redis.Redis) -> None:
    line = Line(client)
    first = line.send("CLIENT", "ID")

    client.client_kill_filter(_id=first)

    assert line.send("CLIENT", "ID") != first


def test_an_error_that_the_server_answers_breaks_nothing(client: redis.Redis) -> None:
    line = Line(client)
    first = line.send("CLIENT", "ID")

    with pytest.raises(redis.ResponseError):
        line.send("EVALSHA", "0" * 40, 0)

    assert line.send("CLIENT", "ID") == first


def test_after_a_fail_over_the_older_connections_are_let_go(client: redis.Redis) -> None:
    line = Line(client)
    first = line.send("CLIENT", "ID")

    client.connection_pool.has_moved = True

    assert line.send("CLIENT", "ID") != first
    assert str(first) not in names(client)


def test_a_server_that_is_gone_is_a_redis_error() -> None:
    nobody = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))

    with pytest.raises(redis.ConnectionError):
        Line(nobody).send("PING")
