"""``rollbook call``: one operation of the CRM's API by name, or one for each row of a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.words import clock, count

if TYPE_CHECKING:
    from contacts.store.asked import Outcome
    from producers.asking import Terms
    from producers.cli.door import Door

FIRST_LOOK_S = 0.05
LOOK_S = 0.5
BATCH = 1000

REPLACES = frozenset({"contact.update", "contact.upsert"})
"""Operations whose ``tags`` replace all that the contact has."""


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(call)


def call(
    operation: Annotated[
        str | None,
        typer.Argument(
            metavar="OPERATION",
            help="Its name, such as contact.get: `rollbook catalog` lists them.",
            show_default=False,
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE",
            help="Ids, query and body by the CRM's names; lists as a,b or JSON.",
            show_default=False,
        ),
    ] = None,
    *,
    body: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="More values, as one JSON object; - is stdin."),
    ] = None,
    each: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A call for each row of this CSV or NDJSON file."),
    ] = None,
    location: Annotated[
        str | None,
        typer.Option("--location", metavar="ID", help="Location in the CRM, if there are several."),
    ] = None,
    answer: Annotated[
        int | None, typer.Option(metavar="CALL", help="Show what came of this call, again.")
    ] = None,
    answers: Annotated[
        int | None,
        typer.Option(metavar="RUN", help="Show what came of each call of this run, again."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the answer; or only queue it.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Make any call of the CRM's API, as a job: with the limits, retries and audit of the sync.

    It is checked before anything is queued. An answer that is lost is never simply asked for
    twice: docs/calls.md says what happens.
    """
    from producers.cli.door import opened

    if (operation is None) == (answer is None and answers is None):
        raise UsageError("name an operation; or --answer CALL or --answers RUN, alone")
    with opened() as door:
        if operation is None:
            raise typer.Exit(_again(door, answer, answers, json=json))
        terms = _terms(door, operation, location)
        given = _given(values or [], body)
        if terms.operation.name in REPLACES and "tags" in given:
            screen.warn("tags replaces all tags of the contact: contact.tags.add only adds")
        if each is None:
            raise typer.Exit(_single(door, terms, given, wait=wait, json=json))
        raise typer.Exit(_each(door, terms, each, given, wait=wait, json=json))


def _terms(door: Door, name: str, location: str | None) -> Terms:
    from producers import asking

    version = door.settings.crm_version
    found = asking.operation(name, version)
    if found.writes and door.settings.read_only:
        raise UsageError(f"{name} writes, and ROLLBOOK_READ_ONLY is on")
    if door.settings.read_only and found.writes:
        raise UsageError(f"{name} writes to the CRM, and ROLLBOOK_READ_ONLY is on")
    return asking.Terms(found, door.location(location).id, version)


def _given(values: list[str], body: Path | None) -> dict[str, object]:
    """The words, and what the file of the body says beside them.

    Raises:
        UsageError: a key is in both.
    """
    from producers import asking

    given = asking.words(values)
    if body is None:
        return given
    text = sys.stdin.read() if str(body) == "-" else body.read_text(encoding="utf-8")
    more = asking.body(text, "stdin" if str(body) == "-" else str(body))
    if both := sorted(given.keys() & more.keys()):
        raise UsageError(f"{body} and the words both give {', '.join(both)}")
    return given | more


# ---------------------------------------------------------------- one


def _single(door: Door, terms: Terms, given: dict[str, object], *, wait: bool, json: bool) -> int:
    from contacts.jobs import Lane
    from contacts.store import asked
    from producers import asking

    sealed = asked.seal(door.cipher, [(None, asking.one(terms, given))])
    name, now = terms.operation.name, door.store.clock()
    with door.store.write() as tx:
        (id,) = asked.put(tx, terms.location, name, sealed, lane=Lane.LIVE, now=now)
    door.ring()
    if not wait:
        if json:
            screen.emit({"event": "call", "call": id, "operation": terms.operation.name})
        else:
            screen.say(f"Call {id} is queued. Its answer: rollbook call --answer {id}")
        return 0
    _warn_if_nobody_works(door)
    try:
        return say(_settled(door, id, quiet=json), json=json)
    except KeyboardInterrupt:
        screen.remark(f"It goes on in the background: rollbook call --answer {id}")
        return 130


def _warn_if_nobody_works(door: Door) -> None:
    from producers import progress
    from producers.cli.meter import HOW_TO_START

    if missing := progress.missing(door.store):
        screen.warn(f"no {' and no '.join(missing)} is alive: {HOW_TO_START}")


