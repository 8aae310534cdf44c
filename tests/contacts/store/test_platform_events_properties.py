"""However a platform repeats and shuffles its hooks, each event has happened once."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from contacts import platform_events as told
from contacts.platforms import Consequence, Event, Kind, Platform
from contacts.store import database, enrolments, platform_events, platforms
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.tables import contacts, locations, notes, tags
from contacts.store.tables import platform_events as table

KEY = b"Zm9yLWRvY3MtcGxlYXNlLW1ha2UtYS1uZXctb25lISE="
PLATFORM = Platform(
    Kind.COURSEHOST,
    "https://api.example.org",
    events={"enrolment": Consequence(("course: {course}",), ("Enrolled in {course}",))},
)
NOON = 1_800_014_400.0
"""Two hours before midnight, UTC."""

_EVENT = st.tuples(st.sampled_from("abc"), st.sampled_from(["bread", "water"]))
_HOOKS = st.lists(st.tuples(_EVENT, st.integers(0, 20 * 3600)), min_size=1, max_size=25)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with our tables, to be used again and again under new names."""
    file = tmp_path_factory.mktemp("events") / "rollbook.db"
    database.migrate(f"sqlite:///{file}")
    return file


_PLACES = itertools.count()


def hook(place: str, who: str, course: str, now: float) -> Any:
    body = {"email": f"{who}@example.org", "courseId": course, "courseTitle": course}
    return told.read(
        orjson.dumps(body), content_type="", type=Event.ENROLMENT, location=place, now=now
    )


@settings(max_examples=60)
@given(hooks=_HOOKS, batch=st.integers(1, 6))
def test_each_event_happens_once(empty: Path, hooks: list[Any], batch: int) -> None:
    """Within 20 hours, over midnight, in any order and in batches of any size."""
    place = f"loc{next(_PLACES)}"
    store = database.open_store(f"sqlite:///{empty}", clock=lambda: NOON)
    try:
        with store.write() as tx:
            tx.execute(locations.insert().values(id=place, country="US"))
            platforms.connect(tx, place, PLATFORM, secret=None, cipher=Cipher(KEY), now=0)
        ordered = sorted(hooks, key=lambda one: one[1])
        for start in range(0, len(ordered), batch):
            some = ordered[start : start + batch]
            now = NOON + some[-1][1]
            events = [one for (who, course), _ in some for one in hook(place, who, course, now)]
            with store.write() as tx:
                platform_events.receive(tx, events, now=now, country="US")

        assert state(store, place) == expected(hooks)
    finally:
        store.close()


def expected(hooks: list[Any]) -> dict[str, set[tuple[str, str]]]:
    pairs = {(f"{who}@example.org", course) for (who, course), _ in hooks}
    return {"courses": pairs, "notes": pairs, "tags": pairs, "events": pairs}


def state(store: Store, place: str) -> dict[str, set[tuple[str, str]]]:
    here = contacts.c.location == place
    found: dict[str, set[tuple[str, str]]] = {"courses": set()}
    with store.read() as tx:
        people = tx.execute(select(contacts.c.id, contacts.c.email).where(here)).all()
        for row in people:
            found["courses"] |= {(row.email, one.course) for one in enrolments.of(tx, row.id)}
        texts = select(contacts.c.email, notes.c.body).join(notes, notes.c.contact == contacts.c.id)
        rows = tx.execute(texts.where(here)).all()
        found["notes"] = {(row.email, row.body.removeprefix("Enrolled in ")) for row in rows}
        assert len(rows) == len(found["notes"])
        held = select(contacts.c.email, tags.c.tag).join(tags, tags.c.contact == contacts.c.id)
        found["tags"] = {
            (row.email, row.tag.removeprefix("course: ")) for row in tx.execute(held.where(here))
        }
        came = select(func.count()).select_from(table).where(table.c.location == place)
        assert tx.execute(came).scalar_one() == len(found["courses"])
        found["events"] = found["courses"]
    return found
