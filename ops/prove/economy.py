"""Are there calls that need not be made? Against the least that any correct client needs.

    python -m ops.prove.economy
    python -m ops.prove.economy --people 8000 --seeds 5

Random schools, some of whose people the CRM has already, under virtual time: the real backfill of a
file, ledger, deeds and list, the stand-in of the CRM without its socket. Each is worked to its end,
and then the calls are counted that came in, beside those that ``ops.prove.least`` reckons, who
knows both sides. Then the same of a night. Exit code 1 when a bound is broken, or when the CRM does
not have in the end what the file says.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from contacts.existence import Existence
from contacts.store import audit, ledger_view, runs, walks
from contacts.store.walks import Way
from ops.prove import least, stage
from ops.prove.least import Least, Somebody
from ops.prove.school import HERE, School
from ops.simulator.seeding import Seed, Seeds, seed
from producers import mapping, readers, rejects
from producers.backfill import Backfill
from producers.bell import Bell
from producers.people import People
from producers.survey import survey

MOST: Final = 1.02
"""Calls made by calls needed."""

SPARE: Final = 3
"""Calls on top, however small the school: is a second contact refused here, a first page to learn
how many there are, a last one that is full."""

MANY: Final = 3.0
"""Beside more others than this for each person no night is played."""

HEADER: Final = ("Email", "First", "Last", "City", "Tag", "Note")
EXPORT: Final = mapping.parse(
    {
        "fields": {"email": "Email", "first_name": "First", "last_name": "Last", "city": "City"},
        "tags": [{"column": "Tag", "separator": ";"}],
        "notes": [{"template": "{Note}"}],
    },
    origin="economy.toml",
)
CRM: Final = {"first_name": "firstName", "last_name": "lastName", "city": "city", "email": "email"}
CITIES: Final = ("Bonn", "Köln", "Trier", "Mainz", "Aachen")
TAGS: Final = ("maths", "music", "physics", "greek")


@dataclass(frozen=True, slots=True)
class Mix:
    """What a school is like; shares of the people of its file.

    Attributes:
        there: are in the CRM already.
        moved: of these, the file says another city.
        lack: of these, lack the file's tags.
        noted: have a note.
        strangers: others that the CRM has, for each person of the file.
        oldest: those that are there were added first, so the list shows them last.
        doubles: the location allows doubles.
    """

    there: float
    moved: float = 0.1
    lack: float = 0.1
    noted: float = 0.3
    strangers: float = 0.0
    oldest: bool = False
    doubles: bool = False


MIXES: Final[dict[str, Mix]] = {
    "all new, nobody there": Mix(0.0),
    "all new, beside as many others": Mix(0.0, strangers=1.0),
    "all new, beside many others": Mix(0.0, strangers=20.0),
    "all there": Mix(1.0, noted=0.0, moved=0.05, lack=0.05),
    "half there": Mix(0.5, strangers=0.5),
    "a tenth there, many others": Mix(0.1, strangers=3.0),
    "a fifth there, the oldest": Mix(0.2, strangers=1.0, oldest=True),
    "half there, doubles allowed": Mix(0.5, strangers=0.5, doubles=True),
    "all new, doubles allowed": Mix(0.0, strangers=1.0, doubles=True),
}


def any_mix(random: Random) -> Mix:
    """A mix that nobody chose."""
    share = random.random
    return Mix(
        there=random.choice([0.0, 1.0, share()]), moved=share(), lack=share(), noted=share(),
        strangers=random.choice([0.0, share(), 3 * share()]), doubles=share() < 0.3,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """What one school cost.

    Attributes:
        by: calls made, by operation.
        wrong: what the CRM has in the end otherwise than it should.
        sentence: how it was chosen who is there.
    """

    name: str
    made: int
    needed: Least
    by: dict[str, int]
    wrong: int
    sentence: str = ""

    @property
    def ratio(self) -> float:
        return self.made / max(self.needed.total, 1)

    @property
    def holds(self) -> bool:
        return not self.wrong and self.made <= MOST * self.needed.total + SPARE


# ---------------------------------------------------------------- a school


def populate(random: Random, mix: Mix, number: int) -> tuple[list[Somebody], list[Somebody]]:
    """The people of the file, and the CRM's in the order of its list."""
    file, there = [], []
    for n in range(number):
        person = _person(random, n, mix)
        file.append(person)
        if random.random() < mix.there:
            moved, lacks = random.random() < mix.moved, random.random() < mix.lack
            city = random.choice([c for c in CITIES if c != person.fields["city"]])
            tags = frozenset({"vip"}) if lacks else person.tags | {"vip"}
            fields = {**person.fields, "city": city} if moved else person.fields
            there.append(Somebody(person.email, fields, tags))
    others = [
        replace(_person(random, n, mix), email=f"other{n}@example.org", notes=())
        for n in range(round(number * mix.strangers))
    ]
    others = [replace(one, fields={**one.fields, "email": one.email}) for one in others]
    if mix.oldest:
        return file, others + there
    both = others + there
    random.shuffle(both)
    return file, both


