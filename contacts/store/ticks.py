"""A duty of the clock is done once in its interval, however many beats tick for it."""

from __future__ import annotations

from sqlalchemy import or_, update

from contacts.store.database import Store
from contacts.store.inserting import insert
from contacts.store.tables import ticks


def take(store: Store, name: str, tick: str, *, every_s: float) -> bool:
    """Whether this duty is ours to do now: no other tick has had it for so long.

    Two beats tick at moments of their own, and one that was away makes up for what it missed; of
    all these ticks one in each interval is for work.

    Args:
        tick: its id: one that comes again, because its worker was killed, has it still.
        every_s: seconds.
    """
    now = store.clock()
    free = or_(ticks.c.at <= now - every_s, ticks.c.tick == tick)
    ours = update(ticks).where(ticks.c.name == name, free).values(at=now, tick=tick)
    with store.write() as tx:
        if tx.execute(ours).rowcount:
            return True
        first = insert(tx, ticks).values(name=name, at=now, tick=tick)
        first = first.on_conflict_do_nothing(index_elements=["name"]).returning(ticks.c.name)
        return tx.execute(first).first() is not None
