"""What a rule does: wishes of ours like any other, each with the job that fulfils it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from contacts import cleaning
from contacts.contact import fingerprint
from contacts.facts import Facts
from contacts.jobs import Job, Kind, Wish
from contacts.rule_reasons import DOES
from contacts.rules import Action, Do, Firing, filled, wished
from contacts.store import contact_tasks, enrolments, ledger, lists, timeline
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.tables import notes, tags
from contacts.store.timeline import Change, What


@dataclass(frozen=True, slots=True)
class Doing:
    """One firing on its way into the database.

    Attributes:
        facts: of the contact, for the texts.
    """

    tx: Tx
    job: Job
    firing: Firing
    facts: Facts
    now: float

    @property
    def contact(self) -> int:
        """Our id of the contact."""
        return self.job.contact

    def put(self, kind: Kind, subject: int = 0) -> None:
        """Put the job that brings it to where it belongs."""
        job = self.job
        wish = Wish(kind, job.location, job.contact, subject, job.lane, job.run)
        ledger.put(self.tx, [wish], now=self.now)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an action.

    Attributes:
        said: in words without personal data.
        mark: of the change that will be seen because of it; None: none will.
        changes: for the contact's timeline.
    """

    said: str
    mark: str | None = None
    changes: dict[str, Change] | None = None


def do(doing: Doing) -> list[Done]:
    """Everything that a firing's rule does, in its order."""
    found = [_one(doing, action) for action in doing.firing.rule.actions]
    changes = {name: value for one in found for name, value in (one.changes or {}).items()}
    timeline.note(
        doing.tx,
        doing.contact,
        What.RULE,
        changes,
        cause=f"rule {doing.firing.rule.name}",
        job=doing.job,
        now=doing.now,
    )
    return found


def _one(doing: Doing, action: Action) -> Done:
    said = f'{DOES[action.do]} "{action.text.text}"'
    text = filled(action.text, doing.firing, doing.facts, at=doing.now)
    if text is None or not text.strip():
        return Done(f"{said}: left out, for something in it is blank")
    done = _DEEDS[action.do](doing, action, text.strip())
    if done is None:
        return Done(f"{said}: was so already")
    return Done(said, wished(action.do, _spelled(action, text)), done)


def _spelled(action: Action, text: str) -> str:
    tag = action.do in (Do.ADD_TAG, Do.REMOVE_TAG)
    return cleaning.tag(text) if tag else text.strip()


# ---------------------------------------------------------------- each

_Deed = Callable[[Doing, Action, str], dict[str, Change] | None]
"""Returns the changes for the timeline; None: nothing had to be done."""


def _add_tag(doing: Doing, _: Action, text: str) -> dict[str, Change] | None:
    return _tag(doing, cleaning.tag(text), wanted=True)


def _remove_tag(doing: Doing, _: Action, text: str) -> dict[str, Change] | None:
    return _tag(doing, cleaning.tag(text), wanted=False)


def _tag(doing: Doing, tag: str, *, wanted: bool) -> dict[str, Change] | None:
    """Want a tag, or want it no more. What a source said of it stays: a file that says it again
    does not undo a rule."""
    same = (tags.c.contact == doing.contact) & (tags.c.tag == tag)
    row = doing.tx.execute(select(tags.c.wanted).where(same).with_for_update()).first()
    if (False if row is None else bool(row.wanted)) == wanted:
        return None
    if row is None:
        statement = insert(doing.tx, tags).values(contact=doing.contact, tag=tag, wanted=wanted)
        doing.tx.execute(
            statement.on_conflict_do_update(
                index_elements=["contact", "tag"], set_={"wanted": wanted}
            )
        )
    else:
        doing.tx.execute(update(tags).where(same).values(wanted=wanted))
    doing.put(Kind.TAG)
    return {f"{timeline.TAG}{tag}": (not wanted, wanted)}


def _note(doing: Doing, _: Action, text: str) -> dict[str, Change] | None:
    """One text is one note of a contact, whoever wrote it."""
    statement = insert(doing.tx, notes).values(
        contact=doing.contact, fingerprint=fingerprint(text), body=text
    )
    statement = statement.on_conflict_do_nothing(index_elements=["contact", "fingerprint"])
    made = doing.tx.execute(statement.returning(notes.c.id)).scalar_one_or_none()
    if made is None:
        return None
    doing.put(Kind.NOTE, made)
    return {f"{timeline.NOTE}{made}": (None, timeline.excerpt(text))}


def _task(doing: Doing, action: Action, text: str) -> dict[str, Change] | None:
    """A task is known by what it is for; it is due from now on."""
    body = ""
    if action.body is not None:
        body = filled(action.body, doing.firing, doing.facts, at=doing.now) or ""
    contact_tasks.want(
        doing.tx,
        doing.contact,
        title=text,
        body=body.strip(),
        due_at=doing.now + action.due_s,
        key=f"rule {doing.firing.rule.name}: {action.text.text} for {doing.firing.cause}",
        now=doing.now,
        lane=doing.job.lane,
    )
    return {}


def _enrol(doing: Doing, _: Action, text: str) -> dict[str, Change] | None:
    new = enrolments.want(doing.tx, doing.contact, text, now=doing.now)
    return {f"course:{text}": (None, "wanted")} if new else None


def _put_on_list(doing: Doing, _: Action, text: str) -> dict[str, Change] | None:
    return _list(doing, text, wanted=True)


def _take_off_list(doing: Doing, _: Action, text: str) -> dict[str, Change] | None:
    on_it = {one.list for one in lists.of(doing.tx, doing.contact) if one.wanted}
    return _list(doing, text, wanted=False) if text in on_it else None


def _list(doing: Doing, text: str, *, wanted: bool) -> dict[str, Change] | None:
    new = lists.want(doing.tx, doing.contact, text, wanted, now=doing.now)
    return {f"list:{text}": (not wanted, wanted)} if new else None


_DEEDS: Final[dict[Do, _Deed]] = {
    Do.ADD_TAG: _add_tag,
    Do.REMOVE_TAG: _remove_tag,
    Do.NOTE: _note,
    Do.TASK: _task,
    Do.ENROL: _enrol,
    Do.PUT_ON_LIST: _put_on_list,
    Do.TAKE_OFF_LIST: _take_off_list,
}