def _person(random: Random, n: int, mix: Mix) -> Somebody:
    email = f"student{n}@example.org"
    fields = {
        "email": email, "first_name": random.choice(["Ada", "Bob", "Cem"]),
        "last_name": f"Mc{n}", "city": random.choice(CITIES),
    }  # fmt: skip
    tags = frozenset(random.sample(TAGS, random.randint(1, 2)))
    notes = (f"Enrolled as number {n}",) if random.random() < mix.noted else ()
    return Somebody(email, fields, tags, notes)


def settle(school: School, there: Sequence[Somebody]) -> None:
    """They are in the CRM, the first of them added last."""
    now = school.world.now_ms()
    seed(
        school.world,
        Seeds(
            location=HERE,
            contacts=tuple(
                Seed(
                    values={CRM[name]: value for name, value in one.fields.items()},
                    tags=tuple(sorted(one.tags)),
                    added_ms=now - 1000 * place,
                )
                for place, one in enumerate(there, start=1)
            ),
        ),
    )


def give(school: School, file: Sequence[Somebody], existence: Existence = Existence.AUTO) -> int:
    """A backfill of these people, worked to its end; returns the run."""
    run = read(school, file, existence)
    work(school)
    return run


def read(school: School, file: Sequence[Somebody], existence: Existence = Existence.AUTO) -> int:
    """A file of these people is read; returns the run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "students.csv"
        with path.open("w", newline="", encoding="utf-8") as out:
            write = csv.writer(out)
            write.writerow(HEADER)
            for one in file:
                f = one.fields
                write.writerow([f["email"], f["first_name"], f["last_name"], f["city"],
                                ";".join(sorted(one.tags)), *one.notes])  # fmt: skip
        source = readers.open_source(path)
        people = People(EXPORT, source.columns)
        return (
            Backfill(
                store=school.store,
                source=source,
                people=people,
                location=HERE,
                country="US",
                rejects=rejects.Rejects(rejects.where(path), source.columns),
                bell=Bell(None),
                recurring=survey(source, people, "US").recurring,
                existence=existence,
            )
            .run()
            .run
        )


def work(school: School) -> None:
    """Work until nothing is owed."""
    while True:
        school.work()
        if not ledger_view.counts(school.store).open:
            return
        school.clock.now += 60


def calls(school: School) -> Counter[str]:
    """Calls so far."""
    return Counter({one.operation: one.calls for one in audit.by_operation(school.store)})


def wrong(school: School, file: Sequence[Somebody]) -> int:
    """People whom the CRM has not, twice, or otherwise than the file."""
    there: dict[str, list[Any]] = {}
    for one in school.world.books[HERE].contacts.values():
        if not one.deleted:
            there.setdefault(str(one.values.get("email")), []).append(one)
    bad = 0
    for person in file:
        found = there.get(person.email, [])
        bad += len(found) != 1 or not (
            all(found[0].values.get(CRM[name]) == v for name, v in person.fields.items())
            and person.tags <= set(found[0].tags)
            and {note.body for note in found[0].notes} >= set(person.notes)
        )
    return bad


# ---------------------------------------------------------------- what it costs


def backfill(name: str, mix: Mix, people: int, chance: int) -> list[Shown]:
    """A first backfill; the next file, of which some has changed; and a night."""
    random = Random(f"{name} {chance}")
    place = {"allow_duplicates": True} if mix.doubles else {}
    with stage.in_memory(random, place=place) as school:
        file, there = populate(random, mix, people)
        settle(school, there)
        school.room = 20  # ROLLBOOK_IN_FLIGHT
        needed = least.of_backfill(
            file, there, tag_batch=batch(school), doubles_refused=not mix.doubles
        )
        run = give(school, file)
        first = _shown(school, Shown(name, 0, needed, {}, wrong(school, file)), Counter(), run)
        return [first, _again(school, name, file, doubles=mix.doubles)] + (
            # A night takes everybody in whom nobody knew, by a read each: it proves nothing more.
            list(_night(school, name)) if mix.strangers <= MANY else []
        )


def batch(school: School) -> int:
    """How many people one call of tags may be for."""
    return int(getattr(school.bench.settings, "tag_batch", 1))


def _again(school: School, name: str, file: list[Somebody], *, doubles: bool) -> Shown:
    """The file of the day after: a tenth moved, some got a tag, a few are new."""
    random, before = school.random, calls(school)
    school.clock.now += 86_400
    there = _listed(school)
    news = [
        replace(
            one,
            fields={**one.fields, "city": random.choice(CITIES)}
            if random.random() < 0.1
            else one.fields,
            tags=one.tags | {"spring"} if random.random() < 0.1 else one.tags,
            linked=True,
        )
        for one in file
    ]
    mix = Mix(0.0)
    more = max(len(file) // 20, 1)
    news += [_person(random, len(file) + n, mix) for n in range(more)]
    needed = least.of_backfill(news, there, tag_batch=batch(school), doubles_refused=not doubles)
    run = give(school, news)
    file[:] = news
    shown = Shown(f"{name}: the next day", 0, needed, {}, wrong(school, news))
    return _shown(school, shown, before, run)


def _night(school: School, name: str) -> Iterator[Shown]:
    """Nothing changed; then 3 % were changed there, of which no webhook told."""
    for share in (0.0, 0.03):
        school.clock.now += 86_400
        before = calls(school)
        living = [c for c in school.world.books[HERE].contacts.values() if not c.deleted]
        agreed = [_as_is(one) for one in living]
        for one in living:
            if school.random.random() < share:
                school.person_edits(one.id, values={"city": "Worms"})
        there = [_as_is(c) for c in school.world.books[HERE].contacts.values() if not c.deleted]
        with school.store.write() as tx:
            run = walks.begin(tx, HERE, way=Way.LIST, title="night", now=school.clock())
        assert run is not None
        work(school)
        needed = least.of_night(agreed, there, agreed)
        what = f"{name}: a night, {share:.0%} changed"
        if not share:
            needed.calls["reads"] += _strangers(school, before)
        yield _shown(school, Shown(what, 0, needed, {}, 0), before, run)


def _strangers(school: School, before: Counter[str]) -> int:
    """Contacts that nobody here knew are read once, when they are taken in."""
    return (calls(school) - before)["contact.get"]


def _listed(school: School) -> list[Somebody]:
    """The CRM's contacts as its list has them, by our names."""
    living = [one for one in school.world.books[HERE].contacts.values() if not one.deleted]
    living.sort(key=lambda one: (one.added_ms, one.id), reverse=True)
    return [
        Somebody(
            str(one.values.get("email")),
            {ours: str(one.values[crm]) for ours, crm in CRM.items() if one.values.get(crm)},
            frozenset(one.tags),
            tuple(note.body for note in one.notes),
        )
        for one in living
    ]


