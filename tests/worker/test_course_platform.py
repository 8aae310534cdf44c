"""The deeds of the course platform: enrolments and lists out, courses and changes in."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, select, text

from contacts.fields import Owner, Rule
from contacts.jobs import Kind, Lane, Wish
from contacts.platforms import Feed, Platform
from contacts.platforms import Kind as Connector
from contacts.policy import Policy
from contacts.store import enrolments, feeds, lists, platform_links, platforms, policies
from contacts.store.tables import contacts, jobs

ADA = "ada@example.org"
HERE = "loc1"


@pytest.fixture
def host(live_shop: Any, crm: Any) -> Any:
    """The worker is connected to OnlineCourseHost's stand-in."""
    connect(live_shop, Platform(Connector.COURSEHOST, f"{crm.url}/coursehost", per_minute=400))
    return live_shop


def connect(shop: Any, platform: Platform, secret: str | None = "och-simulator") -> None:
    with shop.store.write() as tx:
        platforms.connect(
            tx, HERE, platform, secret=secret, cipher=shop.bench.cipher, now=shop.clock()
        )


def enrol(shop: Any, contact: int, course: str = "bread") -> None:
    with shop.store.write() as tx:
        assert enrolments.want(tx, contact, course, now=shop.clock())


def enrolment(shop: Any, contact: int) -> Any:
    with shop.store.read() as tx:
        (one,) = enrolments.of(tx, contact)
    return one


# ---------------------------------------------------------------- enrolments


def test_an_enrolment_is_one_call_and_then_settled(host: Any, crm: Any) -> None:
    ada = host.person(ADA, name="Ada Lovelace")
    host.work()
    enrol(host, ada)

    assert host.work() == ["done"]

    (student,) = crm.coursehost()["students"]
    assert (student["email"], student["name"]) == (ADA, "Ada Lovelace")
    assert enrolment(host, ada).settled_at == host.clock()
    assert host.calls()[-1] == ("coursehost.enrol", 200)


def test_an_enrolment_that_is_settled_costs_no_call(host: Any, crm: Any) -> None:
    ada = host.person(ADA)
    with host.store.write() as tx:
        enrolments.want(tx, ada, "bread", now=1)
        enrolments.told(tx, ada, "bread", title="Bread", source="stripe", now=2)
    host.work()

    assert crm.coursehost()["students"] == []


@pytest.mark.parametrize("fault", [{"kind": "drop", "when": "after"}, {"kind": "truncate"},
                                   {"kind": "error", "when": "after", "status": 500}])  # fmt: skip
def test_after_a_lost_answer_it_is_asked_again_with_the_same_password(
    host: Any, crm: Any, fault: dict[str, Any]
) -> None:
    ada = host.person(ADA)
    host.work()
    crm.fault(times=1, operations=["POST /api/zapier-enroll-student-action-webhook"], **fault)
    enrol(host, ada)
    host.work()
    host.clock.tick(60)

    assert host.work() == ["done"]
    found = crm.coursehost()
    assert found["students"][0]["courses"] == ["bread"]
    assert found["students"][0]["passwords"] == 1
    assert found["counts"]["repeated"] == 1


def test_neither_password_nor_token_is_in_the_database(host: Any, crm: Any) -> None:
    ada = host.person(ADA)
    host.work()
    enrol(host, ada)
    crm.fault("error", times=1, status=500)
    host.work()
    from worker.coursehost.passwords import password

    secrets = (password(host.bench.cipher, HERE, ADA), "och-simulator")
    engine = host.store.engine
    with engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type='table'"))
        for name in names.scalars().all():
            rows = connection.execute(text(f'SELECT * FROM "{name}"')).all()
            for secret in secrets:
                assert secret not in repr(rows), name


def test_a_course_that_is_not_there_parks_the_job(host: Any) -> None:
    ada = host.person(ADA)
    host.work()
    enrol(host, ada, "nowhere")

    (shown,) = host.work()

    assert shown.startswith("Parked: platform-refused")


def test_without_an_email_nobody_can_be_enrolled(host: Any) -> None:
    ada = host.person(phone="+12025550100")
    host.work()
    enrol(host, ada)

    (shown,) = host.work()

    assert "no-email" in shown


