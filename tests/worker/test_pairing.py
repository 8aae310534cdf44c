"""A backfill finds out by the CRM's list who is there already; its pages are ordinary jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from contacts.existence import Existence, Known, State
from contacts.jobs import Kind, Lane
from contacts.store import cards, ledger_view, pairing, runs
from contacts.store.tables import jobs, links, pairs
from ops.prove import economy, stage
from ops.prove.least import Somebody
from ops.prove.school import HERE, School
from ops.simulator.faults import Fault
from producers.cli.existence import sentence
from worker.crm import operations as op


@pytest.fixture(params=[{}], ids=["doubles refused"])
def school(request: Any) -> Iterator[School]:
    with stage.in_memory(Random(1), place=request.param) as found:
        found.failed = lambda *_: None
        yield found


ALLOWED = pytest.mark.parametrize("school", [{"allow_duplicates": True}], indirect=True)


def person(n: int, **more: Any) -> Somebody:
    fields = {
        "email": f"s{n}@x.org", "first_name": "Ada", "last_name": f"Mc{n}", "city": "Bonn",
    }  # fmt: skip
    return Somebody(fields["email"], {**fields, **more}, frozenset({"maths"}))


def known_of(school: School, run: int) -> Known:
    with school.store.read() as tx:
        return pairing.of(tx, run)


def test_whoever_is_on_a_page_as_in_the_file_costs_no_call(school: School) -> None:
    people = [person(n) for n in range(30)]
    economy.settle(school, people[:20])
    run = economy.give(school, people)
    assert economy.calls(school) == {"location.get": 1, "contacts.list": 1, "contact.create": 10}
    known = known_of(school, run)
    assert (known.state, known.found, known.sure, known.total) == (State.OVER, 20, 20, 20)
    found = runs.get(school.store, run)
    assert found is not None
    assert (found.state, sentence(found.existence)) == (
        "finished",
        "30 people not linked yet: 20 found in the CRM by 1 page of its list, 39 calls fewer "
        "than one by one",
    )


def test_whoever_differs_is_updated_without_a_read(school: School) -> None:
    people = [person(n) for n in range(10)]
    economy.settle(school, [person(n, city="Trier") for n in range(10)])
    economy.give(school, people)
    assert economy.calls(school)["contact.update"] == 10
    assert economy.calls(school)["contact.get"] == 0
    assert economy.wrong(school, people) == 0


def test_tags_wait_for_the_end_of_the_list_and_go_out_together(school: School) -> None:
    people = [person(n) for n in range(250)]
    lacking = [replace(one, tags=frozenset()) for one in people[::20]]
    economy.settle(school, [*lacking, *(one for n, one in enumerate(people) if n % 20)])
    economy.give(school, people)
    assert economy.calls(school)["contacts.list"] == 3
    assert economy.calls(school)["contacts.bulk.tags"] == 1
    assert economy.calls(school)["contact.tags.add"] == 0
    assert economy.wrong(school, people) == 0


def test_a_row_that_may_only_be_spelled_so_is_read_first(school: School) -> None:
    people = [person(n) for n in range(6)]
    economy.settle(school, [*people[:5], person(5, last_name="MC5")])
    economy.give(school, people)
    assert economy.calls(school)["contact.get"] == 1
    assert economy.calls(school)["contact.create"] == 0
    with school.store.read() as tx:
        assert tx.execute(select(pairs)).all() == []


def test_a_field_that_no_row_shows_is_not_overwritten_unseen(school: School) -> None:
    people = [person(n) for n in range(6)]
    economy.settle(school, [Somebody(one.email, {"email": one.email}) for one in people])
    economy.give(school, people)
    assert economy.calls(school)["contact.get"] == 6
    assert economy.wrong(school, people) == 0


def test_pushes_wait_for_the_list_and_not_for_ever(school: School) -> None:
    people = [person(n) for n in range(10)]
    school.bench.stopping.set()  # nobody works
    school.failed = lambda *_: None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(economy, "work", lambda _: None)
        run = economy.give(school, people)
    with school.store.read() as tx:
        due = {row.kind: row.due_at for row in tx.execute(select(jobs.c.kind, jobs.c.due_at))}
    assert due[Kind.PUSH] == due[Kind.TAG] == school.clock() + pairing.HOLD_S
    assert due[Kind.PAGE] == school.clock()
    assert known_of(school, run).state is State.WAITING


@pytest.mark.parametrize("status", [500, 401])
def test_a_list_that_cannot_be_read_holds_nobody_up(school: School, status: int) -> None:
    people = [person(n) for n in range(10)]
    economy.settle(school, people[:5])
    message = "The token is not authorized for this scope." if status == 401 else "no"

    def strikes(operation: op.Operation) -> Fault | None:
        fault = Fault(kind="error", when="before", status=status, message=message)
        return fault if operation is op.LIST else None

    school.wire.strikes = strikes
    run = economy.give(school, people)
    assert known_of(school, run).state is State.FAILED
    assert economy.wrong(school, people) == 0
    assert ledger_view.counts(school.store).open == 0


def test_asked_for_one_by_one_no_page_is_read(school: School) -> None:
    people = [person(n) for n in range(10)]
    economy.settle(school, people)
    run = economy.give(school, people, Existence.EACH)
    assert economy.calls(school) == {"location.get": 1, "contact.create": 10, "contact.get": 10}
    found = runs.get(school.store, run)
    assert found is not None
    assert sentence(found.existence) == (
        "10 people not linked yet: who of them is there is found out one by one (asked for)"
    )


def test_a_list_is_gone_on_with_when_the_others_turn_out_to_be_there(school: School) -> None:
    people = [person(n) for n in range(300)]
    others = [Somebody(f"o{n}@x.org", {"email": f"o{n}@x.org"}) for n in range(400)]
    economy.settle(school, others + people[:200])
    school.room = 10
    run = economy.give(school, people)
    known = known_of(school, run)
    assert (known.state, known.pages) == (State.OVER, 6)
    assert economy.calls(school)["contact.get"] < 20
    assert economy.wrong(school, people) == 0


@ALLOWED
def test_where_doubles_are_allowed_a_list_read_to_its_end_is_the_look(school: School) -> None:
    people = [person(n) for n in range(20)]
    economy.settle(school, people[:5])
    economy.give(school, people)
    assert economy.calls(school) == {"location.get": 1, "contacts.list": 1, "contact.create": 15}


@ALLOWED
def test_who_changes_after_it_is_looked_for_again(school: School) -> None:
    economy.give(school, [person(n) for n in range(10)])
    school.clock.now += 60
    before = Counter(economy.calls(school))
    school.platform_says("new@x.org", city="Bonn")
    economy.work(school)
    made = economy.calls(school) - before
    assert made == {"contact.find": 1, "contact.create": 1}


def test_a_contact_that_has_a_job_out_is_left_to_it(school: School) -> None:
    ours = school.platform_says("s1@x.org", city="Bonn").contact
    with school.store.write() as tx:
        tx.execute(jobs.update().values(state="released"))
    seen = meeting_row("s1@x.org")
    with school.store.read() as tx:
        assert pairing.match(tx, HERE, [seen]) == []
    with school.store.write() as tx:
        tx.execute(jobs.update().values(state="waiting"))
        assert [one.contact for one in pairing.match(tx, HERE, [seen])] == [ours]


def meeting_row(email: str) -> pairing.Listed:
    from contacts.store.meeting import Seen

    seen = Seen("remote1", {"email": email, "city": "Bonn"}, (), None, {})
    return pairing.Listed(seen, frozenset({"email", "city"}), frozenset())


def test_a_phone_alone_links_only_whoever_has_no_email_here(school: School) -> None:
    from contacts.store.meeting import Seen

    phone = "+12025550100"
    school.platform_says("s1@x.org", phone=phone)
    school.platform_says(None, phone="+12025550101")
    rows = [
        pairing.Listed(Seen(f"r{n}", {"phone": f"+1202555010{n}"}, (), None, {}),
                       frozenset({"phone"}), frozenset())
        for n in range(2)
    ]  # fmt: skip
    with school.store.read() as tx:
        found = pairing.match(tx, HERE, rows)
    assert [one.row.seen.remote_id for one in found] == ["r1"]


def test_the_page_is_a_bulk_job_and_the_links_are_the_lists(school: School) -> None:
    people = [person(n) for n in range(10)]
    economy.settle(school, people)
    economy.give(school, people)
    with school.store.read() as tx:
        row = tx.execute(select(jobs).where(jobs.c.kind == Kind.PAGE.value)).one()
        assert len(tx.execute(select(links)).all()) == 10
        card = cards.load(tx, 1)
    assert (row.lane, row.state) == (1, "done")
    assert card.agreed == card.fields
    assert Lane.BULK.value == "bulk"