def _as_is(one: Any) -> Somebody:
    return Somebody(str(one.values.get("email")), dict(one.values), frozenset(one.tags))


def _shown(school: School, shown: Shown, before: Counter[str], run: int) -> Shown:
    """With the calls that were made since."""
    made = calls(school) - before
    found = runs.get(school.store, run)
    kept = found.existence if found else None
    sentence = f"{kept['state']}: {kept['why']}, {kept['pages']} pages" if kept else ""
    return replace(shown, made=made.total(), by=dict(made), sentence=sentence)


def table(shown: Sequence[Shown]) -> Table:
    """For people."""
    found = Table("School", title="Calls made, and the least possible")
    for head in ("made", "least", "ratio", "otherwise than the file"):
        found.add_column(head, justify="right")
    found.add_column("who is there?")
    for one in shown:
        mark = "" if one.holds else " [red]too many[/red]"
        found.add_row(one.name, f"{one.made:,}", f"{one.needed.total:,}",
                      f"{one.ratio:.4f}{mark}", f"{one.wrong}", one.sentence)  # fmt: skip
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Run it; exit code 1 when a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.economy", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--people", type=int, default=3000, help="of the file (3,000)")
    parser.add_argument("--seeds", type=int, default=1, help="schools of each kind, and of any")
    options = parser.parse_args(words)
    console, began = Console(highlight=False, width=150), time.monotonic()
    plays = [
        (name, mix, options.people, chance)
        for chance in range(1, options.seeds + 1)
        for name, mix in [*MIXES.items(), (f"any, {chance}", any_mix(Random(chance)))]
    ]
    with stage.pool(len(plays)) as pool:
        parts = [pool.submit(backfill, *play) for play in plays]
        shown = [one for part in parts for one in part.result()]
    console.print(table(shown))
    broken = [one for one in shown if not one.holds]
    for one in broken:
        console.print(f"[red]{one.name}[/]: {one.made} calls, {one.needed.total} needed: "
                      f"{one.by}, {dict(one.needed.calls)}, {one.wrong} wrong")  # fmt: skip
    console.print(f"{time.monotonic() - began:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
