"""What came of calls by name: waited for, shown, and shown again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.words import clock

if TYPE_CHECKING:
    from contacts.store.asked import Outcome
    from producers.cli.door import Door

FIRST_LOOK_S = 0.05
LOOK_S = 0.5
"""How often a call is looked at: two small queries."""


def settled(
    door: Door, id: int, *, quiet: bool, sleep: Callable[[float], None] = time.sleep
) -> Outcome:
    """Wait until nothing more happens by itself; say why it takes longer, once for each reason."""
    from contacts.store.database import DatabaseDown

    said, wait = "", FIRST_LOOK_S
    while True:
        try:
            found = _standing(door, id)
            if found.over:
                return found
            why = _why(found, door.store.clock())
        except DatabaseDown:
            why = "the database does not answer: waiting for it"
        if why and why != said and not quiet:
            screen.remark(why)
        said = why or said
        sleep(wait)
        wait = min(LOOK_S, wait * 1.3)


def _why(found: Outcome, now: float) -> str:
    if not found.reason:
        return ""
    later = found.due_at is not None and found.due_at > now + 1
    again = f"; again at {clock(found.due_at or now, now)}" if later else ""
    return f"not yet: {found.reason}{again}"


def _standing(door: Door, id: int) -> Outcome:
    from contacts.store import asked

    found = asked.outcome(door.store, id, door.cipher)
    if found is None:
        raise UsageError(f"there is no call {id}, or it is forgotten by now")
    return found


def say(found: Outcome, *, json: bool) -> int:
    """Show how a call stands; returns the exit code."""
    from producers.cli.following import PARKED

    if json:
        screen.emit({"event": "answer"} | as_json(found))
    elif found.answer is not None:
        screen.say(pretty(found.answer))
    elif found.state == "parked":
        screen.warn(f"parked, {found.code}: {found.reason}")
        screen.warn(f"When it is mended: rollbook parked retry {found.job}")
    else:
        screen.say(f"Call {found.id} ({found.operation}) is {_word(found)}.")
    return PARKED if found.state == "parked" else 0


def _word(found: Outcome) -> str:
    words = {"waiting": "waiting", "released": "under way", "gone": "forgotten"}
    why = f": {found.reason}" if found.reason and not found.over else ""
    return words.get(found.state, found.state) + why


def as_json(found: Outcome) -> dict[str, Any]:
    """For machines."""
    return {
        "call": found.id,
        "operation": found.operation,
        "line": found.line,
        "state": found.state,
        "code": None if found.state == "done" else found.code,
        "reason": None if found.state == "done" else found.reason,
        "answer": found.answer,
    }


def pretty(answer: object) -> str:
    """JSON as a person reads it."""
    import orjson

    return orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode()


def again(door: Door, one: int | None, run: int | None, *, json: bool) -> int:
    """What came of calls of before."""
    from contacts.store import asked
    from producers.cli import report

    if one is not None:
        return say(_standing(door, one), json=json)
    assert run is not None
    report.find(door.store, run)
    code = 0
    for found in asked.of_run(door.store, run, door.cipher):
        screen.emit(as_json(found))
        code = 3 if found.state == "parked" else code
    return code
