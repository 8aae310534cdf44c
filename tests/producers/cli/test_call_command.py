"""`rollbook call`: checked before anything is queued, and the answer as the CRM gave it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contacts.catalogue import OPERATIONS
from contacts.jobs import Job, Kind
from contacts.store import asked, ledger, runs
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from producers.cli import call_answers
from producers.cli.door import Door

from .conftest import HERE, finish, park, settings_of, take

ADA = "xkTr0yM1hCYCHAoNy2aP"


@pytest.fixture
def cipher(folder: Path) -> Cipher:
    return Cipher.from_settings(settings_of(folder))


def answer(store: Store, job: Job, cipher: Cipher, **found: Any) -> None:
    """Be a worker: the CRM answers this."""
    with store.write() as tx:
        asked.answer(tx, job.subject, found, cipher, now=store.clock())
    finish(store, job)


def sent(store: Store, cipher: Cipher) -> list[Any]:
    """What the workers would send."""
    with store.read() as tx:
        found = [asked.get(tx, job.subject, cipher) for job in take(store)]
    return [one.request for one in found if one is not None]


def test_a_call_is_a_live_job_and_its_answer_is_shown_later(
    rollbook: Any, book: Store, location: str, cipher: Cipher
) -> None:
    said = rollbook("call", "contact.get", f"contactId={ADA}", "--no-wait")
    assert said.out == "Call 1 is queued. Its answer: rollbook call --answer 1\n"
    (job,) = take(book)
    assert (job.kind, job.lane, job.contact, job.subject) == (Kind.CALL, "live", 0, 1)
    assert rollbook("call", "--answer", "1").out == "Call 1 (contact.get) is under way.\n"

    answer(book, job, cipher, contact={"id": ADA})

    assert json.loads(rollbook("call", "--answer", "1").out) == {"contact": {"id": ADA}}
    (line,) = rollbook("call", "--answer", "1", "--json").lines
    assert (line["event"], line["state"]) == ("answer", "done")


def test_while_it_waits_it_says_why_and_then_gives_the_answer(
    book: Store, location: str, cipher: Cipher, folder: Path, rollbook: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    rollbook("call", "location.tags", "--no-wait")
    door = Door(settings_of(folder), book)
    looks = []

    def work(seconds: float) -> None:
        looks.append(seconds)
        (job,) = take(book)
        if len(looks) == 1:
            with book.write() as tx:
                ledger.later(tx, job, now=0, seconds=0, code="crm-busy", reason="asked for a pause")
        else:
            answer(book, job, cipher, tags=[])

    found = call_answers.settled(door, 1, quiet=False, sleep=work)

    assert found.answer == {"tags": []}
    assert "not yet: asked for a pause" in capsys.readouterr().err


def test_a_parked_call_says_why_and_what_to_do(rollbook: Any, book: Store, location: str) -> None:
    rollbook("call", "contact.get", f"contactId={ADA}", "--no-wait")
    (job,) = take(book)
    park(book, job, code="scope", reason="the token lacks the scope contacts.readonly")

    said = rollbook("call", "--answer", "1")

    assert said.code == 3
    assert "parked, scope: the token lacks" in said.err
    assert f"rollbook parked retry {job.id}" in said.err


def test_words_body_and_types_become_what_the_crm_takes(
    rollbook: Any, book: Store, location: str, cipher: Cipher, folder: Path
) -> None:
    body = folder / "more.json"
    body.write_text('{"customFields": [{"key": "level", "field_value": 3}], "city": null}')
    words = ["firstName=Ada", "dnd=true", "tags=a, b", "email=null"]

    said = rollbook("call", "contact.upsert", *words, "--body", str(body), "--no-wait")

    assert "tags replaces all tags" in said.err
    (request,) = sent(book, cipher)
    assert request.body == {
        "locationId": HERE, "firstName": "Ada", "dnd": True, "tags": ["a", "b"], "email": None,
        "customFields": [{"key": "level", "field_value": 3}], "city": None,
    }  # fmt: skip


def test_the_body_may_come_by_stdin(
    rollbook: Any, book: Store, location: str, cipher: Cipher
) -> None:
    said = rollbook("call", "contact.note.create", f"contactId={ADA}", "--body", "-", "--no-wait",
                    stdin='{"body": "Paid by card"}')  # fmt: skip

    assert said.code == 0
    (request,) = sent(book, cipher)
    assert (request.ids, request.body) == ((ADA,), {"body": "Paid by card"})


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["contact.notes.creat"], 'did you mean "contact.note.create"?'),
        (["contacts.lookup", "email=a@b.co"], "is not in version 2021-07-28 of the CRM's API: use"),
        (["oauth.token"], "rollbook connect does it"),
        (["contact.get"], "contactId is needed: an id of the CRM"),
        (["contact.get", "contactId=a b"], "contactId cannot be an id of the CRM"),
        (["contact.get", f"contactID={ADA}"], 'did you mean "contactId"?; it takes contactId'),
        (["contact.get", ADA], f'"{ADA}" is not key=value'),
        (["contact.get", "contactId=a", "contactId=b"], "contactId is given twice"),
        (["contact.task.complete", f"contactId={ADA}", "taskId=t", "completed=perhaps"],
         "completed must be true or false"),
        (["contacts.bulk.tags", "type=ad", "contacts=a", "tags=b"], "type must be add or remove"),
        (["contacts.bulk.business", "ids=" + ",".join(f"c{n}" for n in range(51)),
          "businessId=b"], "ids has 51 values; the CRM takes 50 at once"),
        (["contacts.search", "pageLimit=5", "locationId=elsewhere"], "name it by --location"),
        (["contact.note.create", f"contactId={ADA}", "body=null", "pinned=1"],
         "pinned must be true or false"),
        ([], "name an operation"),
        (["contact.get", "--answer", "1"], "name an operation; or --answer CALL"),
        (["--answer", "9"], "there is no call 9"),
        (["--answers", "9"], "there is no run 9"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_and_nothing_is_queued(
    rollbook: Any, book: Store, location: str, words: list[str], what: str
) -> None:
    said = rollbook("call", *words)

    assert (said.code, said.out) == (2, "")
    assert what in said.err
    assert take(book) == []


def test_in_read_only_mode_a_write_is_refused_and_a_read_is_not(
    rollbook: Any, book: Store, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_READ_ONLY", "true")

    assert "ROLLBOOK_READ_ONLY is on" in rollbook("call", "contact.upsert", "city=x").err
    assert rollbook("call", "location.tags", "--no-wait").code == 0


def test_every_mistake_is_told_at_once(rollbook: Any, book: Store, location: str) -> None:
    said = rollbook("call", "contact.task.create", "titel=x")

    assert said.err.splitlines() == [
        "rollbook: contact.task.create: contactId is needed: an id of the CRM",
        "rollbook: contact.task.create: title is needed: a text",
        "rollbook: contact.task.create: dueDate is needed: a text",
        "rollbook: contact.task.create: completed is needed: true or false",
        'rollbook: contact.task.create: titel is not a field of contact.task.create; did you mean '
        '"title"?; it takes contactId, title, body, dueDate, completed, assignedTo',
    ]  # fmt: skip


def test_a_broken_body_names_its_line_and_repeats_nothing(
    rollbook: Any, book: Store, location: str, folder: Path
) -> None:
    (folder / "b.json").write_text('{"body":\n "secret words" oops}')

    said = rollbook("call", "contact.note.create", f"contactId={ADA}", "--body", "b.json")

    assert (said.code, said.err) == (2, "rollbook: b.json:2: is not JSON\n")


# ---------------------------------------------------------------- a file

TASKS = "contactId,title,completed\nc1,Call,false\nc2,Write,true\n"


def test_each_row_is_a_job_of_one_run_with_what_all_have_in_common(
    rollbook: Any, book: Store, location: str, cipher: Cipher, folder: Path
) -> None:
    (folder / "t.csv").write_text(TASKS)

    said = rollbook("call", "contact.task.create", "dueDate=2027-01-01", "--each", "t.csv",
                    "--no-wait")  # fmt: skip

    assert said.out.startswith("Run 1: 2 calls of contact.task.create queued.")
    (run,) = runs.recent(book)
    assert (run.kind, run.title) == ("call", "contact.task.create for each row of t.csv")
    requests = sent(book, cipher)
    assert [one.ids for one in requests] == [("c1",), ("c2",)]
    assert requests[1].body == {"title": "Write", "dueDate": "2027-01-01", "completed": True}


def test_one_wrong_row_queues_nothing_and_all_wrong_ones_are_told(
    rollbook: Any, book: Store, location: str, folder: Path
) -> None:
    (folder / "t.csv").write_text("contactId,title,completed\nc1,Call,no\n,Write,true\n")

    said = rollbook("call", "contact.task.create", "dueDate=x", "--each", "t.csv")

    assert said.code == 2
    assert said.err.splitlines() == [
        "rollbook: t.csv:2: completed must be true or false",
        "rollbook: t.csv:3: contactId is needed: an id of the CRM",
        "rollbook: nothing was queued: 2 rows of it wrong",
    ]
    assert (take(book), runs.recent(book)) == ([], [])


def test_ndjson_keeps_its_types(
    rollbook: Any, book: Store, location: str, cipher: Cipher, folder: Path
) -> None:
    rows = [{"contactId": "c1", "city": None, "tags": ["a,b"]}, {"contactId": "c2", "dnd": False}]
    (folder / "r.ndjson").write_text("\n".join(json.dumps(row) for row in rows))

    assert rollbook("call", "contact.update", "--each", "r.ndjson", "--no-wait").code == 0

    one, two = sent(book, cipher)
    assert (one.body, two.body) == ({"city": None, "tags": ["a,b"]}, {"dnd": False})


def test_the_answers_of_a_run_are_a_line_for_each_row(
    rollbook: Any, book: Store, location: str, cipher: Cipher, folder: Path
) -> None:
    (folder / "ids.csv").write_text("contactId\nc1\nc2\n")
    rollbook("call", "contact.get", "--each", "ids.csv", "--no-wait")
    first, second = take(book)
    answer(book, first, cipher, contact={"id": "c1"})
    park(book, second, code="crm-refused", reason="the CRM no longer knows the contact")

    said = rollbook("call", "--answers", "1")

    one, two = said.lines
    assert said.code == 3
    assert (one["line"], one["answer"]) == (2, {"contact": {"id": "c1"}})
    assert (two["line"], two["state"], two["code"]) == (3, "parked", "crm-refused")


def test_an_empty_file_is_said(rollbook: Any, book: Store, location: str, folder: Path) -> None:
    (folder / "ids.csv").write_text("contactId\n")

    assert "has a header and no rows" in rollbook("call", "contact.get", "--each", "ids.csv").err


def test_every_operation_that_can_be_asked_for_is_counted_in_the_page_about_it() -> None:
    page = (Path(__file__).parents[3] / "docs" / "calls.md").read_text(encoding="utf-8")

    assert f"All {sum(one.by_name for one in OPERATIONS)} operations" in page
