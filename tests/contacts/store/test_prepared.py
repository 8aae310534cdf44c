"""A prepared statement does what SQLAlchemy itself would do, only cheaper."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, event, func, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from contacts.store.database import DatabaseDown, Store, open_store
from contacts.store.prepared import FEW, Prepared
from contacts.store.tables import locations, tags, timeline

ADD = Prepared(timeline.insert())
ALL = Prepared(
    select(timeline.c.contact, timeline.c.changes, timeline.c.cause)
    .where(timeline.c.contact.in_(bindparam("b_contacts", expanding=True)))
    .order_by(timeline.c.id)
)
MOVE = Prepared(
    update(timeline)
    .where(timeline.c.what == bindparam("b_what"))
    .values(cause=bindparam("b_cause"))
)


def row(contact: int, **more: Any) -> dict[str, Any]:
    return {
        "contact": contact,
        "what": "said",
        "changes": {"email": [None, "ä@x"]},
        "at": 1.5,
    } | more


def test_rows_are_those_that_sqlalchemy_shows(store: Store) -> None:
    with store.write() as tx:
        ADD.each(tx, [row(1), row(2, what="new", changes={})])
        own = tx.execute(ALL.statement, {"b_contacts": [1, 2]}).all()

        found = ALL.all(tx, {"b_contacts": [1, 2]})

    assert [tuple(one) for one in found] == [tuple(one) for one in own]
    assert (found[0].contact, found[0].changes, found[0].cause) == (
        1,
        {"email": [None, "ä@x"]},
        None,
    )


def test_truth_is_read_as_truth(store: Store) -> None:
    put = Prepared(tags.insert())
    read = Prepared(select(tags.c.wanted, tags.c.agreed).where(tags.c.tag == bindparam("b_tag")))
    with store.write() as tx:
        put.count(tx, {"contact": 1, "tag": "vip", "wanted": True, "agreed": None})
        found = read.first(tx, {"b_tag": "vip"})

    assert found is not None
    assert (bool(found.wanted), found.agreed) == (True, None)


def test_nobody_is_none(store: Store) -> None:
    with store.read() as tx:
        assert ALL.first(tx, {"b_contacts": [1]}) is None
        assert ALL.all(tx, {"b_contacts": []}) == []


@pytest.mark.parametrize("number", [1, 2, FEW + 5])
def test_a_list_may_be_of_any_length(store: Store, number: int) -> None:
    with store.write() as tx:
        ADD.each(tx, [row(n) for n in range(number + 3)])
        for some in (range(number), range(1, number + 1)):
            assert [one.contact for one in ALL.all(tx, {"b_contacts": list(some)})] == list(some)


def test_it_says_how_many_rows_it_changed(store: Store) -> None:
    with store.write() as tx:
        ADD.each(tx, [row(1), row(2), row(3, what="new")])

        assert MOVE.count(tx, {"b_what": "said", "b_cause": "a file"}) == 2
        assert MOVE.count(tx, {"b_what": "gone", "b_cause": None}) == 0
        assert [one.cause for one in ALL.all(tx, {"b_contacts": [1, 2, 3]})] == [
            "a file",
            "a file",
            None,
        ]


def test_what_it_writes_goes_with_its_transaction(store: Store) -> None:
    def write_and_break() -> None:
        with store.write() as tx:
            ADD.count(tx, row(1))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        write_and_break()
    with store.read() as tx:
        assert ALL.first(tx, {"b_contacts": [1]}) is None


def test_a_read_that_begins_with_it_sees_one_moment(store: Store) -> None:
    if store.engine.dialect.name == "postgresql":
        pytest.skip("there each statement sees what is committed by then")
    with store.read() as tx:
        assert ALL.all(tx, {"b_contacts": [1]}) == []
        with store.write() as other:
            ADD.count(other, row(1))

        assert ALL.all(tx, {"b_contacts": [1]}) == []


def test_an_error_is_sqlalchemys_and_quotes_nobodys_data(store: Store) -> None:
    add = Prepared(locations.insert())
    with pytest.raises(IntegrityError) as caught, store.write() as tx:
        add.each(tx, [{"id": "loc", "name": "Ada's school"}, {"id": "loc", "name": "Ada's school"}])

    assert "Ada" not in str(caught.value)
    assert caught.value.statement is not None


def test_what_the_database_does_not_know_is_an_outage_like_elsewhere(sqlite_store: Store) -> None:
    with sqlite_store.write() as tx:
        tx.execute(text("DROP TABLE timeline"))
        with pytest.raises(OperationalError):
            ADD.count(tx, row(1))
    with pytest.raises(DatabaseDown), sqlite_store.read() as tx:
        ALL.all(tx, {"b_contacts": [1]})


@pytest.mark.postgres
def test_a_connection_that_is_lost_is_not_used_again(postgres_url: str) -> None:
    store = open_store(postgres_url)
    pid, end = Prepared(select(func.pg_backend_pid().label("pid"))), func.pg_terminate_backend
    lost: list[int] = []

    def use_one_that_ends() -> None:
        with store.read() as tx:
            lost.append(pid.all(tx)[0].pid)
            with store.read() as other:
                other.execute(select(end(lost[0])))
            pid.all(tx)

    with pytest.raises(DatabaseDown):
        use_one_that_ends()
    with store.read() as tx:
        assert pid.all(tx)[0].pid != lost[0]
    store.close()


def test_who_listens_to_statements_hears_of_it(store: Store) -> None:
    heard: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *words: heard.append(words[2]))
    with store.write() as tx:
        ADD.each(tx, [row(1), row(2)])
        ALL.all(tx, {"b_contacts": [1]})

    assert [sql.split()[0] for sql in heard if "timeline" in sql] == ["INSERT", "SELECT"]