def _settled(
    door: Door, id: int, *, quiet: bool, sleep: Callable[[float], None] = time.sleep
) -> Outcome:
    """Wait until nothing more happens by itself; say why it takes longer, once for each reason."""
    from contacts.store.database import DatabaseDown

    said, wait = "", FIRST_LOOK_S
    while True:
        try:
            found = _standing(door, id)
            if found.over:
                return found
            why = _why(found, door.store.clock())
        except DatabaseDown:
            why = "the database does not answer: waiting for it"
        if why and why != said and not quiet:
            screen.remark(why)
        said = why or said
        sleep(wait)
        wait = min(LOOK_S, wait * 1.3)


def _why(found: Outcome, now: float) -> str:
    if not found.reason:
        return ""
    later = found.due_at is not None and found.due_at > now + 1
    again = f"; again at {clock(found.due_at or now, now)}" if later else ""
    return f"not yet: {found.reason}{again}"


def _standing(door: Door, id: int) -> Outcome:
    from contacts.store import asked

    found = asked.outcome(door.store, id, door.cipher)
    if found is None:
        raise UsageError(f"there is no call {id}, or it is forgotten by now")
    return found


def say(found: Outcome, *, json: bool) -> int:
    """Show how a call stands; returns the exit code."""
    from producers.cli.following import PARKED

    if json:
        screen.emit({"event": "answer"} | as_json(found))
    elif found.answer is not None:
        screen.say(pretty(found.answer))
    elif found.state == "parked":
        screen.warn(f"parked, {found.code}: {found.reason}")
        screen.warn(f"When it is mended: rollbook parked retry {found.job}")
    else:
        screen.say(f"Call {found.id} ({found.operation}) is {_word(found)}.")
    return PARKED if found.state == "parked" else 0


def _word(found: Outcome) -> str:
    words = {"waiting": "waiting", "released": "under way", "gone": "forgotten"}
    why = f": {found.reason}" if found.reason and not found.over else ""
    return words.get(found.state, found.state) + why


def as_json(found: Outcome) -> dict[str, Any]:
    """For machines."""
    return {
        "call": found.id,
        "operation": found.operation,
        "line": found.line,
        "state": found.state,
        "code": None if found.state == "done" else found.code,
        "reason": None if found.state == "done" else found.reason,
        "answer": found.answer,
    }


def pretty(answer: object) -> str:
    """JSON as a person reads it."""
    import orjson

    return orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode()


# ---------------------------------------------------------------- one for each row


def _each(
    door: Door,
    terms: Terms,
    path: Path,
    given: dict[str, object],
    *,
    wait: bool,
    json: bool,
) -> int:
    from producers import asking
    from producers.cli import following

    checked = asking.many(terms, path, given)
    if checked.mistakes:
        lines = asking.told(checked)
        raise UsageError(
            "\n".join([*lines, f"nothing was queued: {count(checked.wrong, 'row')} of it wrong"])
        )
    run = _put(door, terms, path, checked)
    door.ring()
    rows = count(len(checked.requests), "call")
    if json:
        screen.emit({"event": "run", "run": run, "calls": len(checked.requests)})
    else:
        screen.say(f"Run {run}: {rows} of {terms.operation.name} queued.")
    if not wait:
        if not json:
            screen.say(f"It goes on in the background: rollbook status {run}")
        return 0
    _warn_if_nobody_works(door)
    code = following.until_over(door, run, json=json, enough=lambda look: look.jobs.open == 0)
    if not json:
        screen.say(f"The answers: rollbook call --answers {run}")
    return code


def _put(door: Door, terms: Terms, path: Path, checked: Any) -> int:
    """All rows in one transaction, so that a file is queued once or not at all."""
    from contacts.jobs import Lane
    from contacts.store import asked, runs

    name, now = terms.operation.name, door.store.clock()
    sealed = asked.seal(door.cipher, checked.requests)
    with door.store.write() as tx:
        title = f"{name} for each row of {path.name}"
        run = runs.start(tx, location=terms.location, kind="call", title=title, now=now)
        for start in range(0, len(sealed), BATCH):
            part = sealed[start : start + BATCH]
            asked.put(tx, terms.location, name, part, lane=Lane.BULK, run=run, now=now)
        runs.read(tx, run, {"calls": len(checked.requests)}, now)
    return run


def _again(door: Door, one: int | None, run: int | None, *, json: bool) -> int:
    """What came of calls of before."""
    from contacts.store import asked
    from producers.cli import report

    if one is not None:
        return say(_standing(door, one), json=json)
    assert run is not None
    report.find(door.store, run)
    code = 0
    for found in asked.of_run(door.store, run, door.cipher):
        screen.emit(as_json(found))
        code = 3 if found.state == "parked" else code
    return code
