"""Real servers named by a person: a database of our own there, and no Redis that holds data."""

from __future__ import annotations

import psycopg
import pytest
import redis

from contacts.errors import UsageError
from ops.bench import servers


def names(url: str) -> set[str]:
    with psycopg.connect(url) as admin:
        return {name for (name,) in admin.execute("SELECT datname FROM pg_database")}


@pytest.mark.postgres
def test_database_is_made_and_dropped(postgres_url: str) -> None:
    # Other tests make and drop databases there meanwhile, so only ours is looked for.
    with servers.database(postgres_url) as made:
        assert made is not None
        assert made.startswith("postgresql://")
        name = made.rpartition("/")[2]
        assert name in names(postgres_url)

    assert name not in names(postgres_url)


def test_no_server_named_is_no_server() -> None:
    with servers.database(None) as database, servers.broker(None) as broker:
        assert database is None
        assert broker is None


def test_postgres_that_does_not_answer_is_one_clear_line() -> None:
    with (
        pytest.raises(UsageError, match="--postgres"),
        servers.database("postgresql://u:secret@127.0.0.1:1/x"),
    ):
        pass


@pytest.mark.redis
def test_redis_with_somebodys_data_is_refused(redis_server: str) -> None:
    url = redis_server.removesuffix("/0") + "/5"
    with redis.Redis.from_url(url) as client:
        client.set("somebody", "1")
        with pytest.raises(UsageError, match="1 keys are there"), servers.broker(url):
            pass

        assert client.get("somebody") == b"1"
        client.flushdb()


@pytest.mark.redis
def test_redis_is_empty_afterwards(redis_server: str) -> None:
    url = redis_server.removesuffix("/0") + "/6"
    with redis.Redis.from_url(url) as client, servers.broker(url) as broker:
        assert broker == url
        client.lpush("bulk", "a job")

    with redis.Redis.from_url(url) as client:
        assert client.dbsize() == 0


def test_redis_that_does_not_answer_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match="--redis"), servers.broker("redis://127.0.0.1:1/0"):
        pass
