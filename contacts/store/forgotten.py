"""Who must not come in again: people who were forgotten on request, known by keyed hashes only.

Each is an HMAC under a key that is not in the database, so a copy of the database tells nobody
whose they are. Whatever makes a contact here (``roster.upsert``, ``newcomers.place``) asks first.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from sqlalchemy import delete, select

from contacts.cleaning import Value
from contacts.errors import UsageError
from contacts.settings import Settings
from contacts.store import keyring
from contacts.store.cipher import Cipher
from contacts.store.database import Store, Tx
from contacts.store.inserting import insert
from contacts.store.matching import chunks
from contacts.store.tables import forgotten as table

OPTION: Final = "rollbook_forgotten_key"
PURPOSE: Final = "forgotten"


def use(store: Store, settings: Settings) -> None:
    """Let the transactions of a store know the key. It is read when somebody was forgotten."""

    @cache
    def key() -> bytes:
        return keyring.rooted(store, Cipher.from_settings(settings)).derive(PURPOSE)

    use_key(store, key)


def use_key(store: Store, key: Callable[[], bytes]) -> None:
    """The same with any key."""
    store.know(**{OPTION: key})


def remember(
    tx: Tx,
    location: str,
    known: Mapping[str, Sequence[str]],
    remotes: Iterable[str],
    *,
    now: float,
) -> None:
    """Let nobody of these emails, phones or ids in the CRM in again.

    Args:
        known: under ``email`` and ``phone``, former ones too.
        remotes: ids of the contact in the CRM, former ones too.
    """
    emails, phones = known.get("email", ()), known.get("phone", ())
    names = [f"remote {id}" for id in remotes] + [f"email {email}" for email in emails]
    names += [f"phone {phone}" for phone in phones]
    if not emails:
        # A phone that two share with different emails is not the person: docs/decisions/0005.
        names += [f"only phone {phone}" for phone in phones]
    if names:
        tx.execute(
            insert(tx, table).on_conflict_do_nothing(index_elements=["mark"]),
            [{"mark": mark, "at": now} for mark in _marks(tx, location, names)],
        )


def allow(tx: Tx, location: str, known: Mapping[str, Value]) -> bool:
    """A person of that email or phone may come in again; returns whether they were forgotten.

    The contact of the CRM that they were stays forgotten, unless a source names them first: then
    it is found by their email.
    """
    names = [f"email {known['email']}"] if known.get("email") else []
    if known.get("phone"):
        names += [f"phone {known['phone']}", f"only phone {known['phone']}"]
    marks = _marks(tx, location, names)
    return bool(tx.execute(delete(table).where(table.c.mark.in_(marks))).rowcount)


def among(tx: Tx, location: str, people: Sequence[Mapping[str, Value]]) -> set[int]:
    """Which of these, by their place in the list, were forgotten."""
    if not people or not _anybody(tx):
        return set()
    asked = [_asked(values) for values in people]
    named = sorted({name for names in asked for name in names})
    marks = dict(zip(_marks(tx, location, named), named, strict=True))
    found: set[str] = set()
    for part in chunks(list(marks)):
        query = select(table.c.mark).where(table.c.mark.in_(part))
        found |= {marks[mark] for mark in tx.execute(query).scalars()}
    return {place for place, names in enumerate(asked) if found.intersection(names)}


def has(
    tx: Tx, location: str, values: Mapping[str, Value], *, remote_id: str | None = None
) -> bool:
    """Whether this person was forgotten.

    Args:
        values: cleaned, by our field names.
        remote_id: of the contact in the CRM.
    """
    if not _anybody(tx):
        return False
    names = [*_asked(values), *([f"remote {remote_id}"] if remote_id else [])]
    query = select(table.c.mark).where(table.c.mark.in_(_marks(tx, location, names)))
    return tx.execute(query).first() is not None


def _asked(values: Mapping[str, Value]) -> list[str]:
    email, phone = values.get("email"), values.get("phone")
    names = [f"email {email}"] if email else []
    if phone:
        names.append(f"{'only ' if email else ''}phone {phone}")
    return names


def _anybody(tx: Tx) -> bool:
    return tx.execute(_ANYBODY).first() is not None


def _marks(tx: Tx, location: str, names: Sequence[str]) -> list[str]:
    key = tx.get_execution_options().get(OPTION)
    if key is None:
        raise UsageError("somebody was forgotten here, and this process does not know the key")
    secret = key()
    return [hmac.digest(secret, f"{location}\n{n}".encode(), "sha256").hex() for n in names]


_ANYBODY: Final = select(table.c.at).limit(1)
