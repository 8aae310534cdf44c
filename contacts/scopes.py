"""Which scopes a token needs, by what is switched on: no more than the calls that follow. Pure.

The names of the scopes and which operation needs which are the catalogue's; see the official
list of scopes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from contacts.catalogue import BY_NAME, Operation


@dataclass(frozen=True, slots=True)
class Enabled:
    """What is switched on for a location.

    Attributes:
        version: of the CRM's API.
        read_only: nothing is written to the CRM.
        custom_fields: a mapping or the platform names custom fields.
        tags, notes, tasks: a mapping, a rule or a person gives contacts some.
        agency: the app is installed for agencies, too.
        called: operations that were asked for by name lately.
    """

    version: str
    read_only: bool = False
    custom_fields: bool = False
    tags: bool = False
    notes: bool = False
    tasks: bool = False
    agency: bool = False
    called: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Need:
    """One scope.

    Attributes:
        why: what it is for, half a sentence.
        operations: the calls that need it, by their names in the catalogue.
        without: what happens without it, where the sync can go on; "": it cannot.
    """

    scope: str
    why: str
    operations: tuple[str, ...]
    without: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """Operations that one thing needs, if it is on."""

    on: bool
    why: str
    operations: tuple[str, ...]
    without: str = ""


def needed(enabled: Enabled) -> list[Need]:
    """The scopes, each once, in the order of the catalogue's parts."""
    found: dict[str, Need] = {}
    for part in _parts(enabled):
        for one in _operations(part, enabled):
            need = found.get(one.scope)
            if need is None:
                found[one.scope] = Need(one.scope, part.why, (one.name,), part.without)
                continue
            why = need.why if part.why in need.why else f"{need.why}; {part.why}"
            names = tuple(dict.fromkeys((*need.operations, one.name)))
            # Who cannot go on without it outweighs who can.
            without = need.without if part.without else ""
            found[one.scope] = replace(need, why=why, operations=names, without=without)
    return list(found.values())


def missing(needs: Iterable[Need], has: Collection[str]) -> list[Need]:
    """The needs that a list of scopes does not meet."""
    return [need for need in needs if need.scope not in has]


def spare(needs: Iterable[Need], has: Iterable[str]) -> list[str]:
    """The scopes of a list that nothing needs."""
    return sorted(set(has) - {need.scope for need in needs})


def _parts(enabled: Enabled) -> list[_Part]:
    """What the deeds call; ``tests/contacts/test_scopes.py`` compares with what they did call."""
    return [
        _Part(
            True,
            "reconciliation, scans and webhooks",
            ("contact.get", "contacts.list", "contacts.search"),
        ),
        _Part(
            not enabled.read_only,
            "contacts are found, made and changed",
            ("contact.find", "contact.create", "contact.update"),
        ),
        _Part(
            not enabled.read_only,
            "whether the location refuses a second contact of one email",
            ("location.get",),
            "a look before each first create: one call more",
        ),
        _Part(enabled.tags, "tags", ("contact.tags.add", "contact.tags.remove")),
        _Part(True, "notes that the CRM's people write", ("contact.notes",)),
        _Part(
            enabled.notes,
            "notes",
            ("contact.note.create", "contact.note.update", "contact.note.delete"),
        ),
        _Part(True, "tasks that the CRM's people write", ("contact.tasks",)),
        _Part(
            enabled.tasks,
            "tasks",
            (
                "contact.task.create",
                "contact.task.update",
                "contact.task.complete",
                "contact.task.delete",
            ),
        ),
        _Part(
            enabled.tasks,
            "changes of tasks that no webhook tells",
            ("location.tasks",),
            "a task that was changed in the CRM is only seen where a webhook names its contact",
        ),
        _Part(
            not enabled.read_only,
            "a copy that a late answer left is removed",
            ("contact.delete",),
        ),
        _Part(enabled.custom_fields, "custom fields of the mapping", ("location.custom_fields",)),
        _Part(
            enabled.agency,
            "an agency's installs",
            ("oauth.installed_locations", "oauth.location_token"),
        ),
        _Part(bool(enabled.called), "asked for by name", tuple(sorted(enabled.called))),
    ]


def _operations(part: _Part, enabled: Enabled) -> Iterable[Operation]:
    if not part.on:
        return
    for name in part.operations:
        one = BY_NAME.get(name)
        if one is None or not one.scope or not one.is_in(enabled.version):
            continue
        # To renew access is no write to anybody's data.
        if enabled.read_only and one.writes and one.by_name:
            continue
        yield one
