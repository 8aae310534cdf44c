"""What `rollbook doctor` looks at in this house: settings, key, database, Redis, clocks, processes,
webhooks. Each check is a line: it is well, or what is wrong and what mends it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from contacts.errors import UsageError

if TYPE_CHECKING:
    from redis import Redis

    from contacts.settings import Settings
    from contacts.store.database import Store
    from producers.cli.door import Door

SKEW_S: Final = 2.0
"""Clocks that differ by more are told: logs of two machines would be hard to read together."""

ALL_MEMORY: Final = "noeviction"

VALUES: Final = 2000
"""Encrypted values of each column that are tried, at some 30 µs each."""


class State(StrEnum):
    """How something stands."""

    OK = "ok"
    NOTE = "note"
    """Nothing fails for it, and it is good to know."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Line:
    """One check.

    Attributes:
        name: of what was looked at.
        said: what was found.
        mend: the command that mends it, or what to do; "": nothing need be.
        place: the location; "": this house.
    """

    name: str
    state: State
    said: str
    mend: str = ""
    place: str = ""

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def ok(name: str, said: str) -> Line:
    """It is well."""
    return Line(name, State.OK, said)


def note(name: str, said: str, mend: str = "") -> Line:
    """It is good to know."""
    return Line(name, State.NOTE, said, mend)


def wrong(name: str, said: str, mend: str = "") -> Line:
    """It is not as it has to be."""
    return Line(name, State.WRONG, said, mend)


def sentences(name: str, error: UsageError) -> list[Line]:
    """A mistake of the person's: its lines say what to do."""
    return [wrong(name, line) for line in str(error).splitlines()]


# ---------------------------------------------------------------- settings and key


def settings(loaded: Settings) -> Iterator[Line]:
    """What is set, and what deserves a second look."""
    given = len(loaded.model_fields_set)
    yield ok("settings", f"{given} set, {len(type(loaded).model_fields) - given} as they come")
    if loaded.read_only:
        yield note(
            "read-only",
            "nothing is written to the CRM; what is owed to it waits",
            "set ROLLBOOK_READ_ONLY=false and restart, to let it go out",
        )
    if loaded.crm_url.startswith("http:") and "127.0.0.1" not in loaded.crm_url:
        yield wrong("settings", "ROLLBOOK_CRM_URL is http: tokens travel in the clear", "use https")
    if loaded.home.exists() and loaded.home.stat().st_mode & 0o077:
        home = loaded.home.absolute()
        yield wrong(
            "home", f"other users of this machine can look into {home}", f"chmod 700 {home}"
        )
    env = Path(".env")
    if env.exists() and env.stat().st_mode & 0o044:
        yield note(".env", "other users of this machine can read it", "chmod 600 .env")


def key(door: Door) -> Iterator[Line]:
    """Whether what is encrypted in the database can be read."""
    from contacts.store import keyring
    from contacts.store.cipher import key_file

    source = "ROLLBOOK_SECRET_KEY" if door.settings.secret_key else str(key_file(door.settings))
    tally = keyring.tally(door.store, door.cipher, most=VALUES)
    if unknown := tally[keyring.UNKNOWN]:
        yield wrong(
            "key",
            f"{unknown} of {sum(tally.values())} encrypted values have another key than {source}",
            "rollbook keys",
        )
    elif old := sum(tally.values()) - tally[0]:
        yield note("key", f"{old} values still have an old key", "rollbook keys rotate")
    else:
        yield ok("key", f"{source}: it reads what is encrypted in the database")
    file = key_file(door.settings)
    if file.exists() and file.stat().st_mode & 0o077:
        yield wrong("key", f"{file} can be read by others", f"chmod 600 {file}")


# ---------------------------------------------------------------- Redis


def redis(loaded: Settings) -> Iterator[Line]:
    """Whether it answers, keeps what it is given, and tells the same time."""
    import redis as client

    from contacts import redis_client
    from producers.cli import alive

    if loaded.redis is None:
        yield wrong("redis", "none is known", "rollbook up (it brings one), or ROLLBOOK_REDIS_URL")
        return
    try:
        with redis_client.connect(
            loaded.redis, timeout_s=alive.ANSWER_S, connect_s=alive.ANSWER_S, tries=1
        ) as connection:
            found = _info(connection)
            seconds = _offset(lambda: _redis_time(connection), time.time)
    except UsageError as error:
        yield from sentences("redis", error)
        return
    except (client.RedisError, OSError) as error:
        what = redis_client.trouble(error, loaded.redis)
        mend = "start it; nothing is lost: docs/operations.md" if "does not answer" in what else ""
        yield wrong("redis", what, mend)
        return
    yield from _kept(found)
    yield _clock("Redis", seconds)


def _info(connection: Redis) -> dict[str, Any]:
    return {
        name: value
        for section in ("server", "memory", "persistence")
        for name, value in dict(connection.info(section)).items()
    }


