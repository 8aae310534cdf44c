"""What travels together, and that both ends of the belt read a message alike."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from contacts import parcels
from contacts.jobs import Kind, Lane, Ticket

ids = st.integers(1, 2**40)


@given(
    st.lists(st.tuples(ids, ids, ids), min_size=1, max_size=parcels.MOST),
    st.sampled_from(Kind),
    st.sampled_from(Lane),
)
def test_what_is_written_is_read(jobs: list[tuple[int, int, int]], kind: Kind, lane: Lane) -> None:
    sent = [Ticket(job, release, kind, "loc_1", contact, lane) for job, release, contact in jobs]
    arrived = json.loads(json.dumps(parcels.written(sent)))
    assert parcels.read(kind, arrived) == sent


def test_a_message_of_one_job_is_called_like_it() -> None:
    one, two = (Ticket(n, 3, Kind.PUSH, "loc_1", 9, Lane.BULK) for n in (7, 8))
    assert parcels.name([one]) == "7.3"
    assert parcels.name([one, two]) == "7.3+1"
    assert parcels.written([one]) == {
        "job": 7, "release": 3, "contact": 9, "location": "loc_1", "lane": "bulk",
    }  # fmt: skip


@given(
    st.lists(st.tuples(ids, st.sampled_from("ab")), unique_by=lambda job: job[0]), st.integers(1, 5)
)
def test_every_job_travels_once_with_its_like_and_in_its_order(
    jobs: list[tuple[int, str]], size: int
) -> None:
    packed = parcels.pack(jobs, size)
    sort = dict(jobs)
    place = {job: n for n, (job, _) in enumerate(jobs)}
    assert sorted(job for parcel in packed for job in parcel) == sorted(sort)
    for parcel in packed:
        assert 1 <= len(parcel) <= size
        assert len({sort[job] for job in parcel}) == 1
        assert parcel == sorted(parcel, key=place.__getitem__)
    firsts = [place[parcel[0]] for parcel in packed]
    assert firsts == sorted(firsts)
    for what in "ab":
        of_it = [parcel for parcel in packed if sort[parcel[0]] == what]
        assert all(len(parcel) == size for parcel in of_it[:-1])


@given(st.integers(0, 10_000), st.integers(1, 500))
def test_no_message_carries_two_while_there_is_a_thread_for_each(jobs: int, threads: int) -> None:
    size = parcels.size(jobs=jobs, threads=threads)
    assert (size == 1) == (jobs <= threads)
    assert size == parcels.MOST or size * threads >= jobs
