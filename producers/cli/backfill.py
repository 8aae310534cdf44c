"""``rollbook backfill FILE``: an export into roster and ledger, and then until it is in the CRM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.existence import Existence
from producers.cli import screen
from producers.cli.options import At, Map
from producers.cli.words import count, number

if TYPE_CHECKING:
    from contacts.store.accounts import Location
    from contacts.store.database import Tx
    from producers.backfill import Ended
    from producers.cli.dictionary import Checked
    from producers.cli.door import Door
    from producers.mapping import Export
    from producers.people import People
    from producers.readers import Source
    from producers.rejects import Rejects
    from producers.survey import Tally


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(backfill)


def backfill(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The export: CSV or NDJSON.", show_default=False)
    ],
    *,
    map: Map = None,
    location: At = None,
    rejects: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Where complaints are written. Without it: FILE.rejects.csv."
        ),
    ] = None,
    existence: Annotated[
        Existence,
        typer.Option(
            help="How it is found out who is in the CRM already: by its list, for each by itself, "
            "or by what is cheaper."
        ),
    ] = Existence.AUTO,
    check: Annotated[
        bool, typer.Option("--check", help="Only read the file and write the complaints.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Queue everything, print the run's id and end.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Bring a file of people into the CRM, each once. The same file again costs no call.

    Ctrl-C while the file is read: the same command again resumes. Ctrl-C afterwards: the work goes
    on in the background.
    """
    if check:
        _check(asked_for(file, map, rejects, json=json), location)
        return
    from producers.cli import following
    from producers.cli.door import opened

    asked = asked_for(file, map, rejects, json=json)
    with opened() as door:
        try:
            ended = read_in(door, door.location(location), asked, existence)
        except KeyboardInterrupt:
            screen.remark("Interrupted before anything was queued.")
            raise typer.Exit(following.INTERRUPTED) from None
        if ended.state == "interrupted":
            _say_interrupted(ended, json=json)
            raise typer.Exit(following.INTERRUPTED)
        _say_read(ended, quiet=no_wait, json=json)
        if not no_wait:
            code = following.until_over(door, ended.run, rejects=ended.rejects, json=json)
            raise typer.Exit(code)


# ---------------------------------------------------------------- what is asked for


@dataclass(frozen=True, slots=True)
class Asked:
    """A file that can be read, with a mapping whose columns it has."""

    source: Source
    export: Export
    people: People
    rejects: Path
    json: bool


def asked_for(file: Path, map: Path | None, rejects: Path | None, *, json: bool) -> Asked:
    """Look at file and mapping before anything is opened or written.

    Raises:
        UsageError: the file or the mapping cannot be used.
    """
    from producers.cli import files
    from producers.people import People
    from producers.rejects import where

    source, export = files.mapped(file, map)
    return Asked(source, export, People(export, source.columns), rejects or where(file), json)


def _complaints(asked: Asked, checked: Checked) -> Rejects:
    """The file of complaints, begun with the columns that are left out."""
    from producers.rejects import Complaint, Outcome, Rejects

    made = Rejects(asked.rejects, asked.source.columns)
    made.keep_off(asked.source.path)
    for name, what in checked.wrong.items():
        made.add(1, [Complaint(asked.people.column(name), what)], Outcome.TRIMMED, [])
    return made


@contextmanager
def _whole_or_nothing(complaints: Rejects) -> Iterator[None]:
    """No half file of complaints stays when reading ends before its end."""
    try:
        yield
    except BaseException:
        complaints.abandon()
        raise


def _check(asked: Asked, location: str | None) -> None:
    from producers.cli import dictionary, door
    from producers.cli.reading import reading
    from producers.people import People
    from producers.survey import check

    known = door.known_offline(location)
    checked = dictionary.compare(asked.export, known)
    people = People(checked.export, asked.source.columns)
    complaints = _complaints(asked, checked)
    with reading(json=asked.json) as shown, _whole_or_nothing(complaints):
        tally = check(asked.source, people, known.country, complaints, shown.looked)
    written = complaints.close()
    if asked.json:
        screen.emit(
            {
                "event": "checked",
                "rows": tally.rows,
                "usable": tally.people,
                "left_out": tally.left_out,
                "trimmed": tally.trimmed,
                "rejects": None if written is None else str(written),
            }
        )
        return
    screen.show(
        screen.figures(
            [
                (number(tally.rows), "rows"),
                (number(tally.people), "of them can be used"),
                (number(tally.left_out), "would be left out"),
                (number(tally.trimmed), "would be sent without one of their values"),
            ]
        )
    )
    if written is not None:
        screen.say(f"{written} says which rows, and why.")
    screen.say("Nothing was queued.")