def test_its_calls_have_a_limit_of_their_own(host: Any) -> None:
    ada = host.person(ADA)
    host.work()
    enrol(host, ada)
    host.work()

    bucket = host.bench.outlets.limits("platform:loc1")
    assert bucket is not None
    assert (bucket.per_window, bucket.window_ms) == (66, 10_000)
    assert host.bench.outlets.limits("loc1") is None
    keys = {key.decode() for key in host.bench.redis.keys("rollbook:limit:*")}
    assert any("{platform:loc1}" in key for key in keys)


def test_a_refused_token_holds_nothing_else_back(host: Any, crm: Any) -> None:
    ada = host.person(ADA)
    host.work()
    crm.settings(coursehost={"token": "another-one"})
    enrol(host, ada)
    host.work()
    bob = host.person("bob@example.org")

    assert host.work() == ["done"]
    waits = next(row for row in host.rows() if row.kind == "platform.enrol")
    assert (waits.state, waits.attempts, waits.code) == ("waiting", 0, "platform-access")
    assert bob


def test_without_a_platform_an_enrolment_waits(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA)
    live_shop.work()
    enrol(live_shop, ada)
    live_shop.work()
    connect(live_shop, Platform(Connector.COURSEHOST, f"{crm.url}/coursehost", per_minute=400))
    live_shop.clock.tick(901)

    assert live_shop.work() == ["done"]
    assert len(crm.coursehost()["students"]) == 1


def test_what_has_no_job_any_more_is_wished_for_again_at_night(host: Any, crm: Any) -> None:
    from worker.tasks import put_what_is_owed

    ada = host.person(ADA)
    host.work()
    enrol(host, ada)
    with host.store.write() as tx:
        tx.execute(jobs.delete())

    assert put_what_is_owed(host.bench) == 1
    assert host.work() == ["done"]
    assert put_what_is_owed(host.bench) == 0


# ---------------------------------------------------------------- lists and courses


def test_a_list_that_the_platform_cannot_be_told_of_stays_to_be_told(host: Any) -> None:
    ada = host.person(ADA)
    host.work()
    with host.store.write() as tx:
        lists.want(tx, ada, "weekly", True, now=1)

    assert host.work() == ["done"]
    with host.store.read() as tx:
        (place,) = lists.of(tx, ada)
    assert (place.wanted, place.agreed) == (True, None)


def test_the_courses_are_kept(host: Any) -> None:
    host.put(Wish(Kind.COURSES, HERE, lane=Lane.LIVE))

    assert host.work() == ["done"]
    titles = [one.title for one in platforms.courses(host.store, HERE)]
    assert titles == ["Baking Bread", "Watercolour"]


# ---------------------------------------------------------------- a table


@pytest.fixture
def school(live_shop: Any, tmp_path: Any) -> Any:
    """The worker is connected to a table of five students."""
    url = f"sqlite:///{tmp_path / 'school.db'}"
    engine = create_engine(url)
    with engine.begin() as db:
        db.execute(
            text(
                "CREATE TABLE students (id INTEGER PRIMARY KEY, email TEXT, first TEXT,"
                " phone TEXT, course TEXT, news BOOLEAN, changed_at TEXT)"
            )
        )
        for n in range(1, 6):
            db.execute(
                text("INSERT INTO students VALUES (:n, :e, 'Sam', '+12025550100', :c, 0, :t)"),
                {"n": n, "e": f"s{n}@example.org", "c": "Baking" if n < 3 else None,
                 "t": f"2026-01-0{n} 10:00:00"},
            )  # fmt: skip
        db.execute(text("UPDATE students SET phone = '+1202555010' || id"))
    platform = Platform(
        Connector.SQL,
        url,
        fields={"email": "email", "first_name": "first", "phone": "phone"},
        feed=Feed(
            key="id", updated="changed_at", size=2, table="students",
            tags=("student", "course: {course}"),
        ),
        write_back=("phone",),
        lists={"weekly": "news"},
    )  # fmt: skip
    connect(live_shop, platform, None)
    with live_shop.store.write() as tx:
        rules = Policy({"phone": Rule(owner=Owner.CRM)})
        policies.keep(tx, HERE, rules, now=0)
    live_shop.db = engine
    yield live_shop
    engine.dispose()
    live_shop.bench.outlets.close()


