"""``rollbook call``: one operation of the CRM's API by name, or one for each row of a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contacts.errors import UsageError
from producers.cli import call_answers, screen
from producers.cli.options import At
from producers.cli.words import count

if TYPE_CHECKING:
    from producers.asking import Terms
    from producers.cli.door import Door

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
    location: At = None,
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
            raise typer.Exit(call_answers.again(door, answer, answers, json=json))
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
        return call_answers.say(call_answers.settled(door, id, quiet=json), json=json)
    except KeyboardInterrupt:
        screen.remark(f"It goes on in the background: rollbook call --answer {id}")
        return 130


def _warn_if_nobody_works(door: Door) -> None:
    from producers import progress
    from producers.cli.meter import HOW_TO_START

    if missing := progress.missing(door.store):
        screen.warn(f"no {' and no '.join(missing)} is alive: {HOW_TO_START}")


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
