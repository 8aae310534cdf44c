"""A contact's jobs go out one after the other, in their order, whoever works them."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from contacts.store.tables import calls, jobs, shared_calls
from ops import students

HERE = "loc_journey"

pytestmark = [pytest.mark.journey, pytest.mark.redis]


def test_contact_tag_and_note_never_overtake_each_other(new_house: Any) -> None:
    house = new_house()
    file = house.export(60)
    # Who is there already is found, and tagged by a call; a new one is born with its tag.
    old = [one.email for one in students.read_export(file) if one.email][:30]
    house.crm.seed(HERE, *({"values": {"email": email}} for email in old))
    house.start("dispatcher", "beat", "worker-1", "worker-2")
    house.backfill(file)
    house.until_settled()
    house.judge(file)

    seen: dict[int, list[tuple[str, float, float]]] = {}
    columns = (jobs.c.contact, jobs.c.kind, calls.c.at, calls.c.ms)
    own = select(*columns).join(calls, calls.c.job == jobs.c.id)
    shared = shared_calls.join(jobs, shared_calls.c.job == jobs.c.id)
    others = select(*columns).select_from(shared.join(calls, shared_calls.c.call == calls.c.id))
    with house.store.read() as tx:
        for query in (own, others):
            about = query.where(jobs.c.contact != 0, calls.c.operation != "location.get")
            for contact, kind, at, ms in tx.execute(about):
                seen.setdefault(contact, []).append((kind, at, at + ms / 1000))
    assert len(seen) == 60
    for made in seen.values():
        made.sort(key=lambda one: one[1])
        assert made[0][0] == "contact.push"
    kinds = Counter(frozenset(kind for kind, _, _ in made) for made in seen.values())
    assert kinds == {
        frozenset({"contact.push", "contact.tag", "contact.note"}): 30,
        frozenset({"contact.push", "contact.note"}): 30,
    }
    for made in seen.values():
        assert all(first[2] <= second[1] for first, second in pairwise(made))