def feed(shop: Any) -> list[str]:
    shop.put(Wish(Kind.FEED, HERE, lane=Lane.SWEEP))
    return list(shop.work())


def sql(shop: Any, statement: str, **values: Any) -> Any:
    with shop.db.begin() as db:
        return db.execute(text(statement), values)


def emails(shop: Any) -> list[str]:
    with shop.store.read() as tx:
        return sorted(tx.execute(select(contacts.c.email)).scalars())


def test_what_changed_reaches_the_crm_with_its_tags(school: Any, crm: Any) -> None:
    assert set(feed(school)) == {"done"}

    theirs = {one["email"]: one for one in crm.contacts(HERE)}
    assert len(theirs) == 5
    assert sorted(theirs["s1@example.org"]["tags"]) == ["course: baking", "student"]
    assert theirs["s5@example.org"]["tags"] == ["student"]


def test_a_full_page_is_followed_by_the_next(school: Any) -> None:
    feed(school)

    done = [row for row in school.rows() if row.kind == "platform.feed"]
    assert len(done) == 3
    reading = feeds.readings(school.store)[HERE]
    assert (reading.rows, reading.changed, reading.rejected) == (5, 5, 0)


def test_nothing_changed_is_one_query_and_no_call(school: Any, crm: Any) -> None:
    feed(school)
    before = crm.report()["arrivals"]

    assert feed(school) == ["done"]
    assert crm.report()["arrivals"] == before


def test_a_change_is_one_call(school: Any, crm: Any) -> None:
    feed(school)
    before = crm.report()["arrivals"]
    sql(school, "UPDATE students SET first = 'Zoe', changed_at = '2026-02-01' WHERE id = 3")

    feed(school)

    assert crm.report()["arrivals"] == before + 1
    changed = next(one for one in crm.contacts(HERE) if one["email"] == "s3@example.org")
    assert changed["firstName"] == "Zoe"


def test_a_whole_page_is_bulk_and_a_few_changes_are_live(school: Any) -> None:
    feed(school)
    sql(school, "UPDATE students SET first = 'Zoe', changed_at = '2026-02-01' WHERE id = 3")
    feed(school)

    lanes = [row.lane for row in school.rows() if row.kind == "contact.push"]
    assert lanes == [1, 1, 1, 1, 0, 0]


def test_rows_that_cannot_be_used_are_counted_and_the_rest_goes_on(school: Any) -> None:
    sql(school, "UPDATE students SET email = 'nobody', phone = NULL WHERE id = 2")

    feed(school)

    assert feeds.readings(school.store)[HERE].rejected == 1
    assert len(emails(school)) == 4


def test_what_the_crm_decides_is_written_back(school: Any, crm: Any) -> None:
    feed(school)
    with school.store.read() as tx:
        rows = {row.email: row.id for row in tx.execute(select(contacts))}

    look(school, crm, "s1@example.org", phone="+12025550177")

    (phone,) = sql(school, "SELECT phone FROM students WHERE id = 1").one()
    assert phone == "+12025550177"
    with school.store.read() as tx:
        told = platform_links.load(tx, rows["s1@example.org"])
    assert told is not None
    assert told.told["phone"] == "+12025550177"


def test_an_edit_there_of_what_the_crm_decides_is_put_right(school: Any, crm: Any) -> None:
    test_what_the_crm_decides_is_written_back(school, crm)
    before = crm.report()["arrivals"]
    sql(school, "UPDATE students SET phone = '+12025550111', changed_at = '2026-03-01' "
                "WHERE id = 1")  # fmt: skip

    feed(school)

    assert sql(school, "SELECT phone FROM students WHERE id = 1").scalar() == "+12025550177"
    assert crm.report()["arrivals"] == before


def look(shop: Any, crm: Any, email: str, **values: Any) -> None:
    """Somebody changes a contact in the CRM, and we hear of it."""
    from contacts.store import inbox

    there = next(one for one in crm.contacts(HERE) if one["email"] == email)
    crm.seed(HERE, {"id": there["id"], "values": values})
    with shop.store.write() as tx:
        inbox.look(tx, HERE, [there["id"]], now=shop.clock())
    shop.work()