# ---------------------------------------------------------------- reading


def read_in(
    door: Door,
    place: Location,
    asked: Asked,
    existence: Existence = Existence.AUTO,
    *,
    begun: Callable[[Tx, int], None] | None = None,
) -> Ended:
    """Into roster and ledger.

    Args:
        existence: how it is found out who is in the CRM already.
        begun: called with the run, in the transaction that begins it.

    Raises:
        UsageError: the file has no rows, or became unreadable.
    """
    from contacts.errors import UsageError
    from contacts.settings import Reconcile
    from contacts.store import walks
    from producers.backfill import Backfill
    from producers.bell import Bell
    from producers.cli import dictionary
    from producers.cli.reading import reading
    from producers.people import People
    from producers.survey import survey

    if not place.has_token:
        screen.warn(
            f"location {place.id} has no token yet, so its jobs will wait: "
            f"rollbook locations add {place.id}"
        )
    _keep_rules(door, place.id, asked.export)
    checked = dictionary.check(door, asked.export, place)
    people = People(checked.export, asked.source.columns)
    country = place.country or door.settings.country
    with reading(json=asked.json) as shown, closing(Bell(door.settings.redis)) as bell:
        seen = survey(asked.source, people, country, shown.looked)
        if not seen.rows:
            raise UsageError(f"{asked.source.path} has a header and no rows")
        shown.begin(seen.rows)
        complaints = _complaints(asked, checked)
        job = Backfill(
            store=door.store,
            source=asked.source,
            people=people,
            location=place.id,
            country=country,
            rejects=complaints,
            bell=bell,
            recurring=seen.recurring,
            tell=shown.read,
            existence=existence,
            way=walks.way_of(Reconcile.LIST, door.settings.crm_version) or walks.Way.LIST,
        )
        if begun is not None:
            job.begun = begun
        with _whole_or_nothing(complaints):
            ended = job.run()
    if complaints.aside is not None:
        screen.remark(f"An earlier {complaints.path.name} is kept as {complaints.aside.name}.")
    return ended


def _keep_rules(door: Door, location: str, export: Export) -> None:
    """``[sync]`` of the mapping holds for the location from now on, and its fields are synced."""
    from contacts.store import policies
    from producers.cli import fields

    with door.store.write() as tx:
        policies.bring(tx, location, export.fields, now=door.store.clock())
    if export.sync is not None and fields.keep(door, location, export.sync):
        screen.remark(
            f"From now on {export.origin} says who decides over the fields of {location}: "
            "`rollbook fields` shows it."
        )
    if export.rules is not None:
        _load_rules(door, location, export)


def _load_rules(door: Door, location: str, export: Export) -> None:
    """``[[rules]]`` of the mapping hold from now on; before the file is read, so they hear of it.

    Raises:
        UsageError: one names a custom field that the location does not have.
    """
    from contacts.store import accounts
    from producers import rule_files
    from producers.cli import rules
    from producers.mistakes import Check

    known = door.known(accounts.location(door.store, location))
    check = Check(str(export.origin))
    found = rule_files.rules(check, list(export.rules or ()), rules.names(known.custom))
    check.done()
    kept = rules.keep(door, location, found)
    if kept.new or kept.changed or kept.gone:
        screen.remark(rules.sentence(kept, location))


def _say_read(ended: Ended, *, quiet: bool, json: bool) -> None:
    """What was read; with ``quiet`` stdout gets the run's id and nothing else."""
    if json:
        rejects = None if ended.rejects is None else str(ended.rejects)
        screen.emit({"event": "read", "run": ended.run, "rejects": rejects} | ended.tally.counts())
        return
    text = f"Run {ended.run}: {_sentence(ended.tally)}."
    if quiet:
        screen.remark(text)
        screen.say(str(ended.run))
    else:
        screen.say(text)


def _sentence(tally: Tally) -> str:
    """``304 rows read, 301 people, 2 rows left out; 902 jobs queued``."""
    left_out = f", {count(tally.left_out, 'row')} left out" if tally.left_out else ""
    people = count(tally.people, "person", "people")
    return f"{count(tally.rows, 'row')} read, {people}{left_out}; {count(tally.jobs, 'job')} queued"


def _say_interrupted(ended: Ended, *, json: bool) -> None:
    if json:
        screen.emit({"event": "interrupted", "run": ended.run} | ended.tally.counts())
    else:
        screen.say(
            f"Run {ended.run} interrupted: {_sentence(ended.tally)}. What is queued goes on; the "
            "same command again reads the rest, and what is in step by then costs nothing."
        )
