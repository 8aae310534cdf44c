"""A receiver for two seconds, killed in the middle; how fast it is, the proof itself tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from contacts.store.database import migrate, open_store
from ops.prove import receiving
from ops.prove.senders import Answer


@pytest.mark.journey
def test_a_receiver_that_is_killed_in_the_middle_loses_nothing_that_it_accepted(
    tmp_path: Path,
) -> None:
    findings = receiving.prove(tmp_path, None, seconds=1, per_second=50, kills=2)

    found = {one.what: one for one in findings}
    assert found["accepted, but lost"].value == "0"
    assert found["accepted around 2 kills"].good


def test_an_event_that_was_accepted_and_is_not_in_the_database_is_lost(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'rollbook.db'}"
    migrate(url)
    store = open_store(url, pool_size=1)

    assert receiving.lost(store, [Answer("one", 200, 0.01), Answer("two", 429, 0.01)]) == 1
    store.close()
