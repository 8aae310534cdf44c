"""The walk over the CRM's contacts: it finds what differs, puts ordinary jobs, repairs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from contacts.errors import UsageError
from contacts.jobs import Kind, Lane, Wish
from contacts.store import cards, ledger, runs, walks
from contacts.store.tables import contacts, jobs, links, walk_findings, walk_seen
from contacts.store.walks import Phase, Way
from worker import nights

HERE = "loc1"
ADA = "ada@example.com"
BOTH = pytest.mark.parametrize("way", [Way.LIST, Way.SEARCH])


@dataclass
class School:
    """A worker and the stand-in of the CRM, of which no webhook ever comes."""

    shop: Any
    crm: Any

    def linked(self, email: str = ADA, **more: Any) -> int:
        ours = int(self.shop.person(email, **more))
        assert set(self.shop.work()) <= {"done"}
        return ours

    def many(self, number: int) -> list[int]:
        self.crm.settings(limits={"per_window": 10**6})
        made = [self.shop.person(f"s{n}@example.com", city="Bonn") for n in range(number)]
        assert set(self.shop.work()) <= {"done"}
        return made

    def remote(self, ours: int) -> str:
        return str(self.card(ours).remote_id)

    def card(self, ours: int) -> cards.Card:
        with self.shop.store.read() as tx:
            return cards.load(tx, ours)

    def edit(self, ours: int, *, tags: Any = None, custom: Any = None, **values: Any) -> None:
        one: dict[str, Any] = {"id": self.remote(ours), "values": values, "custom": custom or {}}
        self.crm.seed(HERE, one | ({"tags": tags} if tags is not None else {}))

    def begin(self, way: Way | None = Way.LIST, since: float | None = None) -> int:
        self.shop.clock.tick(600)
        with self.shop.store.write() as tx:
            run = walks.begin(tx, HERE, way=way, title="test", since=since, now=self.shop.clock())
        assert run is not None
        return run

    def walk(self, way: Way | None = Way.LIST, **more: Any) -> runs.Run:
        """A whole run; its figures."""
        run = self.begin(way, **more)
        assert set(self.shop.work()) <= {"done"}
        return self.run(run)

    def run(self, number: int) -> runs.Run:
        found = runs.get(self.shop.store, number)
        assert found is not None
        return found

    def operations(self, run: int) -> list[str]:
        from contacts.store import audit

        found = audit.by_operation(self.shop.store, run=run)
        return [one.operation for one in found for _ in range(one.calls)]

    def left(self) -> int:
        with self.shop.store.read() as tx:
            return sum(len(tx.execute(select(t)).all()) for t in (walk_seen, walk_findings))


@pytest.fixture
def school(sqlite_store: Any, open_shop: Any, simulator: Any, clock: Any) -> School:
    crm = simulator(clock=clock)
    return School(open_shop(sqlite_store, crm), crm)


def other(school: School, **settings: Any) -> School:
    """The same school under other settings."""
    chosen = school.shop.bench.settings.model_copy(update=settings)
    return School(school.shop.using(settings=chosen), school.crm)


# ---------------------------------------------------------------- what differs


@BOTH
def test_where_nothing_changed_a_walk_costs_its_pages_alone(school: School, way: Way) -> None:
    school.linked(first_name="Ada", last_name="Byron", city="London", date_of_birth="1815-12-10",
                  address1="1 Main St", tags=["vip"])  # fmt: skip

    run = school.walk(way)

    assert run.state == "finished"
    assert {one.split(".")[0] for one in school.operations(run.id)} == {"contacts"}
    # The search may show somebody again who was changed meanwhile, so its end is looked at.
    pages = 1 if way is Way.LIST else 2
    assert run.counts == {"pages": pages, "rows": 1, "unchanged": 1}
    assert school.left() == 0


@BOTH
def test_an_edit_of_which_no_webhook_came_is_found_and_taken_in(school: School, way: Way) -> None:
    ours = school.linked(city="London")
    school.edit(ours, city="Paris")

    run = school.walk(way)

    assert school.card(ours).fields["city"] == "Paris"
    assert (run.counts["differ"], run.counts["field:city"], run.counts["looks"]) == (1, 1, 1)
    assert school.operations(run.id).count("contact.get") == 1


@BOTH
def test_the_second_walk_after_an_edit_finds_nothing(school: School, way: Way) -> None:
    ours = school.linked(city="London", website="https://a.example")
    school.edit(ours, city="Paris", tags=["gold"], website=None)
    other(school, guard_percent=100).walk(way)

    run = school.walk(way)

    # The search may show somebody again who was changed meanwhile, so its end is looked at.
    pages = 1 if way is Way.LIST else 2
    assert run.counts == {"pages": pages, "rows": 1, "unchanged": 1}


def test_an_edit_of_both_sides_is_read_and_ours_is_sent(school: School) -> None:
    ours = school.linked(city="London", state="A")
    school.edit(ours, city="Paris")
    with school.shop.store.write() as tx:
        fields = {**school.card(ours).fields, "state": "B"}
        tx.execute(contacts.update().where(contacts.c.id == ours).values(fields=fields))

    run = school.walk()

    (there,) = school.crm.contacts(HERE)
    assert (there["city"], there["state"]) == ("Paris", "B")
    assert school.card(ours).fields["city"] == "Paris"
    assert run.counts["differ"] == 1


def test_tags_changed_there_are_found(school: School) -> None:
    ours = school.linked(tags=["vip"])
    school.edit(ours, tags=["vip", "gold"])

    run = other(school, guard_percent=100).walk()

    assert run.counts["field:tags"] == 1
    assert school.card(ours).remote_id


def test_a_name_in_lower_case_is_no_edit_where_the_search_shows_no_other(school: School) -> None:
    school.linked(first_name="Ada", last_name="McDonald")

    run = school.walk(Way.SEARCH)

    assert "differ" not in run.counts


@pytest.mark.parametrize("names", ["lower", "raw"])
def test_another_name_is_found_by_the_search(school: School, names: str) -> None:
    school.crm.settings(quirks={"search_names": names})
    ours = school.linked(first_name="Ada", last_name="Byron")
    school.edit(ours, lastName="Lovelace")

    school.walk(Way.SEARCH)

    assert school.card(ours).fields["last_name"] == "Lovelace"


def test_a_row_from_before_our_own_write_is_not_looked_at(school: School) -> None:
    school.crm.settings(quirks={"search_lag_s": 60})
    school.linked(city="London")
    school.shop.clock.tick(600)
    run = school.begin(Way.SEARCH)
    school.linked(city="Paris")  # worked with the walk's page: its row is from before

    school.shop.work()

    assert school.run(run).counts.get("looks", 0) == 0
    assert school.operations(run).count("contact.get") == 0


# ---------------------------------------------------------------- strangers


@BOTH
def test_somebody_whom_nobody_here_knows_is_adopted(school: School, way: Way) -> None:
    school.crm.seed(HERE, {"values": {"email": "new@example.com", "firstName": "New"}})

    run = school.walk(way)

    assert run.counts["adopted"] == 1
    with school.shop.store.read() as tx:
        assert tx.execute(select(contacts.c.email)).scalars().all() == ["new@example.com"]


def test_where_nobody_is_adopted_a_stranger_costs_no_call(school: School) -> None:
    school.crm.seed(HERE, {"values": {"email": "new@example.com"}})

    run = other(school, adopt=False).walk()

    assert run.counts == {"pages": 1, "rows": 1, "strangers": 1}


def test_a_double_in_the_crm_is_not_looked_at_every_night(school: School) -> None:
    school.linked()
    school.crm.seed(HERE, {"values": {"email": ADA}})

    run = school.walk()

    assert run.counts["doubles"] == 1
    assert "contact.get" not in school.operations(run.id)


# ---------------------------------------------------------------- pages


def test_a_page_and_the_cursor_of_the_next_one_are_one_commit(school: School) -> None:
    school.many(101)
    run = school.begin()
    (ticket,) = school.shop.release()

    assert school.shop.run(ticket) == "done"

    with school.shop.store.read() as tx:
        walk = walks.load_sure(tx, run)
        next_job = tx.execute(
            select(jobs.c.id).where(jobs.c.kind == Kind.PAGE.value, jobs.c.state == "waiting")
        )
        assert len(next_job.all()) == 1
    assert walk.cursor is not None
    assert walk.counts["rows"] == 100


def test_a_page_whose_commit_was_lost_is_read_again_and_counted_once(school: School) -> None:
    made = school.many(101)
    school.edit(made[0], city="Paris")
    run = school.begin()
    school.shop.clock.tick(1)
    (ticket,) = school.shop.release()
    # The worker dies after its call: nothing of the page was written.
    claimed = ledger.claim(school.shop.store, ticket, worker="one", lease_s=30)
    assert claimed is not None
    school.shop.clock.tick(60)
    ledger.reclaim(school.shop.store)

    school.shop.work()

    counts = school.run(run).counts
    assert (counts["rows"], counts["pages"], counts["differ"]) == (101, 2, 1)
    assert school.card(made[0]).fields["city"] == "Paris"


@BOTH
def test_everybody_is_seen_once_although_people_come_and_move_meanwhile(
    school: School, way: Way
) -> None:
    made = school.many(101)
    run = school.begin(way)
    (ticket,) = school.shop.release()
    school.shop.run(ticket)
    school.edit(made[0], city="Moved")
    school.crm.seed(HERE, {"values": {"email": "late@example.com"}})

    school.shop.work()

    found = school.run(run)
    assert found.counts["rows"] in (101, 102)
    assert "incomplete" not in found.counts
    assert "missing" not in found.counts


def test_rows_that_ties_swallow_are_no_deletions(school: School) -> None:
    school.crm.settings(quirks={"list_ties": "lost"})
    made = [{"values": {"email": f"t{n}@example.com"}, "added_ms": 5} for n in range(101)]
    school.crm.seed(HERE, *made)

    run = other(school, adopt=False).walk()

    assert run.counts["rows"] == 100
    assert run.counts["incomplete"] == 1
    assert "missing" not in run.counts


def test_a_second_walk_of_a_location_waits_for_the_first(school: School) -> None:
    school.begin()
    with school.shop.store.write() as tx:
        assert walks.begin(tx, HERE, way=Way.LIST, title="x", now=school.shop.clock()) is None


def test_a_cancelled_walk_does_nothing_more(school: School) -> None:
    run = school.begin()
    (ticket,) = school.shop.release()
    with school.shop.store.write() as tx:
        runs.cancel(tx, run, school.shop.clock())

    assert school.shop.run(ticket) == "done"

    assert school.operations(run) == []
    assert school.shop.release() == []


# ---------------------------------------------------------------- deletions, and the guard


@BOTH
def test_who_is_on_no_page_is_looked_at_and_found_deleted(school: School, way: Way) -> None:
    made = school.many(3)
    school.crm.delete(HERE, [school.remote(made[0])])

    run = other(school, guard_percent=100).walk(way)

    assert run.counts["missing"] == 1
    assert school.card(made[0]).gone
    assert not school.card(made[1]).gone
    assert school.left() == 0


def test_a_walk_that_misses_somebody_who_is_there_deletes_nobody(school: School) -> None:
    school.crm.settings(quirks={"list_lag_s": 10_000})
    made = school.many(3)

    run = other(school, guard_percent=100).walk()

    assert run.counts["missing"] == 3
    assert not any(school.card(one).gone for one in made)


def test_since_a_time_nobody_is_missing(school: School) -> None:
    made = school.many(3)
    school.crm.delete(HERE, [school.remote(made[0])])
    school.shop.clock.tick(3600)
    school.edit(made[1], city="Paris")

    run = school.walk(Way.NEWEST, since=school.shop.clock() - 1800)

    assert school.card(made[1]).fields["city"] == "Paris"
    assert run.counts["rows"] == 1
    assert "missing" not in run.counts
    assert not school.card(made[0]).gone


def test_a_run_that_would_delete_too_many_asks_first(school: School) -> None:
    made = school.many(10)
    school.crm.delete(HERE, [school.remote(one) for one in made[:2]])

    run = school.walk()

    assert run.state == "asking"
    assert (run.counts["guarded"], run.counts["guarded:delete"]) == (2, 2)
    assert not any(school.card(one).gone for one in made)
    assert "contact.get" not in school.operations(run.id)


def test_confirmed_it_goes_on(school: School) -> None:
    made = school.many(10)
    school.crm.delete(HERE, [school.remote(one) for one in made[:2]])
    run = school.walk()

    with school.shop.store.write() as tx:
        walks.confirm(tx, run.id, now=school.shop.clock())
    school.shop.work()

    assert school.run(run.id).state == "finished"
    assert [school.card(one).gone for one in made[:3]] == [True, True, False]
    assert school.left() == 0


def test_what_is_harmless_is_put_although_the_rest_asks(school: School) -> None:
    made = school.many(10)
    for one in made[:2]:
        school.edit(one, city=None)
    school.edit(made[2], city="Paris")

    run = school.walk()

    assert (run.state, run.counts["guarded:blank"]) == ("asking", 2)
    assert school.card(made[0]).fields["city"] == "Bonn"
    assert school.card(made[2]).fields["city"] == "Paris"


def test_up_to_the_bound_it_does_not_ask(school: School) -> None:
    made = school.many(10)
    school.edit(made[0], tags=["gold"])

    run = other(school, guard_percent=10).walk()

    assert run.state == "finished"


def test_of_two_bounds_the_smaller_counts(school: School) -> None:
    made = school.many(10)
    for one in made[:3]:
        school.edit(one, tags=["gold"])

    assert other(school, guard_percent=100, guard_contacts=2).walk().state == "asking"


def test_a_newer_run_overtakes_one_that_asks(school: School) -> None:
    made = school.many(10)
    school.crm.delete(HERE, [school.remote(one) for one in made[:2]])
    first = school.walk()

    second = school.walk()

    assert school.run(first.id).state == "cancelled"
    assert second.state == "asking"
    with school.shop.store.write() as tx, pytest.raises(UsageError, match="does not ask"):
        walks.confirm(tx, first.id, now=school.shop.clock())


# ---------------------------------------------------------------- our own side, nights and scans


def test_whoever_is_owed_something_and_has_no_job_gets_one(school: School) -> None:
    ours = school.linked(city="London")
    with school.shop.store.write() as tx:
        fields = {**school.card(ours).fields, "city": "Paris"}
        tx.execute(contacts.update().where(contacts.c.id == ours).values(fields=fields))

    run = school.walk(None)

    (there,) = school.crm.contacts(HERE)
    assert there["city"] == "Paris"
    assert run.counts == {"owed:contact.push": 1}


def test_a_night_begins_once_for_each_location_at_its_own_moment(school: School) -> None:
    now = school.shop.clock()

    assert nights.begin_walks(school.shop.bench) == {HERE}
    assert nights.begin_walks(school.shop.bench) == {HERE}

    row = school.shop.row()
    assert (row.kind, row.lane) == (Kind.PAGE.value, 2)
    assert now <= row.due_at <= now + school.shop.bench.settings.night_spread


def test_a_scan_finds_what_changed_lately(school: School) -> None:
    ours = school.linked(city="London")
    school.shop.clock.tick(3000)
    school.edit(ours, city="Paris")

    assert nights.begin_scans(school.shop.bench) == 1
    school.shop.work()

    assert school.card(ours).fields["city"] == "Paris"


def test_scans_of_a_day_are_one_run_and_each_reads_what_came_since(school: School) -> None:
    made = school.many(3)
    for _ in range(3):
        school.shop.clock.tick(1200)
        nights.begin_scans(school.shop.bench)
        school.shop.work()
    school.shop.clock.tick(600)
    school.edit(made[0], city="Paris")
    nights.begin_scans(school.shop.bench)
    school.shop.work()

    (run,) = [one for one in runs.recent(school.shop.store) if one.kind == walks.SCAN]
    assert run.state == "finished"
    assert run.counts["scans"] == 4
    assert school.card(made[0]).fields["city"] == "Paris"


def test_scans_stop_where_their_share_of_the_day_is_used_up(school: School) -> None:
    school.many(1)
    few = other(school, day_calls=100, scan_percent=1)

    begun = []
    for _ in range(3):
        school.shop.clock.tick(600)
        begun.append(nights.begin_scans(few.shop.bench))
        school.shop.work()

    assert begun == [1, 0, 0]


def test_a_scan_leaves_to_the_night_what_would_be_too_much(school: School) -> None:
    made = school.many(10)
    school.shop.clock.tick(600)
    for one in made[:3]:
        school.edit(one, tags=["gold"])

    nights.begin_scans(school.shop.bench)
    school.shop.work()

    (run,) = [one for one in runs.recent(school.shop.store) if one.kind == walks.SCAN]
    assert run.counts["left_to_the_night"] == 3
    assert school.left() == 0


def test_the_job_of_a_walk_travels_behind_everything_else(school: School) -> None:
    run = school.begin()
    with school.shop.store.read() as tx:
        walk = walks.load_sure(tx, run)
    assert walk.phase is Phase.WALK
    assert walk.wish() == Wish(Kind.PAGE, HERE, 0, run, Lane.SWEEP, run)


def test_a_link_that_is_younger_than_the_walk_is_not_missing(school: School) -> None:
    school.many(2)
    run = school.begin()
    (ticket,) = school.shop.release()
    school.shop.run(ticket)
    school.shop.clock.tick(5)
    ours = school.linked("late@example.com")

    school.shop.work()

    assert "missing" not in school.run(run).counts
    with school.shop.store.read() as tx:
        assert tx.execute(select(links.c.contact).where(links.c.contact == ours)).first()
