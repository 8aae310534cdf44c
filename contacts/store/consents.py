"""The links of ``rollbook connect``: which were made, which came back with a code, what came of it.

A link holds a random ``state`` that the CRM has to bring back; only its hash is kept, so who reads
the database cannot finish somebody else's install.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import select, update

from contacts.jobs import OAUTH, Kind, Lane, Wish
from contacts.store import ledger
from contacts.store.cipher import Cipher
from contacts.store.database import Store, Tx
from contacts.store.installs import CONSENT_S
from contacts.store.tables import consents as table

CODE_S = 600.0
"""A code is not tried any more after this long; how long it is good is not published."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One link.

    Attributes:
        came_at: when the browser brought the code back; None: not yet.
        settled_at: when it had led to tokens, or to nothing.
        grant_id: the grant that it led to.
        reason: why it led to nothing.
    """

    id: int
    asked_at: float
    came_at: float | None
    settled_at: float | None
    grant_id: int | None
    reason: str | None


def ask(store: Store) -> tuple[int, str]:
    """A new link: (its id, its state)."""
    state = secrets.token_urlsafe(32)
    with store.write() as tx:
        made = table.insert().values(state=_hash(state), asked_at=store.clock())
        id = tx.execute(made.returning(table.c.id)).scalar_one()
    return int(id), state


def came(tx: Tx, state: str, code: str, *, cipher: Cipher, now: float) -> bool:
    """A code came back: it is kept, and a job will exchange it.

    Returns:
        False: no link of ours has this state, or it is too old, or it was used.
    """
    id = _open(tx, state, now)
    if id is None:
        return False
    tx.execute(update(table).where(table.c.id == id).values(code=cipher.encrypt(code), came_at=now))
    ledger.put(tx, [Wish(Kind.ACCESS_EXCHANGE, OAUTH, subject=id, lane=Lane.LIVE)], now=now)
    return True


def awaited(store: Store, state: str) -> bool:
    """Whether a link of ours waits for this state. It is asked before anything is written: the
    door is open to everybody."""
    with store.read() as tx:
        return _open(tx, state, store.clock()) is not None


def refused(tx: Tx, state: str, reason: str, *, now: float) -> bool:
    """The person, or the CRM, said no; returns whether it was a link of ours."""
    id = _open(tx, state, now)
    if id is not None:
        settle(tx, id, now=now, reason=reason)
    return id is not None


def settle(
    tx: Tx, id: int, *, now: float, grant_id: int | None = None, reason: str | None = None
) -> None:
    """What came of it; the code is forgotten."""
    values = {"code": None, "settled_at": now, "grant_id": grant_id, "reason": reason}
    tx.execute(update(table).where(table.c.id == id).values(**values))


def look(store: Store, id: int) -> Consent | None:
    """How a link stands."""
    columns = [column for column in table.c if column.name not in ("state", "code")]
    with store.read() as tx:
        row = tx.execute(select(*columns).where(table.c.id == id)).first()
    return None if row is None else Consent(**row._mapping)


def code(tx: Tx, id: int, cipher: Cipher) -> tuple[str, float] | None:
    """The code that waits to be exchanged, and when it came; None: there is none.

    Raises:
        UsageError: it was encrypted with another key.
    """
    row = tx.execute(select(table.c.code, table.c.came_at).where(table.c.id == id)).first()
    if row is None or row.code is None:
        return None
    return cipher.decrypt(bytes(row.code)), row.came_at


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget old links; returns how many."""
    return store.prune(table.c.asked_at, older_than_s)


def _open(tx: Tx, state: str, now: float) -> int | None:
    here = select(table.c.id).where(
        table.c.state == _hash(state),
        table.c.came_at.is_(None),
        table.c.settled_at.is_(None),
        table.c.asked_at > now - CONSENT_S,
    )
    return tx.execute(here).scalar_one_or_none()


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
