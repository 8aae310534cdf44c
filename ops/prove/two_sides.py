"""One contact of two sides, played through a history with the real merge, judged at each step.

What must hold, or it is ``Broken``: every look ends as the oracle says, with its conflicts and
losers; a push sends what the oracle wants sent and nothing else; when nobody changes anything any
more, two rounds are enough and a third does nothing; whoever was alone in changing a field since
the last quiet has got through, and a tag that only the CRM's people touched is as they left it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from contacts import merge
from contacts.cleaning import Value
from contacts.fields import Owner
from contacts.merge import Conflict, Merged
from contacts.ruling import Times
from ops.prove.histories import CUT, PLAYED, Act, Edit, History, Look, Meaning, Push, Tag
from ops.prove.oracle import Field, Lost, Tags

EMAIL: Final[Value] = "ada@example.org"

ROUNDS: Final = 2
"""Looks and pushes after which both sides must agree."""

_MEANINGS: Final[dict[str, dict[str, int]]] = {
    name: {
        repr(value): meaning
        for spelling in (played.ours, played.theirs)
        for meaning, value in enumerate(spelling)
    }
    for name, played in PLAYED.items()
}


class Broken(AssertionError):
    """Something that must hold did not."""


def _must(holds: bool, what: str, *about: object) -> None:
    if not holds:
        raise Broken(what.format(*about))


@dataclass(slots=True)
class There:
    """The CRM's copy, in meanings: takes writes with its quirks, and shows itself in its spelling.

    Attributes:
        at: when it was last changed.
    """

    history: History
    values: dict[str, int]
    tags: set[str] = field(default_factory=set)
    at: float = 0.0

    def read(self) -> dict[str, Value]:
        """Everything, as an answer shows it."""
        shown: dict[str, Value] = {"email": EMAIL} if self.history.with_email else {}
        return shown | {
            name: PLAYED[name].theirs[meaning] for name, meaning in self.values.items() if meaning
        }

    def update(self, body: Mapping[str, Value]) -> None:
        """A write. Refusing one is what the real CRM would do with 422: it must not come to it."""
        for name, value in body.items():
            if name == "email":
                continue
            played, meaning = PLAYED[name], _MEANINGS[name][repr(value)]
            _must(played.on_update, "{} was sent, which an update refuses", name)
            _must(bool(meaning) or played.nullable, "null was sent for {}", name)
            if name not in self.history.deaf:
                cut = name in self.history.cutting and meaning == CUT - 1
                self.values[name] = CUT if cut else meaning


@dataclass(slots=True)
class TwoSides:
    """The contact here (what the roster and its link hold), there, and in the oracle's book.

    Attributes:
        edited: what each side changed a field to since the last quiet.
        filled: fields that somebody emptied since, although that says nothing: putting the other
            side's value back is a word of that side.
        in_step: fields that were the same on both sides then.
        untouched: the CRM's tags that nobody here ever said a word of, as its people left them.
    """

    history: History
    there: There
    book: dict[str, Field]
    tags: Tags
    ours: dict[str, Value]
    agreed: dict[str, Value] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    ours_at: dict[str, float] = field(default_factory=dict)
    unanswered: dict[str, list[Value]] = field(default_factory=dict)
    wanted: dict[str, bool] = field(default_factory=dict)
    tags_agreed: dict[str, bool] = field(default_factory=dict)
    edited: dict[str, dict[str, int]] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    in_step: set[str] = field(default_factory=set)
    untouched: dict[str, bool] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    merging: Callable[..., Merged] = merge.merge

    @classmethod
    def begin(cls, history: History) -> TwoSides:
        """Both have the contact, and were never compared."""
        ours = {n: PLAYED[n].ours[m] for n, m in history.ours.items() if m is not None}
        if history.with_email:
            ours["email"] = EMAIL
        return cls(
            history,
            There(history, dict(history.theirs)),
            {name: _page(history, name) for name in history.rules},
            Tags(),
            ours,
        )

    def act(self, act: Act) -> None:
        """One thing happens.

        Raises:
            Broken: something did not hold.
        """
        if isinstance(act, Edit):
            self._edit(act)
        elif isinstance(act, Tag):
            self._tag(act)
        elif isinstance(act, Look):
            self._look(act)
        elif isinstance(act, Push):
            self._push(act)
        else:
            self._quiet()

    # ------------------------------------------------------------ people

    def _edit(self, edit: Edit) -> None:
        page = self.book[edit.name]
        if edit.side == "ours":
            if self._meaning(edit.name) == edit.meaning:
                return
            self.ours[edit.name] = self._spelled(edit.name, edit.meaning)
            self.ours_at[edit.name] = page.ours_at = edit.at
            page.ours = edit.meaning
        else:
            if self.there.values[edit.name] == edit.meaning:
                return
            self.there.values[edit.name] = page.theirs = edit.meaning
            self.there.at = edit.at
        self.edited.setdefault(edit.name, {})[edit.side] = edit.meaning
        if not (edit.meaning or page.rule.blank_clears):
            self.filled.add(edit.name)
        self.counts["edits"] += 1

    def _spelled(self, name: str, meaning: int) -> Value:
        """As it was agreed, where it says the same: another spelling costs a call and no more."""
        was = self.agreed.get(name, "")
        return was if _MEANINGS[name][repr(was)] == meaning else PLAYED[name].ours[meaning]

    def _meaning(self, name: str) -> Meaning:
        return _MEANINGS[name][repr(self.ours[name])] if name in self.ours else None

    def _tag(self, tag: Tag) -> None:
        if tag.side == "ours":
            self.wanted[tag.tag] = tag.on
            self.tags.say(tag.tag, on=tag.on)
            self.untouched.pop(tag.tag, None)
            return
        for tags in (self.there.tags, self.tags.theirs):
            (tags.add if tag.on else tags.discard)(tag.tag)
        if tag.tag in self.untouched or tag.tag not in self.wanted:
            self.untouched[tag.tag] = tag.on

    # ------------------------------------------------------------ Rollbook

    def _look(self, look: Look) -> bool:
        """Read, merge, commit; returns whether anything changed."""
        before = (dict(self.ours), dict(self.wanted))
        merged = self.merging(
            self.agreed,
            self.ours,
            self.there.read(),
            policy=self.history.policy,
            refused=self.refused,
            times=Times(self.ours_at, self.there.at),
            unanswered=self.unanswered,
            shown=look.shown,
        )
        tags = merge.merge_tags(self.wanted, self.tags_agreed, self.there.tags)
        if not look.kept:
            return False
        self.ours |= merged.to_ours
        self.agreed, self.refused = merged.agreed, merged.refused
        for name in set(self.unanswered) if look.shown is None else look.shown:
            self.unanswered.pop(name, None)
        self.wanted |= tags.to_ours
        self.tags_agreed = tags.agreed
        owed = merge.unsent(
            self.ours, self.agreed, self.refused, linked=True, policy=self.history.policy
        )
        _must(
            {n: v for n, v in owed.items() if look.shown is None or n in look.shown}
            == merged.to_theirs,
            "what a merge says to tell is not what is owed once it is kept",
        )
        self._judge_look(look, merged.conflicts)
        self._judge_tags(tags)
        self.counts["conflicts"] += len(merged.conflicts)
        self.counts.update(f"by {conflict.by}" for conflict in merged.conflicts)
        return before != (self.ours, self.wanted) or bool(merged.conflicts)

    def _push(self, push: Push) -> int:
        """Send what is owed; returns the calls that it took.

        A push goes without a look, as long as nothing was changed there that it would write over.
        """
        if any(page.unseen for page in self.book.values()):
            self._look(Look())
        body = merge.unsent(
            self.ours, self.agreed, self.refused, linked=True, policy=self.history.policy
        )
        wanted = {name for name, page in self.book.items() if page.must_be_told()}
        _must(set(body) - {"email"} == wanted, "sent {}, the oracle has {}", set(body), wanted)
        calls = bool(body) + self._push_tags(push)
        self.counts["calls"] += calls
        if body and push.fate == "fine":
            self._answered(body, wanted, on_the_spot=push.on_the_spot)
        elif body:
            self._unanswered(body, wanted, arrives=push.fate == "unseen")
        return calls

    def _answered(self, body: Mapping[str, Value], names: set[str], *, on_the_spot: bool) -> None:
        self.there.update(body)
        settled = merge.settle(body, self.there.read(), self.agreed, self.refused)
        self.agreed, self.refused = settled.agreed, settled.refused
        for name in names:
            self.book[name].told(self.there.values[name])
            self.unanswered.pop(name, None)
        if on_the_spot:
            self._look(Look())

    def _unanswered(self, body: Mapping[str, Value], names: set[str], *, arrives: bool) -> None:
        if arrives:
            self.there.update(body)
        for name in names:
            self.unanswered.setdefault(name, []).append(body[name])
            self.book[name].unanswered.add(_MEANINGS[name][repr(body[name])])
            self.book[name].theirs = self.there.values[name]

    def _push_tags(self, push: Push) -> int:
        owed = {tag: on for tag, on in self.wanted.items() if self.tags_agreed.get(tag) is not on}
        _must(
            owed
            == dict.fromkeys(self.tags.put_on, True) | dict.fromkeys(self.tags.taken_off, False),
            "other tags are owed than were said",
        )
        if not owed or push.fate == "lost":
            return len(set(owed.values()))
        on = {tag for tag, wanted in owed.items() if wanted}
        self.there.tags = (self.there.tags | on) - (set(owed) - on)
        if push.fate == "unseen":
            self.tags.theirs = set(self.there.tags)
        else:
            self.tags_agreed |= owed
            self.tags.tell()
        return len(set(owed.values()))

    # ------------------------------------------------------------ the judge

    def _judge_look(self, look: Look, conflicts: tuple[Conflict, ...]) -> None:
        shown = [p for n, p in self.book.items() if look.shown is None or n in look.shown]
        lost = {one for page in shown if (one := page.look(self.there.at)) is not None}
        found = {
            Lost(
                one.name,
                _MEANINGS[one.name][repr(one.ours)],
                _MEANINGS[one.name][repr(one.theirs)],
                one.winner.value,
                one.by,
            )
            for one in conflicts
        }
        _must(found == lost, "conflicts {}, the oracle has {}", found, lost)
        self._judge_values()

    def _judge_values(self) -> None:
        for name, page in self.book.items():
            mine = self._meaning(name) or 0
            _must(mine == (page.ours or 0), "{} is {}, the oracle has {}", name, mine, page.ours)
            _must(self.there.values[name] == page.theirs, "{} differs there", name)

    def _judge_tags(self, merged: merge.MergedTags) -> None:
        self.tags.look()
        mine = {tag for tag, on in self.wanted.items() if on}
        _must(mine == self.tags.ours, "tags {}, the oracle has {}", mine, self.tags.ours)
        _must(merged.add == self.tags.put_on, "other tags are to be added")
        _must(merged.remove == self.tags.taken_off & self.there.tags, "others are to be removed")

    def _quiet(self) -> None:
        """Rounds of look and push until nothing happens; then everything must be in its place."""
        rounds = 0
        while self._round():
            rounds += 1
            _must(rounds <= ROUNDS, "not agreed after {} rounds", ROUNDS)
        self.counts[f"{rounds} rounds"] += 1
        self._judge_values()
        for name in (self.in_step & self.edited.keys()) - self.filled:
            if len(self.edited[name]) == 1:
                self._judge_alone(self.book[name], *self.edited[name].items())
        self.edited.clear()
        self.filled.clear()
        self.in_step = {n for n, page in self.book.items() if (page.ours or 0) == page.theirs}
        _must(
            {tag for tag in self.untouched if tag in self.there.tags}
            == {tag for tag, on in self.untouched.items() if on},
            "a tag that only the CRM's people touched was changed",
        )
        mine = {tag for tag, on in self.wanted.items() if on}
        _must(mine == self.there.tags, "the tags differ in the end")

    def _round(self) -> bool:
        looked = self._look(Look())
        return bool(self._push(Push(on_the_spot=False))) or looked

    def _judge_alone(self, page: Field, edit: tuple[str, int]) -> None:
        """Somebody was alone in changing a field: it is so on both sides now.

        It stays with whoever changed it where it cannot travel. Nothing is said of an edit of what
        the other side owns.
        """
        side, meaning = edit
        overruled = page.rule.owner == (Owner.CRM if side == "ours" else Owner.PLATFORM)
        if page.name in self.history.cutting:
            return  # a value cut short by a write whose answer was lost looks like an edit
        if not page.synced or overruled:
            return
        mine, others = (page.ours, page.theirs) if side == "ours" else (page.theirs, page.ours)
        _must((mine or 0) == meaning, "an edit of {} by {} alone is gone", page.name, side)
        if side == "theirs":
            travels = page.comes_in
        else:
            takes = page.name not in self.history.deaf
            travels = page.goes_out and page.on_update and bool(meaning or page.nullable) and takes
        if travels:
            _must((others or 0) == meaning, "an edit of {} did not get through", page.name)
            self.counts["alone"] += 1


def _page(history: History, name: str) -> Field:
    played, rule = PLAYED[name], history.rules[name]
    if name == "phone" and not history.with_email:
        # Without an email the person is known by it.
        rule = replace(rule, blank_clears=False)
    return Field(
        name, rule, played.on_update, played.nullable, history.ours[name], history.theirs[name]
    )


def play(history: History, merging: Callable[..., Merged] = merge.merge) -> Counter[str]:
    """Play a history to its end.

    Args:
        merging: what is judged.

    Returns:
        what happened, counted.

    Raises:
        Broken: something did not hold.
    """
    world = TwoSides.begin(history)
    world.merging = merging
    for act in history.acts:
        world.act(act)
    return world.counts