def test_what_the_crm_never_knew_is_not_taken_from_the_platform(school: Any, crm: Any) -> None:
    feed(school)
    look(school, crm, "s1@example.org", city="London")
    feed(school)

    phones = sql(school, "SELECT phone FROM students ORDER BY id").scalars().all()
    assert phones == [f"+1202555010{n}" for n in range(1, 6)]


def test_what_is_emptied_in_the_crm_is_emptied_on_the_platform(school: Any, crm: Any) -> None:
    with school.store.write() as tx:
        rules = Policy({"phone": Rule(owner=Owner.CRM, blank_clears=True)})
        policies.keep(tx, HERE, rules, now=0)
    feed(school)
    look(school, crm, "s1@example.org", phone="+12025550177")
    look(school, crm, "s1@example.org", phone=None)

    assert sql(school, "SELECT phone FROM students WHERE id = 1").scalar() is None
    assert sql(school, "SELECT phone FROM students WHERE id = 2").scalar() == "+12025550102"


def test_an_email_that_is_changed_there_keeps_the_person(school: Any, crm: Any) -> None:
    feed(school)
    sql(school, "UPDATE students SET email = 'new@example.org', phone = NULL, "
                "changed_at = '2026-03-01' WHERE id = 2")  # fmt: skip

    feed(school)

    assert len(emails(school)) == 5
    assert "new@example.org" in {one["email"] for one in crm.contacts(HERE)}
    assert "s2@example.org" not in {one["email"] for one in crm.contacts(HERE)}


def test_an_email_that_somebody_else_has_is_left_out(school: Any) -> None:
    feed(school)
    sql(school, "UPDATE students SET email = 's3@example.org', first = 'Zoe', "
                "changed_at = '2026-03-01' WHERE id = 2")  # fmt: skip

    feed(school)

    assert emails(school) == [f"s{n}@example.org" for n in range(1, 6)]


def test_two_who_swap_their_emails_are_both_kept(school: Any) -> None:
    feed(school)
    sql(school, "UPDATE students SET email = CASE id WHEN 1 THEN 's2@example.org' "
                "ELSE 's1@example.org' END, changed_at = '2026-03-01' WHERE id < 3")  # fmt: skip

    feed(school)

    assert len(emails(school)) == 5


def test_a_write_back_without_a_job_is_wished_for_again_at_night(school: Any, crm: Any) -> None:
    from worker.tasks import put_what_is_owed

    feed(school)
    there = next(one for one in crm.contacts(HERE) if one["email"] == "s1@example.org")
    crm.seed(HERE, {"id": there["id"], "values": {"phone": "+12025550177"}})
    from contacts.store import inbox

    with school.store.write() as tx:
        inbox.look(tx, HERE, [there["id"]], now=school.clock())
        row = tx.execute(select(contacts).where(contacts.c.email == "s4@example.org")).one()
        lists.want(tx, row.id, "weekly", True, now=1)
    school.run(next(one for one in school.release() if one.kind is Kind.PULL))
    with school.store.write() as tx:
        tx.execute(jobs.delete().where(jobs.c.kind.in_(["platform.push", "platform.list"])))

    assert put_what_is_owed(school.bench) == 2
    school.work()
    assert sql(school, "SELECT phone FROM students WHERE id = 1").scalar() == "+12025550177"
    assert put_what_is_owed(school.bench) == 0


def test_a_list_is_a_column_of_yes_and_no(school: Any) -> None:
    feed(school)
    with school.store.write() as tx:
        row = tx.execute(select(contacts).where(contacts.c.email == "s4@example.org")).one()
        lists.want(tx, row.id, "weekly", True, now=1)

    assert school.work() == ["done"]
    assert sql(school, "SELECT email FROM students WHERE news").scalar() == "s4@example.org"


def test_a_commit_that_fails_leaves_the_cursor_where_it_was(school: Any, open_shop: Any) -> None:
    shaky = school.shaky("well", "before", "before", "before", "before", "before", "before")
    shaky.bench.outlets.close()
    school.put(Wish(Kind.FEED, HERE, lane=Lane.SWEEP))
    shaky.once()

    assert feeds.readings(school.store) == {}
    school.clock.tick(600)
    with school.store.write() as tx:
        tx.execute(jobs.update().values(state="waiting", lease_until=None, due_at=0))
    school.work()
    assert len(emails(school)) == 5
