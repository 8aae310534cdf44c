"""`rollbook call --each` while answers are lost and a worker is killed: each note once."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = [pytest.mark.journey, pytest.mark.redis]

NOTES = 24
HERE = "loc_journey"
WRITE = "POST /contacts/{id}/notes"


def test_each_row_is_done_once_whoever_dies(new_house: Any) -> None:
    house = new_house()
    (ada,) = house.crm.seed(HERE, {"values": {"email": "ada@example.org"}})
    texts = [f"note {number}" for number in range(NOTES)]
    rows = "".join(f"{ada},{text}\n" for text in texts)
    (house.folder / "notes.csv").write_text(f"contactId,body\n{rows}")
    house.crm.fault("drop", when="after", times=4, operations=[WRITE])
    house.start("dispatcher", "beat", "worker-1", "worker-2")

    house.rollbook("call", "contact.note.create", "--each", "notes.csv", "--no-wait")
    house.until_calls(8)
    house.kill("worker-1")
    house.until_settled()

    (theirs,) = house.crm.contacts(HERE)
    assert sorted(note["body"] for note in theirs["notes"]) == sorted(texts)
    answers = [json.loads(line) for line in house.rollbook("call", "--answers", "1").splitlines()]
    assert [one["answer"]["note"]["body"] for one in answers] == texts
    assert house.counts.parked == 0
