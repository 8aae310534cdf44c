"""How it is found out who of a file is in the CRM already, in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from contacts.existence import Known, State
from producers.cli.words import count, number


def sentence(kept: Mapping[str, Any] | None) -> str | None:
    """What was chosen, why, and the figures; None: there was no question.

    Args:
        kept: as a run keeps it.
    """
    known = None if kept is None else Known.of(kept)
    if known is None or not known.people:
        return None
    return f"{count(known.people, 'person', 'people')} not linked yet: {_SAID[known.state](known)}"


def _found(known: Known) -> str:
    return f"{number(known.found)} found in the CRM"


def _pages(known: Known) -> str:
    left = known.pages_left
    if known.pages and left:
        return f"{number(known.pages)} of {number(known.pages + left)} pages"
    return count(known.pages, "page")


def _costs(known: Known) -> str:
    """What is expected of the rest."""
    by_list, by_each = known.by_list, known.by_each
    if by_list is None or by_each is None:
        return ""
    return f" (the rest: about {count(by_list, 'call')} by the list, {number(by_each)} one by one)"


def _saved(known: Known) -> str:
    saved = round(known.saves * known.found) - known.pages
    return f", {count(saved, 'call')} fewer than one by one" if saved > 0 else ""


def _stopped(known: Known) -> str:
    why = "the others one by one, for it costs more calls than it saves"
    return f"{_found(known)} by {_pages(known)} of its list; {why}{_costs(known)}"


_SAID: Final[dict[State, Callable[[Known], str]]] = {
    State.WAITING: lambda _: "they wait for a look at the CRM's list, who is there already",
    State.WALKING: lambda one: f"{_found(one)} by {_pages(one)} of its list{_costs(one)}",
    State.OVER: lambda one: f"{_found(one)} by {_pages(one)} of its list{_saved(one)}",
    State.STOPPED: _stopped,
    State.FAILED: lambda one: f"the CRM's list cannot be read ({one.why}), so one by one",
    State.EACH: lambda one: f"who of them is there is found out one by one ({one.why})",
}
