"""Custom fields that a mapping names and a location does not have. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from contacts.fields import CUSTOM
from contacts.names import hint
from contacts.store.accounts import CustomField
from producers.mapping import Export


def named(export: Export) -> list[str]:
    """The custom fields of the mapping, by our name."""
    return [name for name in export.fields if name.startswith(CUSTOM)]


def unknown(export: Export, known: Sequence[CustomField], location: str) -> dict[str, str]:
    """What is wrong with each custom field that the location does not have, by our name."""
    keys = {one.key for one in known} | {one.id for one in known}
    by_name = {one.name.casefold(): one.key for one in known}
    found: dict[str, str] = {}
    for name in named(export):
        key = name.removeprefix(CUSTOM)
        if key in keys:
            continue
        guess = hint(key, keys)
        if key.casefold() in by_name:
            guess = f'; its key is "{by_name[key.casefold()]}"'
        found[name] = (
            f'is mapped to the custom field "{key}", which location {location} does not have{guess}'
        )
    return found


def without(export: Export, names: Sequence[str]) -> Export:
    """The mapping without these fields."""
    left = {name: column for name, column in export.fields.items() if name not in names}
    return replace(export, fields=left)
