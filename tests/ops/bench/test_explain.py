"""The measurement of `rollbook explain` fills what it says and asks it, in small."""

from __future__ import annotations

from contacts.store import database, story, timeline
from contacts.store.database import Store
from ops.bench import explain


def test_a_filled_timeline_has_the_rows_that_were_asked_for(sqlite_url: str) -> None:
    figures = explain.measure("SQLite", sqlite_url, rows=400, asks=5)

    assert (figures.rows, figures.name) == (400, "SQLite")
    store = database.open_store(sqlite_url)
    assert len(entries(store, 1)) > len(entries(store, 2)) == explain.EACH
    store.close()


def test_a_story_has_its_jobs_and_calls(sqlite_store: Store) -> None:
    explain.fill(sqlite_store, people=4, rows=40)

    with sqlite_store.read() as tx:
        found = story.of(tx, 2, now=0.0)
    assert found is not None
    named = {entry.job for entry in found.entries if entry.job}
    assert named
    assert named == set(found.jobs) == set(found.calls)


def entries(store: Store, contact: int) -> list[timeline.Entry]:
    with store.read() as tx:
        return timeline.of(tx, contact, limit=10_000)
