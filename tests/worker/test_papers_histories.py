"""Notes and tasks that both sides change at random: in the end both hold the same, each once.

Webhooks come late, twice and out of order; answers are lost. What the model knows is the order in
which things were done, and that is all the oracle needs: whoever moved a note last has it.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contacts import events
from contacts.jobs import Kind, Lane, Wish
from contacts.store import contact_tasks, history, inbox, ledger, notebook
from tests.conftest import examples
from worker.tasks import put_what_is_owed

ADA, HERE = "ada@example.org", "loc1"
NOTES, TASKS = "/contacts/{id}/notes", "/contacts/{id}/tasks"
WRITES = tuple(
    f"{verb} {path}{rest}"
    for path in (NOTES, TASKS)
    for verb, rest in (("POST", ""), ("PUT", "/{thing}"), ("DELETE", "/{thing}"))
)
DUE = 1_800_100_000.0

a_history = settings(
    # 300 of each were run by hand when this was written; so many fit into a test.
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass
class Story:
    """One contact on two sides, and the webhooks that are under way."""

    shop: Any
    crm: Any
    contact: int
    person: str
    pending: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    texts: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    def there(self, kind: str) -> dict[str, dict[str, Any]]:
        (one,) = self.crm.contacts(HERE)
        return {thing["id"]: thing for thing in one[kind]}

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Whatever changes in the CRM causes webhooks, with the time of the change."""
        before = {kind: self.there(kind) for kind in ("notes", "tasks")}
        yield
        for kind, name in (("notes", "Note"), ("tasks", "Task")):
            old, new = before[kind], self.there(kind)
            for id, thing in new.items():
                if id not in old:
                    self._tell(f"{name}Create", thing)
                elif thing != old[id] and name == "Note":
                    self._tell("NoteUpdate", thing)
                if name == "Task" and thing["completed"] and not old.get(id, {}).get("completed"):
                    self._tell("TaskComplete", thing)
            for id in old.keys() - new.keys():
                self._tell(f"{name}Delete", old[id])

    def _tell(self, type: str, thing: dict[str, Any]) -> None:
        shown = {name: value for name, value in thing.items() if name != "completed"}
        if type == "TaskCreate":
            shown = {name: v for name, v in shown.items() if name not in ("contactId", "body")}
        stamp = {"timestamp": _instant(self.shop.clock())}
        self.pending.append({"type": type, "locationId": HERE, **shown, **stamp})

    def deliver(self, payload: dict[str, Any]) -> None:
        body = orjson.dumps({**payload, "webhookId": uuid.uuid4().hex})
        now = self.shop.clock()
        with self.shop.store.write() as tx:
            inbox.receive(tx, [events.read(body, now=now)], now=now)
        self.sent.append(payload)

    def work(self) -> None:
        """Do what is due, and what is due a minute later, until nothing is left."""
        for _ in range(12):
            with self.heard():
                self.shop.work()
            self.shop.clock.tick(60)
            rows = self.shop.rows()
            if not any(row.state == "waiting" for row in rows):
                break
        assert not [row.reason for row in rows if row.state in ("waiting", "parked")]

    def once(self) -> None:
        """Do what is due now: what was not answered waits for its backoff."""
        with self.heard():
            self.shop.work()

    def writes(self) -> int:
        counts = self.crm.report()["by_operation"]
        return sum(counts.get(name, 0) for name in WRITES)


def _instant(seconds: float) -> str:
    from worker.crm.paper import instant

    return instant(seconds)


@pytest.fixture
def open_story(sqlite_store: Any, open_shop: Any, simulator: Any, clock: Any) -> Any:
    """Makes a new contact each time, on one store and one CRM: hypothesis asks often."""
    crm = simulator(clock=clock)
    shop = open_shop(sqlite_store, crm, attempts=20)

    def make() -> Story:
        crm.clear_faults()
        crm.delete(HERE)
        contact = shop.person(f"{uuid.uuid4().hex}@example.org")
        shop.work()
        (person,) = crm.contacts(HERE)
        return Story(shop, crm, contact, person["id"])

    return make


