"""Calls that somebody asked for by name: what is sent, and what was answered.

Both may hold personal data, so both are encrypted; they are kept as long as the audit of calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import bindparam, delete, select, text, union_all, update

from contacts.catalogue.checking import Request
from contacts.jobs import Kind, Lane, Wish
from contacts.store import ledger
from contacts.store.cipher import Cipher
from contacts.store.database import Store, Tx
from contacts.store.tables import RELEASED, RESTING, asked, jobs

BATCH: Final = 200
"""Answers that are read at once: one may be a page of 500 contacts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One call that was asked for.

    Attributes:
        operation: its name in the catalogue.
        line: of the file that asked, from 1; None: the command line did.
        asked_at: seconds since the epoch.
    """

    id: int
    location: str
    operation: str
    line: int | None
    asked_at: float
    request: Request = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call stands.

    Attributes:
        state: of its job: waiting, released, done, parked or cancelled; gone: the job is forgotten.
        code, reason: why it waits or is parked.
        due_at: not before then, seconds since the epoch.
        answer: the CRM's, where the call is done.
    """

    id: int
    operation: str
    line: int | None
    state: str
    job: int | None
    code: str | None
    reason: str | None
    due_at: float | None
    answer: Mapping[str, Any] | None = field(repr=False)

    @property
    def over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.state not in ("waiting", "released")


Sealed = tuple[int | None, bytes]
"""(line of the file, what is sent, encrypted)."""


def seal(cipher: Cipher, requests: Iterable[tuple[int | None, Request]]) -> list[Sealed]:
    """Encrypt what is sent, before the transaction: of a long file it takes seconds."""
    return [(line, cipher.encrypt(_packed(request))) for line, request in requests]


def put(
    tx: Tx,
    location: str,
    operation: str,
    sealed: Iterable[Sealed],
    *,
    lane: Lane,
    run: int | None = None,
    now: float,
) -> list[int]:
    """Keep what is asked, with one job for each.

    Returns:
        the numbers of the calls, in the order given.
    """
    rows = [
        {
            "location": location,
            "operation": operation,
            "run": run,
            "line": line,
            "asked_at": now,
            "request": request,
        }
        for line, request in sealed
    ]
    if not rows:
        return []
    insert = asked.insert().returning(asked.c.id, sort_by_parameter_order=True)
    ids = list(tx.execute(insert, rows).scalars())
    ledger.put(
        tx, [Wish(Kind.CALL, location, subject=id, lane=lane, run=run) for id in ids], now=now
    )
    return ids


def get(tx: Tx, id: int, cipher: Cipher) -> Asked | None:
    """What is to be sent; None: it is forgotten."""
    row = tx.execute(_ONE, {"one": id}).first()
    if row is None:
        return None
    return Asked(
        row.id, row.location, row.operation, row.line, row.asked_at,
        _request(cipher.decrypt(bytes(row.request))),
    )  # fmt: skip


_ONE: Final = select(asked).where(asked.c.id == bindparam("one"))


def answer(tx: Tx, id: int, answer: Mapping[str, Any], cipher: Cipher, *, now: float) -> None:
    """Keep what the CRM answered."""
    sealed = cipher.encrypt(orjson.dumps(answer).decode())
    tx.execute(update(asked).where(asked.c.id == id).values(answer=sealed, answered_at=now))


def outcome(store: Store, id: int, cipher: Cipher) -> Outcome | None:
    """How one call stands; None: there is none, or it is forgotten."""
    with store.read() as tx:
        row = tx.execute(_ONE, {"one": id}).first()
    if row is None:
        return None
    with store.read() as tx:
        # After the first look the call may have been done: then its job is not found, but an
        # answer is, by a look that begins later.
        job = tx.execute(_JOB, {"subject": id, "location": row.location}).first()
    with store.read() as tx:
        row = tx.execute(_ONE, {"one": id}).first()
    return None if row is None else _outcome(row, job, cipher)


def of_run(store: Store, run: int, cipher: Cipher) -> Iterator[Outcome]:
    """How the calls of a run stand, in their order."""
    unsettled = select(*_STATE).where(jobs.c.run == run, jobs.c.state != "done")
    with store.read() as tx:
        standing = {row.subject: row for row in tx.execute(unsettled)}
    after = 0
    while True:
        query = select(asked).where(asked.c.run == run, asked.c.id > after)
        with store.read() as tx:
            rows = tx.execute(query.order_by(asked.c.id).limit(BATCH)).all()
        if not rows:
            return
        yield from (_outcome(row, standing.get(row.id), cipher) for row in rows)
        after = rows[-1].id


_STATE: Final = (
    jobs.c.id, jobs.c.subject, jobs.c.state, jobs.c.code, jobs.c.reason, jobs.c.due_at
)  # fmt: skip
_MINE: Final = select(*_STATE).where(
    jobs.c.kind == Kind.CALL.value,
    jobs.c.location == bindparam("location"),
    jobs.c.contact == 0,
    jobs.c.subject == bindparam("subject"),
)
_JOB: Final = union_all(_MINE.where(text(RESTING)), _MINE.where(RELEASED))
"""By the indexes of what rests and of what is out: of what was done there may be a million."""


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget calls that were asked for long ago, whatever became of them.

    Parked and cancelled ones go with their jobs: nothing is left that could be sent.

    Returns:
        how many calls.
    """
    put_before = store.clock() - older_than_s
    with store.write() as tx:
        tx.execute(_DROP, {"before": put_before})
    return store.prune(asked.c.asked_at, older_than_s)


_DROP: Final = delete(jobs).where(
    jobs.c.kind == Kind.CALL.value,
    text(RESTING),
    jobs.c.state != "waiting",
    jobs.c.put_at < bindparam("before"),
)


def _outcome(row: Any, job: Any, cipher: Cipher) -> Outcome:
    done = row.answer is not None
    return Outcome(
        id=row.id,
        operation=row.operation,
        line=row.line,
        state="done" if done else "gone" if job is None else job.state,
        job=None if job is None else job.id,
        code=None if job is None else job.code,
        reason=None if job is None else job.reason,
        due_at=None if job is None else job.due_at,
        answer=orjson.loads(cipher.decrypt(bytes(row.answer))) if done else None,
    )


def _packed(request: Request) -> str:
    return orjson.dumps(
        {"ids": request.ids, "query": dict(request.query), "body": request.body}
    ).decode()


def _request(text: str) -> Request:
    found = orjson.loads(text)
    return Request(tuple(found["ids"]), found["query"], found["body"])
