"""A school's table as its owner made it: keys and columns of every type."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from contacts.errors import GiveUp, TryAgain
from contacts.platforms import Feed
from contacts.store.school import School
from worker.platforms import pages

FEED = Feed(key="id", updated="changed_at", size=2, table="pupils")
NOW = 1_800_000_000.0


@pytest.fixture
def school(postgres_url: str) -> Iterator[Any]:
    """A table on PostgreSQL with a UUID for its key, a day, a number and a time without a zone."""
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url)
    meta = sa.MetaData()
    table = sa.Table(
        "pupils", meta,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.Text),
        sa.Column("born", sa.Date),
        sa.Column("points", sa.Integer),
        sa.Column("changed_at", sa.DateTime),
    )  # fmt: skip
    meta.drop_all(engine)
    meta.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            sa.insert(table),
            [
                {"id": uuid.UUID(int=n), "email": f"p{n}@example.org", "points": n,
                 "born": date(1990, 1, n + 1), "changed_at": datetime(2026, 1, 1)}  # noqa: DTZ001
                for n in range(5)
            ],
        )  # fmt: skip
    made = School(url)

    def rows() -> list[Any]:
        with engine.connect() as connection:
            return list(connection.execute(sa.select(table).order_by(table.c.id)).all())

    made.rows = rows  # type: ignore[attr-defined]
    yield made
    made.close()
    meta.drop_all(engine)
    engine.dispose()


@pytest.mark.postgres
def test_a_uuid_is_a_key_as_good_as_a_number(school: Any) -> None:
    cursor: Any = None
    found = []
    for _ in range(3):
        rows = school.changes(FEED, ["email"], after=pages.start(cursor))
        places = [(row["changed_at"], row["id"]) for row in rows]
        cursor = pages.after(cursor, places, full=len(rows) == 2, now=NOW, overlap_s=60)
        found += [row["email"] for row in rows]

    assert found == [f"p{n}@example.org" for n in range(5)]


@pytest.mark.postgres
def test_texts_are_written_as_what_the_column_holds(school: Any) -> None:
    key = str(uuid.UUID(int=3))

    school.write(FEED, "id", key, {"born": "1991-12-24", "points": "17"})
    school.write(FEED, "email", "p4@example.org", {"born": None})

    rows = school.rows()
    assert (rows[3].born, rows[3].points, rows[4].born) == (date(1991, 12, 24), 17, None)


@pytest.mark.postgres
def test_what_the_column_cannot_hold_is_a_matter_for_a_person(school: Any) -> None:
    with pytest.raises(GiveUp) as caught:
        school.write(FEED, "id", str(uuid.UUID(int=3)), {"born": "soon"})

    assert "soon" not in str(caught.value)


@pytest.mark.postgres
@pytest.mark.parametrize("feed", [Feed("id", "nowhen", table="pupils"), Feed("id", "x", table="n")])
def test_a_table_or_column_that_is_not_there_is_a_matter_for_a_person(
    school: Any, feed: Feed
) -> None:
    with pytest.raises(GiveUp, match="check table and columns"):
        school.changes(feed, [], after=None)


def test_a_column_that_is_not_there_in_sqlite_too(tmp_path: Any) -> None:
    school = School(f"sqlite:///{tmp_path / 'x.db'}")

    with pytest.raises(GiveUp, match="check table and columns"):
        school.changes(FEED, [], after=None)


@pytest.mark.parametrize("url", ["nonsense", "nosuchdb://host/x", "oracle://host/x"])
def test_an_address_without_its_driver_is_told(url: str) -> None:
    with pytest.raises(GiveUp, match="cannot be opened"):
        School(url)


def test_a_server_that_is_away_is_waited_for() -> None:
    school = School("postgresql+psycopg://reader@127.0.0.1:1/x?connect_timeout=1", "sesame-1")

    with pytest.raises(TryAgain) as caught:
        school.changes(FEED, [], after=(datetime(2026, 1, 1, tzinfo=UTC), 1))

    assert "sesame" not in str(caught.value)
