"""A task of a contact is written once, and what either side does to it is so on both."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest

from contacts import events
from contacts.contact import Person
from contacts.jobs import Kind, Wish
from contacts.store import contact_tasks, history, inbox, roster, task_walk
from contacts.store.contact_tasks import ContactTask
from worker.tasks import put_what_is_owed

ADA, HERE = "ada@example.org", "loc1"
BASE = "/contacts/{id}/tasks"
LIST, WRITE, SEARCH = f"GET {BASE}", f"POST {BASE}", "POST /locations/{id}/tasks/search"
PUT, DELETE = f"PUT {BASE}/{{thing}}", f"DELETE {BASE}/{{thing}}"
COMPLETE = f"{PUT}/completed"
DUE = 1_800_100_000.0


@pytest.fixture
def shop(sqlite_store: Any, open_shop: Any, simulator: Any, clock: Any) -> Any:
    """A worker whose CRM lives by the same clock; ``crm`` is the CRM."""
    return opened(sqlite_store, open_shop, simulator(clock=clock))


def opened(store: Any, open_shop: Any, crm: Any) -> Any:
    made = open_shop(store, crm)
    made.crm = crm
    return made


@pytest.fixture
def ada(shop: Any) -> int:
    contact = int(shop.person(ADA))
    shop.work()
    return contact


def want(shop: Any, contact: int, key: str = "rule 7", **more: Any) -> int:
    ask = {"title": "Call Ada", "body": "about the invoice", "due_at": DUE} | more
    with shop.store.write() as tx:
        return contact_tasks.want(tx, contact, key=key, now=shop.clock(), **ask)


def written(shop: Any, contact: int, **more: Any) -> int:
    task = want(shop, contact, **more)
    assert set(shop.work()) == {"done"}
    return task


def theirs(shop: Any) -> list[dict[str, Any]]:
    (one,) = shop.crm.contacts(HERE)
    return list(one["tasks"])


def ours(shop: Any, contact: int) -> list[ContactTask]:
    with shop.store.read() as tx:
        return contact_tasks.of(tx, contact)


def calls(shop: Any, operation: str) -> int:
    return int(shop.crm.report()["by_operation"].get(operation, 0))


def person(shop: Any, **task: Any) -> None:
    """Somebody writes or changes a task in the CRM."""
    (one,) = shop.crm.contacts(HERE)
    shop.crm.seed(HERE, {"id": one["id"], "tasks": [task]})


def hear(shop: Any, type: str, task: dict[str, Any], *, bare: bool = False, **more: Any) -> None:
    """A webhook comes."""
    shown = {k: v for k, v in task.items() if k not in ("completed", *(["contactId"] * bare))}
    body = {"type": type, "locationId": HERE, "webhookId": uuid.uuid4().hex, **shown, **more}
    with shop.store.write() as tx:
        inbox.receive(tx, [events.read(orjson.dumps(body), now=shop.clock())], now=shop.clock())


def lost(shop: Any, contact: int) -> list[tuple[Any, str]]:
    with shop.store.read() as tx:
        return [(one.lost, one.side) for one in history.of(tx, contact)]


# ---------------------------------------------------------------- ours, there


def test_a_task_is_one_call_without_a_look(shop: Any, ada: int) -> None:
    written(shop, ada)

    (task,) = theirs(shop)
    assert (task["title"], task["body"], task["completed"]) == (
        "Call Ada",
        "about the invoice",
        False,
    )
    assert task["dueDate"] == "2027-01-16T11:46:40.000Z"
    assert (calls(shop, WRITE), calls(shop, LIST)) == (1, 0)
    assert ours(shop, ada)[0].remote_id == task["id"]


def test_the_same_wish_again_is_the_same_task_and_no_job(shop: Any, ada: int) -> None:
    task = written(shop, ada)
    assert want(shop, ada) == task
    assert shop.work() == []


def test_the_same_wish_again_does_not_open_a_task_that_was_completed(shop: Any, ada: int) -> None:
    written(shop, ada)
    person(shop, id=theirs(shop)[0]["id"], values={"completed": True})
    hear(shop, "TaskComplete", theirs(shop)[0])
    shop.work()
    want(shop, ada)
    assert shop.work() == []
    assert theirs(shop)[0]["completed"] is True


def test_another_title_under_the_same_key_changes_the_task(shop: Any, ada: int) -> None:
    written(shop, ada)
    want(shop, ada, title="Write to Ada")
    assert shop.work() == ["done"]
    assert [task["title"] for task in theirs(shop)] == ["Write to Ada"]
    assert (calls(shop, WRITE), calls(shop, PUT)) == (1, 1)


def test_completed_here_it_is_completed_there_by_the_call_that_does_no_more(
    shop: Any, ada: int
) -> None:
    task = written(shop, ada)
    with shop.store.write() as tx:
        assert contact_tasks.complete(tx, task, now=shop.clock())
    assert shop.work() == ["done"]
    assert theirs(shop)[0]["completed"] is True
    assert (calls(shop, COMPLETE), calls(shop, PUT)) == (1, 0)


def test_deleted_here_it_is_deleted_there_and_not_wanted_again(shop: Any, ada: int) -> None:
    task = written(shop, ada)
    with shop.store.write() as tx:
        contact_tasks.delete(tx, task, now=shop.clock())
    shop.work()
    want(shop, ada, title="Write to Ada")
    assert shop.work() == []
    assert (theirs(shop), calls(shop, DELETE)) == ([], 1)


def test_deleted_before_it_was_written_it_is_never_written(shop: Any, ada: int) -> None:
    task = want(shop, ada)
    with shop.store.write() as tx:
        contact_tasks.delete(tx, task, now=shop.clock())
    shop.work()
    assert calls(shop, WRITE) == 0


def test_changed_between_the_call_and_its_commit_it_is_changed_by_the_next_job(
    shop: Any, ada: int
) -> None:
    from worker import contact_tasks as deed

    task = want(shop, ada)

    def meanwhile(job: Any, bench: Any, trail: Any) -> Any:
        effect = deed.task(job, bench, trail)
        with shop.store.write() as tx:
            contact_tasks.change(tx, task, {"title": "Write to Ada"}, now=shop.clock())
        return effect

    shop.once(meanwhile)
    shop.work()
    assert [one["title"] for one in theirs(shop)] == ["Write to Ada"]
    assert calls(shop, WRITE) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "after"},
        {"kind": "truncate"},
        {"kind": "error", "when": "after", "status": 500},
    ],
    ids=["no answer", "half an answer", "500"],
)
def test_after_a_lost_answer_the_task_is_looked_for_and_found(
    shop: Any, ada: int, fault: dict[str, Any]
) -> None:
    shop.crm.fault(times=1, operations=[WRITE], **fault)
    want(shop, ada)
    shop.work()
    shop.clock.tick(60)
    assert shop.work() == ["done"]
    assert (len(theirs(shop)), calls(shop, WRITE), calls(shop, LIST)) == (1, 1, 1)


def test_changed_while_its_answer_was_lost_it_is_found_and_changed(shop: Any, ada: int) -> None:
    shop.crm.fault("drop", when="after", times=1, operations=[WRITE])
    want(shop, ada)
    shop.work()
    want(shop, ada, title="Write to Ada")
    shop.clock.tick(60)
    shop.work()
    assert [one["title"] for one in theirs(shop)] == ["Write to Ada"]
    assert calls(shop, WRITE) == 1


def test_a_lost_answer_to_one_of_two_equal_tasks_makes_no_third(shop: Any, ada: int) -> None:
    written(shop, ada, key="rule 7")
    shop.crm.fault("drop", when="after", times=1, operations=[WRITE])
    want(shop, ada, key="rule 8")
    shop.work()
    shop.clock.tick(60)
    shop.work()
    assert len(theirs(shop)) == len({one.remote_id for one in ours(shop, ada)}) == 2


def test_deleted_there_and_not_heard_of_our_change_finds_it_gone(shop: Any, ada: int) -> None:
    written(shop, ada)
    person(shop, id=theirs(shop)[0]["id"], deleted=True)
    want(shop, ada, title="Write to Ada")
    assert shop.work() == ["done"]
    assert ours(shop, ada)[0].gone
    assert theirs(shop) == []


def test_a_refusal_of_a_task_that_is_there_is_told(shop: Any, ada: int) -> None:
    task = written(shop, ada)
    with shop.store.write() as tx:
        contact_tasks.change(tx, task, {"title": ""}, now=shop.clock())
    (shown,) = shop.work()
    assert shown.startswith("Parked: crm-refused")


LIE = {"kind": "error", "when": "after", "status": 422, "message": "Unprocessable Entity"}


def test_a_422_for_a_task_that_was_written_is_looked_at(shop: Any, ada: int) -> None:
    shop.crm.fault(times=1, operations=[WRITE], **LIE)

    task = written(shop, ada)

    assert [one.remote_id for one in ours(shop, ada)] == [one["id"] for one in theirs(shop)]
    assert (task, calls(shop, LIST)) == (ours(shop, ada)[0].id, 1)


def test_a_422_for_a_task_that_was_not_written_is_told(shop: Any, ada: int) -> None:
    shop.crm.fault(times=1, operations=[WRITE], **LIE | {"when": "before"})
    want(shop, ada)

    (shown,) = shop.work()

    assert shown.startswith("Parked: crm-refused")
    assert theirs(shop) == []


@pytest.mark.parametrize(("when", "ends"), [("after", "done"), ("before", "Parked: crm-refused")])
def test_after_a_422_to_a_change_the_task_is_looked_at(
    shop: Any, ada: int, when: str, ends: str
) -> None:
    written(shop, ada)
    shop.crm.fault(times=1, operations=[PUT], **LIE | {"when": when})
    want(shop, ada, title="Call Ada back")

    (shown,) = shop.work()

    assert shown.startswith(ends)
    assert calls(shop, LIST) == 1
    assert theirs(shop)[0]["title"] == ("Call Ada back" if when == "after" else "Call Ada")


@pytest.mark.parametrize(("when", "ends"), [("after", "done"), ("before", "Parked: crm-refused")])
def test_after_a_422_to_a_deletion_the_task_is_looked_for(
    shop: Any, ada: int, when: str, ends: str
) -> None:
    task = written(shop, ada)
    shop.crm.fault(times=1, operations=[DELETE], **LIE | {"when": when})
    with shop.store.write() as tx:
        contact_tasks.delete(tx, task, now=shop.clock())

    (shown,) = shop.work()

    assert shown.startswith(ends)
    assert len(theirs(shop)) == (0 if when == "after" else 1)


def test_without_its_contact_in_the_crm_it_waits_for_a_person(shop: Any) -> None:
    with shop.store.write() as tx:
        (done,) = roster.upsert(tx, HERE, [Person({"email": ADA})], now=shop.clock())
    want(shop, done.contact)
    (shown,) = shop.work()
    assert shown.startswith("Parked: not-linked")


# ---------------------------------------------------------------- theirs, here


def test_a_task_completed_there_is_completed_here_by_one_read(shop: Any, ada: int) -> None:
    written(shop, ada)
    person(shop, id=theirs(shop)[0]["id"], values={"completed": True})
    hear(shop, "TaskComplete", theirs(shop)[0])
    assert shop.work() == ["done"]
    assert ours(shop, ada)[0].completed
    assert calls(shop, LIST) == 1


def test_the_echoes_of_our_own_writes_cost_no_call(shop: Any, ada: int) -> None:
    task = written(shop, ada)
    hear(shop, "TaskCreate", theirs(shop)[0], bare=True)
    hear(shop, "TaskCreate", theirs(shop)[0])
    with shop.store.write() as tx:
        contact_tasks.complete(tx, task, now=shop.clock())
    shop.work()
    hear(shop, "TaskComplete", theirs(shop)[0])
    shop.work()
    assert calls(shop, LIST) == calls(shop, SEARCH) == 0


def test_a_task_that_people_write_is_kept_with_its_id_there(shop: Any, ada: int) -> None:
    values = {"title": "Invoice", "dueDate": "2027-01-16T12:00:00Z", "assignedTo": "user1"}
    person(shop, values=values)
    hear(shop, "TaskCreate", theirs(shop)[0])
    shop.work()
    (task,) = ours(shop, ada)
    assert (task.title, task.theirs, task.remote_id) == ("Invoice", True, theirs(shop)[0]["id"])
    assert task.values["assigned_to"] == "user1"
    assert calls(shop, WRITE) == 0


def test_an_event_without_a_contact_is_handed_over_by_one_search(shop: Any, ada: int) -> None:
    person(shop, values={"title": "Invoice", "dueDate": "2027-01-16T12:00:00Z"})
    hear(shop, "TaskCreate", theirs(shop)[0], bare=True)
    assert shop.work() == ["done", "done"]
    assert [task.title for task in ours(shop, ada)] == ["Invoice"]
    assert (calls(shop, SEARCH), calls(shop, LIST)) == (1, 1)


def test_an_event_without_a_contact_of_a_task_that_we_know_needs_no_search(
    shop: Any, ada: int
) -> None:
    written(shop, ada)
    person(shop, id=theirs(shop)[0]["id"], values={"completed": True})
    hear(shop, "TaskComplete", theirs(shop)[0], bare=True)
    shop.work()
    assert ours(shop, ada)[0].completed
    assert calls(shop, SEARCH) == 0


def test_an_echo_that_outruns_our_commit_waits_for_it(shop: Any, ada: int) -> None:
    from worker import contact_tasks as deed

    want(shop, ada)

    def overtaken(job: Any, bench: Any, trail: Any) -> Any:
        effect = deed.task(job, bench, trail)
        hear(shop, "TaskCreate", theirs(shop)[0], bare=True)
        (echo,) = shop.release()
        assert shop.run(echo).startswith("Retry: a task of that title is being written")
        return effect

    shop.once(overtaken)
    shop.clock.tick(10)
    shop.work()
    assert len(ours(shop, ada)) == 1
    assert calls(shop, LIST) == calls(shop, SEARCH) == 0


def test_a_task_that_the_search_does_not_show_is_left_to_the_night(shop: Any, ada: int) -> None:
    person(shop, values={"title": "Invoice", "dueDate": "2027-01-16T12:00:00Z"})
    hear(shop, "TaskCreate", {"id": "elsewhere", "title": "Invoice"}, bare=True)
    for _ in range(3):
        shown = shop.work()
        shop.clock.tick(60)
    assert shown == ["done"]
    assert shop.work() == []


def test_without_the_scope_nothing_waits_for_a_person(
    sqlite_store: Any, open_shop: Any, simulator: Any, clock: Any
) -> None:
    scopes = ["contacts.readonly", "contacts.write", "locations/customFields.readonly"]
    tokens = [{"token": "pit-secret", "location": HERE, "scopes": scopes}]
    shop = opened(sqlite_store, open_shop, simulator(clock=clock, tokens=tokens))
    contact = shop.person(ADA)
    shop.work()
    person(shop, values={"title": "Invoice", "dueDate": "2027-01-16T12:00:00Z"})
    hear(shop, "TaskCreate", theirs(shop)[0], bare=True)
    assert shop.work() == ["done"]
    assert written(shop, contact)


def test_deleted_there_it_is_gone_here_and_not_wanted_again(shop: Any, ada: int) -> None:
    written(shop, ada)
    (task,) = theirs(shop)
    person(shop, id=task["id"], deleted=True)
    hear(shop, "TaskDelete", task)
    shop.work()
    want(shop, ada, title="Write to Ada")
    assert shop.work() == []
    assert ours(shop, ada)[0].gone


def test_what_each_side_changed_of_a_task_is_on_both(shop: Any, ada: int) -> None:
    written(shop, ada)
    (task,) = theirs(shop)
    person(shop, id=task["id"], values={"title": "Call Ada back", "completed": True})
    hear(shop, "TaskComplete", {**task, "title": "Call Ada back"})
    want(shop, ada, body="about the refund")
    shop.work()
    (there,) = theirs(shop)
    assert (there["title"], there["body"], there["completed"]) == (
        "Call Ada back",
        "about the refund",
        True,
    )
    assert ours(shop, ada)[0].values["title"] == "Call Ada back"
    assert lost(shop, ada) == []


def test_of_two_titles_ours_counts_and_theirs_is_kept(shop: Any, ada: int) -> None:
    written(shop, ada)
    (task,) = theirs(shop)
    person(shop, id=task["id"], values={"title": "Call Ada back", "completed": True})
    hear(shop, "TaskComplete", {**task, "title": "Call Ada back"})
    read, *_ = shop.release()
    want(shop, ada, title="Write to Ada")
    shop.run(read)
    shop.work()
    assert theirs(shop)[0]["title"] == ours(shop, ada)[0].title == "Write to Ada"
    assert lost(shop, ada) == [("Call Ada back", "theirs")]


# ---------------------------------------------------------------- the night


def night(shop: Any) -> None:
    put_what_is_owed(shop.bench)
    assert set(shop.work()) <= {"done"}


def test_the_night_finds_what_no_event_tells(shop: Any, ada: int) -> None:
    written(shop, ada)
    (task,) = theirs(shop)
    person(shop, id=task["id"], values={"title": "Call Ada back"})
    shop.clock.tick(3600)

    night(shop)

    assert ours(shop, ada)[0].title == "Call Ada back"
    assert (calls(shop, SEARCH), calls(shop, LIST)) == (2, 1)


def test_the_night_finds_a_task_that_was_deleted_without_an_event(shop: Any, ada: int) -> None:
    written(shop, ada)
    person(shop, id=theirs(shop)[0]["id"], deleted=True)
    shop.clock.tick(3600)
    night(shop)
    assert ours(shop, ada)[0].gone


def test_a_night_in_which_nothing_changed_reads_the_pages_and_no_more(shop: Any, ada: int) -> None:
    written(shop, ada)
    shop.clock.tick(3600)
    night(shop)
    shop.clock.tick(3600)
    night(shop)
    assert (calls(shop, LIST), calls(shop, PUT), calls(shop, WRITE)) == (0, 0, 1)


def test_a_walk_goes_on_page_by_page(
    sqlite_store: Any, open_shop: Any, simulator: Any, clock: Any
) -> None:
    shop = opened(sqlite_store, open_shop, simulator(clock=clock, quirks={"task_search_most": 2}))
    contact = shop.person(ADA)
    shop.work()
    for number in range(5):
        written(shop, contact, key=f"rule {number}", title=f"Task {number}")
        shop.clock.tick(1)
    for task in theirs(shop):
        person(shop, id=task["id"], values={"body": "changed"})
    shop.clock.tick(3600)

    night(shop)

    assert {one.values["body"] for one in ours(shop, contact)} == {"changed"}
    assert (calls(shop, SEARCH), calls(shop, LIST)) == (4, 1)


def test_a_search_that_repeats_its_page_is_not_followed_for_ever(shop: Any, ada: int) -> None:
    written(shop, ada)
    page = {theirs(shop)[0]["id"]: ("nobody", dict(ours(shop, ada)[0].values))}
    shop.clock.tick(3600)
    job = type("J", (), {"location": HERE, "lane": None, "run": None})()
    with shop.store.write() as tx:
        task_walk.begin(tx, HERE, now=shop.clock())
        assert task_walk.pass_by(tx, job, page, now=shop.clock())
        assert not task_walk.pass_by(tx, job, page, now=shop.clock())


def test_a_location_without_tasks_pays_nothing_for_the_night(shop: Any, ada: int) -> None:
    night(shop)
    assert calls(shop, SEARCH) == 0


def test_a_walk_without_the_scope_is_parked_and_says_so(
    sqlite_store: Any, open_shop: Any, simulator: Any, clock: Any
) -> None:
    scopes = ["contacts.readonly", "contacts.write"]
    tokens = [{"token": "pit-secret", "location": HERE, "scopes": scopes}]
    shop = opened(sqlite_store, open_shop, simulator(clock=clock, tokens=tokens))
    shop.put(Wish(Kind.TASK_WALK, HERE))
    (shown,) = shop.work()
    assert shown == (
        "Parked: scope: tasks cannot be searched: the token needs locations/tasks.readonly"
    )
