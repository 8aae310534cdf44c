"""What people do in the CRM itself: contacts that are typed, edited, deleted and brought back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from ops.simulator import shapes, tasks, values
from ops.simulator.config import BadConfig, Name
from ops.simulator.strict import Strict
from ops.simulator.world import ADDITIONAL, Contact, Note, Task, Ties, World

DAY_MS: Final = 86_400_000


class SeedTask(Strict):
    """A task that a person writes or changes; ``values`` by the API's names."""

    id: str | None = None
    values: Mapping[str, Any] = {}
    deleted: bool = False


class Seed(Strict):
    """A contact, new or, with the id of one that is there, changed. What is not named stays.

    Attributes:
        values: by the API's names; None takes one away. ``additionalEmails`` can only be set here.
        custom: by the id of the custom field; None takes one away.
        notes: are added.
        edited: other texts of notes by their ids; None deletes one.
        appointments: are added; by the API's names.
        tasks: are added; with the id of one that is there, it is changed.
        added_ms: when a new one was added, milliseconds since the epoch; None is now.
        deleted: True deletes, False brings back.
    """

    id: str | None = None
    values: Mapping[str, Any] = {}
    tags: tuple[str, ...] | None = None
    custom: Mapping[str, Any] = {}
    notes: tuple[str, ...] = ()
    edited: Mapping[str, str | None] = {}
    tasks: tuple[SeedTask, ...] = ()
    appointments: tuple[Mapping[str, Any], ...] = ()
    added_ms: int | None = None
    deleted: bool | None = None


class Seeds(Strict):
    """Contacts of a location."""

    location: Name
    contacts: tuple[Seed, ...]


def seed(world: World, seeds: Seeds) -> dict[str, Any]:
    """Do what a person would do in the CRM; nothing is checked for duplicates.

    Returns:
        the ids in the order given.

    Raises:
        BadConfig: no such location.
    """
    _known(world, seeds.location)
    return {"ids": [_put(world, seeds.location, one) for one in seeds.contacts]}


def _put(world: World, location: str, one: Seed) -> str:
    now = world.now_ms()
    old = world.find(one.id) if one.id else None
    if old is None:
        added = now if one.added_ms is None else one.added_ms
        old = Contact(one.id or world.new_id(), location, added, now, {})
    elif old.location != location:
        raise BadConfig(f"contacts: {one.id} is a contact of another location")
    quirks = world.config.quirks
    notes = [replace(note, body=one.edited.get(note.id, note.body) or "") for note in old.notes]
    notes = [note for note in notes if note.body or note.id not in one.edited]
    notes += [Note(world.new_id(), body, now) for body in one.notes]
    world.put(
        replace(
            old,
            values=_merged(old.values, one.values),
            custom=_merged(old.custom, one.custom),
            tags=old.tags if one.tags is None else values.tags(one.tags, quirks),
            notes=tuple(notes),
            tasks=_tasks(world, old.tasks, one.tasks),
            ties=_ties(world, old.ties, one.appointments),
            updated_ms=now,
            deleted=old.deleted if one.deleted is None else one.deleted,
        )
    )
    return old.id


def _tasks(world: World, old: tuple[Task, ...], told: Iterable[SeedTask]) -> tuple[Task, ...]:
    found = {task.id: task for task in old}
    for one in told:
        id = one.id or world.new_id()
        was = found.get(id) or Task(id, world.now_ms(), {"completed": False})
        found[id] = replace(was, values={**was.values, **tasks.values(one.values)})
        if one.deleted:
            del found[id]
    return tuple(found.values())


def _ties(world: World, old: Ties, appointments: Iterable[Mapping[str, Any]]) -> Ties:
    made = tuple({"id": world.new_id(), **one} for one in appointments)
    return replace(old, appointments=(*old.appointments, *made)) if made else old


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**old, **new}.items() if value is not None}


