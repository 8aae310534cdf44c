"""Events of one contact of the CRM that wait for a job: whose they are, what is news in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from contacts.jobs import Job, Wish
from contacts.store import inbox, ledger
from contacts.store.database import Tx
from contacts.store.inbox import Heard, Remote
from worker.workbench import Effect, Workbench, nothing

Known = TypeVar("Known")


@dataclass(frozen=True, slots=True)
class News:
    """Events of which at least one tells something new.

    Attributes:
        heard: all that wait.
        words: what is to be said of each once it is settled, by its id.
    """

    remote: Remote
    heard: Sequence[Heard]
    words: Mapping[int, str]


def news(
    job: Job,
    bench: Workbench,
    types: Collection[str],
    known: Callable[[Tx, int], Mapping[str, Known]],
    tells_nothing: Callable[[Heard, Mapping[str, Known]], bool],
) -> News | Effect:
    """What the CRM has to be asked for; an effect where it need not be asked.

    Args:
        types: of the events that this kind of job heeds.
        known: what we know of a contact of ours, by the CRM's ids.
        tells_nothing: whether an event says only what is known: an echo.
    """
    with bench.store.read() as tx:
        remote = inbox.remote(tx, job.subject)
        heard = inbox.waiting(tx, job.subject, types)
        held: Mapping[str, Known] = {}
        if remote is not None and remote.contact:
            held = known(tx, remote.contact)
    if remote is None:  # forgotten, while an event of theirs came in
        return settled({one.id: "forgotten" for one in heard}, bench)
    if not heard:
        return nothing
    if remote.contact not in (0, job.contact):
        return pass_on(job, remote.contact, bench)
    echoes = {one.id for one in heard if tells_nothing(one, held)}
    words = {one.id: "echo" if one.id in echoes else "read" for one in heard}
    if not remote.contact:
        return settled(dict.fromkeys(words, "stranger"), bench)
    if len(echoes) == len(heard):
        return settled(words, bench)
    return News(remote, heard, words)


def pass_on(job: Job, contact: int, bench: Workbench) -> Effect:
    """The same job under the contact that it is about, so that it waits for that one's others."""

    def effect(tx: Tx) -> None:
        wish = Wish(job.kind, job.location, contact, job.subject, job.lane, job.run)
        ledger.put(tx, [wish], now=bench.clock())

    return effect


def settled(words: Mapping[int, str], bench: Workbench) -> Effect:
    """Nothing more follows from these events; the word for each, by its id."""

    def effect(tx: Tx) -> None:
        inbox.settle(tx, words, now=bench.clock())

    return effect
