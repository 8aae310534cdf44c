"""Whose turn it is, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import event

from contacts import parcels
from contacts.jobs import Kind, Lane
from contacts.store import accounts, ledger
from contacts.store.cipher import Cipher
from contacts.store.database import Store

from .conftest import HERE, again, claim, done, put, release, take, wish


def test_live_goes_before_bulk_before_sweep(store: Store) -> None:
    put(store, wish(1, lane=Lane.SWEEP), wish(2, lane=Lane.BULK), wish(3, lane=Lane.LIVE))
    assert [ticket.contact for ticket in release(store)] == [3, 2, 1]


def test_never_two_jobs_of_one_contact_at_once_and_in_their_order(store: Store) -> None:
    put(store, wish(1), wish(1, Kind.TAG), wish(1, Kind.NOTE, subject=5))
    seen = []
    for _ in range(3):
        (ticket,) = release(store)
        assert release(store) == []
        seen.append(ticket.kind)
        done(store, claim(store, ticket))
    assert seen == [Kind.PUSH, Kind.TAG, Kind.NOTE]


def test_a_contact_in_backoff_keeps_its_later_jobs_behind_it(store: Store) -> None:
    put(store, wish(1), wish(1, Kind.TAG))
    again(store, take(store), seconds=10)
    assert release(store) == []
    store.clock.tick(10)
    assert take(store).kind is Kind.PUSH


def test_no_location_holds_more_than_its_room_and_turns_are_fair(store: Store) -> None:
    put(store, *[wish(contact) for contact in range(1, 101)])
    put(store, *[wish(contact, location="loc_2") for contact in range(101, 104)])
    found = [ticket.location for ticket in release(store, room=5)]
    assert {found[0], found[1]} == {found[2], found[3]} == {found[4], found[5]} == {HERE, "loc_2"}
    assert found[6:] == [HERE, HERE]
    assert release(store, room=5) == []


def test_the_location_with_the_fewest_out_is_next(store: Store) -> None:
    put(store, *[wish(contact) for contact in range(1, 20)])
    release(store, limit=3)
    put(store, *[wish(contact, location="loc_2") for contact in range(101, 120)])
    assert [ticket.location for ticket in release(store, limit=3)] == ["loc_2"] * 3


def test_with_fewer_free_threads_than_locations_every_location_has_its_turn(store: Store) -> None:
    places = [f"loc_{number}" for number in range(6)]
    for number, place in enumerate(places):
        put(store, *[wish(100 * number + n, location=place) for n in range(1, 50)])
    seen: set[str] = set()
    for _ in range(60):
        for ticket in release(store, bulk_limit=2):
            seen.add(ticket.location)
            done(store, claim(store, ticket))
        store.clock.tick(0.5)
    assert seen == set(places)


def test_a_full_bulk_lane_does_not_hold_up_a_live_job(store: Store) -> None:
    put(store, *[wish(contact) for contact in range(1, 11)])
    assert len(release(store, room=5, bulk_limit=3)) == 3
    put(store, wish(99, lane=Lane.LIVE))
    assert [ticket.contact for ticket in release(store, room=5, bulk_limit=3)] == [99]


def test_a_job_that_is_not_due_waits(store: Store) -> None:
    put(store, wish(due_at=store.clock() + 5))
    assert release(store) == []
    store.clock.tick(5)
    assert len(release(store)) == 1


def test_a_paused_location_is_left_alone_and_the_others_do_not_notice(store: Store) -> None:
    cipher = Cipher(Fernet.generate_key())
    put(store, wish(1), wish(2, location="loc_2"))
    with store.write() as tx:
        accounts.ensure_location(tx, HERE, token=None, cipher=cipher)
        accounts.pause(tx, HERE, store.clock() + 10, "429")
    assert [ticket.location for ticket in release(store)] == ["loc_2"]
    store.clock.tick(11)
    assert [ticket.location for ticket in release(store)] == [HERE]


def test_a_pause_of_bulk_lets_live_through(store: Store) -> None:
    put(store, wish(1), wish(2, lane=Lane.LIVE))
    with store.write() as tx:
        accounts.ensure_location(tx, HERE, token=None, cipher=Cipher(Fernet.generate_key()))
        accounts.pause(tx, HERE, store.clock() + 10, "the day's calls", bulk_only=True)
    assert [ticket.contact for ticket in release(store)] == [2]


def test_a_429_stops_live_jobs_too_while_the_days_quota_stops_bulk(store: Store) -> None:
    put(store, wish(1), wish(2, lane=Lane.LIVE))
    with store.write() as tx:
        accounts.ensure_location(tx, HERE, token=None, cipher=Cipher(Fernet.generate_key()))
        accounts.pause(tx, HERE, store.clock() + 3600, "the day's calls", bulk_only=True)
        accounts.pause(tx, HERE, store.clock() + 10, "429")
    assert release(store) == []
    store.clock.tick(11)
    assert [ticket.contact for ticket in release(store)] == [2]


def test_what_waits_for_the_platform_holds_nothing_up_on_its_way_to_the_crm(store: Store) -> None:
    put(store, wish(kind=Kind.ENROL, subject=1))
    again(store, take(store), seconds=900)
    put(store, wish(kind=Kind.PUSH), wish(kind=Kind.TAG))

    (ticket,) = release(store)
    assert ticket.kind is Kind.PUSH
    assert done(store, claim(store, ticket))
    store.clock.tick(901)
    assert release(store)[0].kind is Kind.ENROL


def test_what_waits_for_the_crm_keeps_its_place_before_the_platform(store: Store) -> None:
    put(store, wish(kind=Kind.PUSH))
    again(store, take(store), seconds=900)
    put(store, wish(kind=Kind.ENROL, subject=1))

    assert release(store) == []


@pytest.mark.parametrize(("free", "asked"), [(0, 0), (5, 5), (1000, 40)])
def test_a_round_asks_no_more_locations_than_it_needs(store: Store, free: int, asked: int) -> None:
    put(store, *[wish(n, location=f"loc_{n:02}") for n in range(1, 41)])
    seen: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *words: seen.append(words[2]))

    release(store, bulk_limit=free)

    assert sum("LIMIT" in sql and sql.startswith("SELECT jobs.id") for sql in seen) == asked


def test_who_has_more_out_is_asked_only_while_others_have_too_little(store: Store) -> None:
    put(store, *[wish(n) for n in range(1, 20)])
    release(store, limit=3)
    put(store, wish(30, location="loc_2"))
    found = [ticket.location for ticket in release(store, limit=3)]
    assert found == ["loc_2", HERE, HERE]


def test_no_more_messages_are_out_than_there_are_threads_however_full_they_are(
    store: Store,
) -> None:
    for place in range(4):
        put(store, *[wish(100 * place + n, location=f"loc_{place}") for n in range(1, 31)])
    asked = {"room": 20, "limit": 99, "threads": 6, "lease_s": 30.0}
    packed = ledger.release_packed(store, **asked)
    assert [len(message) for message in packed] == [parcels.MOST] * 6
    assert {message[0].location for message in packed[:4]} == {f"loc_{n}" for n in range(4)}
    assert all(len({ticket.location for ticket in message}) == 1 for message in packed)

    first = packed[0]
    for ticket in first[:-1]:
        done(store, claim(store, ticket))
    assert ledger.release_packed(store, **asked) == [], "its thread still has one to do"
    done(store, claim(store, first[-1]))
    (again,) = ledger.release_packed(store, **asked)
    assert len(again) == parcels.MOST


def test_a_location_is_topped_up_by_whole_messages(store: Store) -> None:
    put(store, *[wish(n) for n in range(1, 41)])
    asked = {"room": 10, "limit": 99, "threads": 2, "lease_s": 30.0}
    first, _ = ledger.release_packed(store, **asked)
    asked["threads"] = 3  # ten jobs for three threads: four in a message
    for ticket in first[:3]:
        done(store, claim(store, ticket))
        assert ledger.release_packed(store, **asked) == []
    done(store, claim(store, first[3]))
    assert [len(message) for message in ledger.release_packed(store, **asked)] == [4]


def test_kinds_and_lanes_do_not_share_a_message(store: Store) -> None:
    put(store, wish(1), wish(2, Kind.NOTE), wish(3), wish(4, lane=Lane.SWEEP))
    packed = ledger.release_packed(store, room=9, limit=9, threads=1, lease_s=30)
    assert [[ticket.contact for ticket in message] for message in packed] == [[1, 3]]
    packed = ledger.release_packed(store, room=9, limit=9, threads=3, lease_s=30)
    assert [[ticket.contact for ticket in message] for message in packed] == [[2], [4]]
