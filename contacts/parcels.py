"""What one message of the belt carries: one job, or a few of one location and kind.

A message costs Celery, Redis and Flower the same whatever is in it, and a job of its own costs more
there than all the rest of it. Each job keeps its own row, outcome and retry; see
docs/decisions/0022.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

from contacts.jobs import Kind, Lane, Ticket

MOST: Final = 5
"""Jobs in one message: half a second of a location's calls. A worker that stops gives back what it
has not begun; one that is killed leaves so many to wait for their lease."""


def size(*, jobs: int, threads: int, most: int = MOST) -> int:
    """How many jobs a message carries.

    One each, as long as there is a thread for each: then all can be in the air at once, which slow
    answers need to fill the limit. With fewer threads than jobs a thread has several to do anyway.

    Args:
        jobs: that are out or about to be.
        threads: that may work for them, > 0.
    """
    return max(1, min(most, -(-jobs // threads)))


def pack(jobs: Iterable[tuple[int, Hashable]], size: int) -> list[list[int]]:
    """What travels together: at most so many, of one sort each, in the order of the first of each.

    Args:
        jobs: ids, each with what the jobs of a message must have in common.
    """
    parcels: list[list[int]] = []
    filling: dict[Hashable, list[int]] = {}
    for job, sort in jobs:
        parcel = filling.get(sort)
        if parcel is None or len(parcel) >= size:
            parcel = filling[sort] = []
            parcels.append(parcel)
        parcel.append(job)
    return parcels


def name(parcel: Sequence[Ticket]) -> str:
    """The id of the message: ``job.release``, and ``+n`` for as many more."""
    first = f"{parcel[0].job}.{parcel[0].release}"
    return first if len(parcel) == 1 else f"{first}+{len(parcel) - 1}"


def written(parcel: Sequence[Ticket]) -> dict[str, Any]:
    """The message's arguments, as people see them in Flower: ids only."""
    first = parcel[0]
    place = {"location": first.location, "lane": first.lane.value}
    if len(parcel) == 1:
        return {"job": first.job, "release": first.release, "contact": first.contact, **place}
    return {"jobs": [[one.job, one.release, one.contact] for one in parcel], **place}


def read(kind: Kind, arguments: Mapping[str, Any]) -> list[Ticket]:
    """The other way round.

    Raises:
        KeyError, TypeError, ValueError: that is none of ours.
    """
    location, lane = arguments["location"], Lane(arguments["lane"])
    jobs = arguments.get("jobs")
    if jobs is None:
        jobs = [[arguments["job"], arguments["release"], arguments["contact"]]]
    return [Ticket(job, release, kind, location, contact, lane) for job, release, contact in jobs]