def delete(world: World, location: str, ids: Iterable[str] | None) -> int:
    """Delete contacts as a person does, softly; None is everybody. Returns how many.

    Raises:
        BadConfig: no such location.
    """
    _known(world, location)
    contacts = world.books[location].contacts
    wanted = list(contacts) if ids is None else [id for id in ids if id in contacts]
    living = [contacts[id] for id in wanted if not contacts[id].deleted]
    for one in living:
        world.put(replace(one, deleted=True, updated_ms=world.now_ms()))
    return len(living)


class Restoring(Strict):
    """Contacts that a person brings back."""

    location: Name
    ids: tuple[str, ...]


def restore(world: World, asked: Restoring) -> None:
    """Bring deleted contacts back, as a person does within 60 days (help centre).

    Two help articles contradict each other on whether notes and tasks come back: a switch.

    Raises:
        BadConfig: no such location, or no contact that can be brought back.
    """
    _known(world, asked.location)
    book, quirks, now = world.books[asked.location].contacts, world.config.quirks, world.now_ms()
    for id in asked.ids:
        one = book.get(id)
        if one is None or not one.deleted:
            raise BadConfig(f"ids: {id} is no deleted contact")
        if now - one.updated_ms > quirks.restore_days * DAY_MS:
            raise BadConfig(f"ids: {id} was deleted more than {quirks.restore_days:g} days ago")
    for id in asked.ids:
        one = replace(book[id], deleted=False, updated_ms=now)
        world.put(one if quirks.restore_brings_notes else replace(one, notes=(), tasks=()))


class Merge(Strict):
    """Contacts that a person merges into another one: that one keeps its values."""

    location: Name
    into: Name
    ids: tuple[str, ...]


def merge(world: World, asked: Merge) -> None:
    """Merge contacts as a person does: blanks are filled, emails and phones kept beside the first.

    Raises:
        BadConfig: no such location or contact.
    """
    _known(world, asked.location)
    book = world.books[asked.location].contacts
    missing = [id for id in (asked.into, *asked.ids) if id not in book]
    if missing:
        raise BadConfig(f"ids: there is no contact {missing[0]}")
    for id in asked.ids:
        child, now = book[id], world.now_ms()
        tells = world.config.quirks.merge_tells_of_children
        world.put(replace(child, deleted=True, updated_ms=now), silently=not tells)
        master = book[asked.into]
        values = {**child.values, **master.values}
        for identity, further in ADDITIONAL.items():
            kept = master.names(identity)
            more = [one for one in child.names(identity) if one not in kept]
            if kept and more:
                values[further] = [*master.values.get(further, ()), *more]
        world.put(
            replace(
                master,
                values=values,
                custom={**child.custom, **master.custom},
                tags=tuple(dict.fromkeys((*master.tags, *child.tags))),
                notes=(*master.notes, *child.notes),
                tasks=(*master.tasks, *child.tasks),
                ties=_both(master.ties, child.ties),
                updated_ms=now,
            )
        )


def _both(master: Ties, child: Ties) -> Ties:
    """A guess: nothing is published of followers and campaigns of those who are merged."""
    return Ties(
        followers=tuple(dict.fromkeys((*master.followers, *child.followers))),
        business=master.business or child.business,
        campaigns=tuple(dict.fromkeys((*master.campaigns, *child.campaigns))),
        workflows={**child.workflows, **master.workflows},
        appointments=(*master.appointments, *child.appointments),
    )


def dump(world: World, location: str, *, deleted: bool = False) -> list[dict[str, Any]]:
    """All contacts of a location with tags, notes and tasks, oldest first.

    Raises:
        BadConfig: no such location.
    """
    _known(world, location)
    return [
        shapes.read(one, world.config.quirks)
        | {
            "notes": [shapes.note(note, one.id) for note in one.notes],
            "tasks": [shapes.task(task, one.id) for task in one.tasks],
            "deleted": one.deleted,
        }
        for one in world.books[location].contacts.values()
        if deleted or not one.deleted
    ]


def _known(world: World, location: str) -> None:
    if location not in world.locations:
        raise BadConfig(f"location: there is no location {location}")
