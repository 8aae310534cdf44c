"""The least calls that any correct client needs, by somebody who knows both sides. None of ours.

What it reckons with, each from the CRM's own interface:

* whoever is not there is made by one call, tags included;
* whoever is there is changed by one call, however many fields differ; a tag that is missing there
  is another call, which up to ``tag_batch`` people may share if they lack the same;
* a note is one call;
* the CRM's id of somebody who is there and not linked is learnt from a page of its list (100
  contacts), or one by one by two calls: one that names the id (a create that is refused, or the
  search for duplicates, of whose answer nothing else is published), and one that reads;
* a contact that was changed there is read by one call, for a row of a list is none to merge from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

PAGE: Final = 100
ONE_BY_ONE: Final = 2


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person on one of the two sides.

    Attributes:
        email: who it is.
        fields: what that side says, blanks left out.
        linked: both sides know of each other.
    """

    email: str
    fields: Mapping[str, str]
    tags: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    linked: bool = False


@dataclass(slots=True)
class Least:
    """Calls by what they are for."""

    calls: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All of them."""
        return self.calls.total()


def of_backfill(
    file: Sequence[Somebody],
    there: Sequence[Somebody],
    *,
    tag_batch: int = 1,
    doubles_refused: bool = True,
) -> Least:
    """What a file costs.

    Args:
        file: each person once.
        there: the CRM's contacts, in the order of its list.
    """
    known, least = {one.email: one for one in there}, Least()
    lacking: Counter[frozenset[str]] = Counter()
    for one in file:
        theirs = known.get(one.email)
        least.calls["notes"] += len(set(one.notes) - set(theirs.notes if theirs else ()))
        if theirs is None:
            least.calls["creates"] += 1
            continue
        least.calls["updates"] += any(
            theirs.fields.get(name) != value for name, value in one.fields.items()
        )
        lacking[one.tags - theirs.tags] += 1
    least.calls["tags"] = sum(-(-n // tag_batch) for tags, n in lacking.items() if tags)
    least.calls["who is there"] = _existence(file, there, doubles_refused)
    return least


def _existence(file: Sequence[Somebody], there: Sequence[Somebody], doubles_refused: bool) -> int:
    """The list as far as it pays, and the others one by one."""
    asked = {one.email for one in file if not one.linked}
    rows = [one.email in asked for one in there]
    left, new = sum(rows), len(asked) - sum(rows)
    # Where the CRM takes doubles, nobody may be made without a look; the whole list is one for all.
    looks = 0 if doubles_refused else new
    best = ONE_BY_ONE * left + looks
    for page, start in enumerate(range(0, len(rows), PAGE), start=1):
        left -= sum(rows[start : start + PAGE])
        whole = start + PAGE >= len(rows)
        best = min(best, page + ONE_BY_ONE * left + (0 if whole else looks))
    return best


def of_night(
    ours: Sequence[Somebody], there: Sequence[Somebody], agreed: Sequence[Somebody]
) -> Least:
    """What a reconciliation costs that finds what no webhook told.

    Args:
        ours, there: both sides as they are.
        agreed: as they were when last compared.
    """
    least = Least(Counter({"pages": -(-len(there) // PAGE)}))
    was = {one.email: one for one in agreed}
    mine = {one.email: one for one in ours}
    for one in there:
        before, here = was.get(one.email), mine.get(one.email)
        if before is None or here is None:
            continue
        least.calls["reads"] += (before.fields, before.tags) != (one.fields, one.tags)
        least.calls["updates"] += any(
            value != before.fields.get(name) and value != one.fields.get(name)
            for name, value in here.fields.items()
        )
    return least