def _redis_time(connection: Redis) -> float:
    seconds, micros = connection.time()
    return float(seconds) + float(micros) / 1e6


def _kept(found: Mapping[str, Any]) -> Iterator[Line]:
    name = "valkey" if "valkey_version" in found else "redis"
    version = found.get("valkey_version") or found.get("redis_version", "?")
    policy = str(found.get("maxmemory_policy", ALL_MEMORY))
    mend = "set maxmemory-policy noeviction in its configuration"
    if policy != ALL_MEMORY and found.get("maxmemory"):
        yield wrong("redis", f"it drops keys when it is full ({policy}), messages too", mend)
    elif policy != ALL_MEMORY:
        yield note("redis", f"it would drop keys ({policy}) if maxmemory were set", mend)
    else:
        yield ok("redis", f"{name} {version} answers and drops nothing ({policy})")
    if "err" in (found.get("aof_last_write_status"), found.get("rdb_last_bgsave_status")):
        yield wrong("redis on disk", "its last write to disk failed", "is the disk full?")
    elif found.get("aof_enabled"):
        yield ok("redis on disk", "the append-only file is on")
    else:
        yield note(
            "redis on disk",
            "no append-only file: after a crash, work that lay there is handed out anew, late",
            "set appendonly yes",
        )


# ---------------------------------------------------------------- clocks


def database(store: Store) -> Iterator[Line]:
    """Where it is, and whether it tells the same time; it was opened, so it is migrated."""
    from contacts.store import checks
    from contacts.store.migrations import HEAD

    kind = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[store.engine.dialect.name]
    yield ok("database", f"{kind} answers, its tables are at version {HEAD}")
    if checks.database_time(store) is not None:
        yield _clock("the database", _offset(lambda: checks.database_time(store) or 0.0, time.time))


def _offset(theirs: Callable[[], float], ours: Callable[[], float]) -> float:
    """How far their clock is before ours, seconds; half of the way there is taken off."""
    before = ours()
    there = theirs()
    return there - (before + ours()) / 2


def _clock(whose: str, seconds: float) -> Line:
    if abs(seconds) <= SKEW_S:
        return ok("clock", f"the same here and at {whose}, to {abs(seconds):.1f} s")
    word = "ahead of" if seconds > 0 else "behind"
    said = f"{whose}'s is {abs(seconds):.0f} s {word} ours: times in our logs are off, nothing else"
    return note("clock", said, "let both run NTP")


# ---------------------------------------------------------------- processes


def processes(store: Store) -> Iterator[Line]:
    """Who is alive."""
    from producers.cli import alive

    living = alive.living(store)
    kinds = {one.kind for one in living}
    slots = sum(one.slots for one in living)
    if kinds >= set(alive.PROCESSES):
        names = ", ".join(sorted(kinds))
        yield ok("processes", f"{names} live, {slots} threads")
    elif not kinds:
        yield wrong("processes", "none is alive", "rollbook up")
    else:
        for kind in alive.PROCESSES:
            if kind not in kinds:
                yield wrong("processes", f"no {kind} is alive", f"rollbook {kind}")


def jobs(store: Store) -> Iterator[Line]:
    """What needs a person."""
    from contacts.store import ledger_view
    from producers.cli.words import count

    parked = sum(n for _, n, _ in ledger_view.parked_reasons(store))
    if parked:
        needs = count(parked, "parked job needs", "parked jobs need")
        yield note("jobs", f"{needs} a person", "rollbook parked")
    else:
        yield ok("jobs", "none is parked")


# ---------------------------------------------------------------- webhooks


def webhooks(loaded: Settings, store: Store) -> Iterator[Line]:
    """With which keys they are verified, whether one came, and whether one can."""
    from contacts import public_keys
    from contacts.store import inbox
    from producers.cli import alive
    from producers.cli.words import ago

    # That they are keys at all, the settings have checked.
    own = loaded.webhook_key != public_keys.CURRENT
    said = "a key of your own" if own else "the CRM's published key"
    if loaded.webhook_older_signature:
        yield note(
            "webhook keys",
            f"{said}, and the older signature too, which the CRM was to end on 2026-09-01",
            "set ROLLBOOK_WEBHOOK_OLDER_SIGNATURE=false, if webhooks still come in then",
        )
    else:
        yield ok("webhook keys", said)
    last = max((one.last_at for one in inbox.tallies(store)), default=None)
    if last is not None:
        yield ok("webhooks", f"the last one came {ago(last, store.clock())}")
    else:
        yield note("webhooks", "none in seven days: changes come late", "see docs/webhooks.md")
    if trouble := alive.receiver_trouble(loaded):
        yield note("receiver", f"{trouble}; is it on another machine?", "rollbook receiver")