# ---------------------------------------------------------------- notes

KEYS = ("order 1", "order 2")
NOTE_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from(KEYS), st.booleans()),
        st.tuples(st.just("delete"), st.sampled_from(KEYS)),
        st.tuples(st.just("person"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("person deletes"), st.integers(0, 3)),
        st.tuples(st.just("person writes")),
        st.tuples(st.just("work")),
        st.tuples(st.just("once")),
        st.tuples(st.just("hear"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("lose"), st.sampled_from(WRITES[:3])),
        st.tuples(st.just("say unanswered"), st.sampled_from(KEYS)),
        st.tuples(st.just("race"), st.sampled_from(KEYS), st.booleans()),
    ),
    min_size=3,
    max_size=18,
)


@dataclass
class NoteModel:
    """Who did what last, by key; theirs by id."""

    said: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    typed: list[str] = field(default_factory=list)


def ids(story: Story) -> dict[str, tuple[str, int]]:
    """Key and row of each note of ours that the CRM has, by its id there."""
    with story.shop.store.read() as tx:
        pages = notebook.of(tx, story.contact)
    marks = {notebook.Said(story.contact, "", key).mark: key for key in KEYS}
    from sqlalchemy import select

    from contacts.store.tables import notes

    with story.shop.store.read() as tx:
        rows = {row.id: row.fingerprint for row in tx.execute(select(notes))}
    return {
        page.remote_id: (marks.get(rows[page.id], page.remote_id), page.id)
        for page in pages
        if page.remote_id
    }


def key_of(story: Story, id: str) -> str:
    return ids(story).get(id, (id, 0))[0]


def step(story: Story, model: NoteModel, what: tuple[Any, ...]) -> None:
    shop = story.shop
    shop.clock.tick(20)
    if what[0] == "say":
        key, again = what[1:]
        text = model.said.get(key) if again else None
        text = text or f"{key}: text {next(story.texts)}"
        with shop.store.write() as tx:
            notebook.want(tx, story.contact, body=text, key=key, now=shop.clock())
        if model.said.get(key) != text and key not in model.gone:
            model.last[key] = text
        model.said[key] = text
    elif what[0] == "delete":
        with shop.store.read() as tx:
            names = {mark_key(story, key): key for key in KEYS}
            found = [p.id for p in notebook.of(tx, story.contact) if key_row(story, p.id) in names]
            found = [id for id in found if names[key_row(story, id)] == what[1]]
        for id in found:
            with shop.store.write() as tx:
                if notebook.delete(tx, id, now=shop.clock()):
                    wish = Wish(Kind.NOTE, HERE, story.contact, id, Lane.LIVE)
                    ledger.put(tx, [wish], now=shop.clock())
            model.gone.add(what[1])
    elif what[0] in ("person", "person deletes"):
        notes = sorted(story.there("notes"))
        if not notes:
            return
        id = notes[what[1] % len(notes)]
        text: str | None = None
        if what[0] == "person":
            text = f"typed {next(story.texts)}"
            if what[2] and model.typed:
                text = model.typed[-1]
        known = key_of(story, id)
        if known == id and id not in model.last and ours_in_doubt(story, id):
            return  # whose it is, nobody here can know yet
        if text is not None and story.there("notes")[id]["body"] == text:
            return
        with story.heard():
            story.crm.seed(HERE, {"id": story.person, "edited": {id: text}})
        if text is None:
            model.gone.add(known)
        elif known not in model.gone:
            model.last[known] = text
            model.typed.append(text)
    elif what[0] == "person writes":
        text = f"written {next(story.texts)}"
        before = set(story.there("notes"))
        with story.heard():
            story.crm.seed(HERE, {"id": story.person, "notes": [text]})
        (id,) = set(story.there("notes")) - before
        model.last[id] = text
    elif what[0] == "work":
        story.work()
    elif what[0] == "once":
        story.once()
    elif what[0] == "hear" and story.pending:
        payload = story.pending[what[1] % len(story.pending)]
        if not what[2]:
            story.pending.remove(payload)
        story.deliver(payload)
    elif what[0] == "lose":
        story.crm.fault("drop", when="after", times=1, operations=[what[1]])
    elif what[0] == "race":
        race(story, model, *what[1:])
    elif what[0] == "say unanswered":
        story.crm.fault("drop", when="after", times=1, operations=list(WRITES[:2]))
        step(story, model, ("say", what[1], False))
        story.once()


def race(story: Story, model: NoteModel, key: str, person_first: bool) -> None:
    """Both change one note, and ours is written before theirs is heard of."""
    number = [key_of(story, id) for id in sorted(story.there("notes"))]
    if key not in number:
        return
    both = [("say", key, False), ("person", number.index(key), False)]
    for one in reversed(both) if person_first else both:
        step(story, model, one)
    story.once()


def mark_key(story: Story, key: str) -> str:
    return notebook.Said(story.contact, "", key).mark


def key_row(story: Story, id: int) -> str:
    from sqlalchemy import select

    from contacts.store.tables import notes

    with story.shop.store.read() as tx:
        return str(tx.execute(select(notes.c.fingerprint).where(notes.c.id == id)).scalar_one())


def ours_in_doubt(story: Story, id: str) -> bool:
    """A note of ours whose answer was lost: it is there, and we do not know its id."""
    body = story.there("notes")[id]["body"]
    return not body.startswith(("written", "typed"))


# A list, which gives no time, shows a person's later edit before its webhook, and ours covers it.
SHOWN_BEFORE_IT_WAS_TOLD: list[tuple[Any, ...]] = [
    ("say", "order 1", False),
    ("say unanswered", "order 2"),
    ("work",),
    ("delete", "order 1"),
    ("hear", 0, False),
    ("race", "order 2", False),
]


@a_history
@given(steps=NOTE_STEPS)
@example(steps=SHOWN_BEFORE_IT_WAS_TOLD)
def test_notes_end_the_same_on_both_sides_each_once(open_story: Any, steps: Any) -> None:
    story, model = open_story(), NoteModel()
    for one in steps:
        step(story, model, one)
    story.crm.clear_faults()
    for _ in range(6):
        story.work()
        while story.pending:
            story.deliver(story.pending.pop(0))
    story.work()

    there = story.there("notes")
    with story.shop.store.read() as tx:
        pages = notebook.of(tx, story.contact)
    live = {p.remote_id: p.body for p in pages if p.remote_id and not (p.gone or p.deleted)}
    assert {id: note["body"] for id, note in there.items()} == live
    found = {key_of(story, id): note["body"] for id, note in there.items()}
    assert found == {key: text for key, text in model.last.items() if key not in model.gone}
    assert len(found) == len(there)

    before = story.writes()
    for payload in list(story.sent):
        story.deliver(payload)
    story.work()
    assert story.writes() == before
    assert story.there("notes") == there


# ---------------------------------------------------------------- tasks

TASK_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("want"), st.sampled_from(KEYS), st.sampled_from(["title", "body"])),
        st.tuples(st.just("complete"), st.sampled_from(KEYS), st.booleans()),
        st.tuples(st.just("delete"), st.sampled_from(KEYS)),
        st.tuples(st.just("person"), st.integers(0, 3), st.sampled_from(["title", "body"])),
        st.tuples(st.just("person completes"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("person deletes"), st.integers(0, 3)),
        st.tuples(st.just("person writes")),
        st.tuples(st.just("work")),
        st.tuples(st.just("once")),
        st.tuples(st.just("night")),
        st.tuples(st.just("hear"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("lose"), st.sampled_from(WRITES[3:])),
    ),
    min_size=3,
    max_size=18,
)


@dataclass
class TaskModel:
    """How many people wrote, what was wanted, and every text that anybody typed."""

    wanted: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    written: int = 0
    deleted: int = 0
    doubtful: set[str] = field(default_factory=set)


def task_step(story: Story, model: TaskModel, what: tuple[Any, ...]) -> None:
    shop = story.shop
    shop.clock.tick(20)
    now = shop.clock()
    tasks = sorted(story.there("tasks"))
    if what[0] == "want":
        key, name = what[1:]
        ask = model.wanted.setdefault(key, {"title": f"{key}: call", "body": "", "due_at": DUE})
        ask[name] = f"{key}: {name} {next(story.texts)}"
        with shop.store.write() as tx:
            model.rows[key] = contact_tasks.want(tx, story.contact, key=key, now=now, **ask)
    elif what[0] in ("complete", "delete") and what[1] in model.rows:
        with shop.store.write() as tx:
            if what[0] == "delete":
                contact_tasks.delete(tx, model.rows[what[1]], now=now)
            else:
                contact_tasks.complete(tx, model.rows[what[1]], now=now, completed=what[2])
    elif what[0].startswith("person ") and what[0] != "person writes" and tasks:
        id = tasks[what[1] % len(tasks)]
        told: dict[str, Any] = {"id": id}
        if what[0] == "person deletes":
            told["deleted"] = True
        else:
            told["values"] = {"completed": what[2]}
        with story.heard():
            story.crm.seed(HERE, {"id": story.person, "tasks": [told]})
        model.deleted += what[0] == "person deletes"
    elif what[0] == "person" and tasks:
        id = tasks[what[1] % len(tasks)]
        if known_task(story, id):
            values = {what[2]: f"typed {next(story.texts)}"}
            with story.heard():
                story.crm.seed(HERE, {"id": story.person, "tasks": [{"id": id, "values": values}]})
    elif what[0] == "person writes":
        values = {"title": f"written {next(story.texts)}", "dueDate": _instant(DUE)}
        with story.heard():
            story.crm.seed(HERE, {"id": story.person, "tasks": [{"values": values}]})
        model.written += 1
    elif what[0] == "work":
        story.work()
    elif what[0] == "once":
        story.once()
    elif what[0] == "night":
        put_what_is_owed(shop.bench)
        story.work()
    elif what[0] == "hear" and story.pending:
        payload = story.pending[what[1] % len(story.pending)]
        if not what[2]:
            story.pending.remove(payload)
        story.deliver(payload)
    elif what[0] == "lose":
        story.crm.fault("drop", when="after", times=1, operations=[what[1]])


def known_task(story: Story, id: str) -> bool:
    with story.shop.store.read() as tx:
        known = {one.remote_id for one in contact_tasks.of(tx, story.contact)}
    return id in known or story.there("tasks")[id]["title"].startswith(("written", "typed"))


@a_history
@given(steps=TASK_STEPS)
def test_tasks_end_the_same_on_both_sides_each_once(open_story: Any, steps: Any) -> None:
    story, model = open_story(), TaskModel()
    for one in steps:
        task_step(story, model, one)
    story.crm.clear_faults()
    for _ in range(4):
        story.work()
        while story.pending:
            story.deliver(story.pending.pop(0))
        put_what_is_owed(story.shop.bench)
    story.work()

    there = story.there("tasks")
    with story.shop.store.read() as tx:
        tasks = contact_tasks.of(tx, story.contact)
        lost = {loss.lost for loss in history.of(tx, story.contact)}
    live = {t.remote_id: t for t in tasks if t.remote_id and not (t.gone or t.deleted)}
    assert there.keys() == live.keys()
    for id, task in there.items():
        ours = live[id].values
        assert (task["title"], task.get("body") or "", task["completed"]) == (
            ours["title"],
            ours["body"],
            ours["completed"],
        )
    # Each that was wanted or written is there once, or was deleted.
    made = {t.remote_id for t in tasks if t.remote_id}
    assert len(made) == sum(t.remote_id is not None for t in tasks)
    assert sum(t.theirs for t in tasks) <= model.written
    assert len(tasks) <= model.written + len(model.rows)
    assert lost is not None

    before = story.writes()
    for payload in list(story.sent):
        story.deliver(payload)
    put_what_is_owed(story.shop.bench)
    story.work()
    assert story.writes() == before
    assert story.there("tasks") == there
