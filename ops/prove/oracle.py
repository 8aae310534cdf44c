"""A slow, plain account of who must win: what the merge is judged by.

It shares no line with ``contacts.merge``. Values are numbers (see ``ops.prove.histories``), so it
knows nothing of spellings; and for each field it remembers what either side held when it was last
dealt with, and whose word has not reached the other side yet, where the merge has one value only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from contacts.fields import Owner, Rule, TieBreak
from ops.prove.histories import Meaning


@dataclass(frozen=True, slots=True)
class Lost:
    """An edit that must be reported as overruled."""

    name: str
    ours: int
    theirs: int
    winner: str
    by: str


@dataclass(slots=True)
class Field:
    """One field of the contact.

    Attributes:
        ours, theirs: what each side holds.
        ours_at: when we changed it; None: before anybody kept times.
        seen_ours, seen_theirs: what each held when the field was last dealt with.
        undelivered: whose word has not reached the other side: ``ours``, ``theirs`` or nobody's.
        refused: the meaning that the CRM was told and did not take.
        unanswered: meanings that we sent since, without an answer.
    """

    name: str
    rule: Rule
    on_update: bool
    nullable: bool
    ours: Meaning
    theirs: int
    ours_at: float | None = None
    seen_ours: Meaning = 0
    seen_theirs: int = 0
    undelivered: str = ""
    refused: Meaning = None
    unanswered: set[int] = field(default_factory=set)

    @property
    def synced(self) -> bool:
        return self.goes_out or self.comes_in

    @property
    def goes_out(self) -> bool:
        return self.rule.to_crm and self.rule.owner != Owner.CRM

    @property
    def comes_in(self) -> bool:
        return self.rule.from_crm and self.rule.owner != Owner.PLATFORM

    @property
    def unseen(self) -> bool:
        """Whether the CRM holds an edit of which a write of ours would know nothing."""
        return self.theirs != self.seen_theirs or self.undelivered == "theirs"

    @property
    def _we_edited(self) -> bool:
        """A word that never reached the other side, and was then taken back, was never said."""
        if self.ours is None:
            return False
        if self.undelivered == "ours":
            return self.ours != self.seen_theirs
        return self.ours != (self.seen_ours or 0)

    @property
    def _they_edited(self) -> bool:
        if self.theirs in self.unanswered:
            return False  # it was us
        if self.undelivered == "theirs":
            return self.theirs != (self.seen_ours or 0)
        return self.theirs != self.seen_theirs

    def look(self, theirs_at: float) -> Lost | None:
        """Both sides are compared, and we change what we have to change."""
        if not self.synced:
            return None
        if (self.ours or 0) == self.theirs:
            self._dealt_with("")
            self.refused = None
            return None
        winner, by = self._winner(self._we_edited, self._they_edited, theirs_at)
        lost = Lost(self.name, self.ours or 0, self.theirs, winner, by) if by else None
        if winner == "theirs" and self.comes_in:
            self.ours = self.theirs
            self.refused = None
            self._dealt_with("")
        else:
            self._dealt_with(winner)
        return lost

    def _winner(self, we_edited: bool, they_edited: bool, theirs_at: float) -> tuple[str, str]:
        table = (
            (self.ours is None or (self.ours == 0 and not self.rule.blank_clears), "theirs", ""),
            (self.theirs == 0 and not self.rule.blank_clears, "ours", ""),
            (self.rule.owner == Owner.PLATFORM, "ours", "owner" if they_edited else ""),
            (self.rule.owner == Owner.CRM, "theirs", "owner" if we_edited else ""),
            (not they_edited, "ours", ""),
            (not we_edited, "theirs", ""),
            (not self.comes_in, "ours", "one-way"),
            (not self.goes_out, "theirs", "one-way"),
            (self.rule.tie_break == TieBreak.PLATFORM, "ours", "platform"),
            (self.rule.tie_break == TieBreak.CRM, "theirs", "crm"),
            (self.ours_at is None or self.ours_at >= theirs_at, "ours", "newest"),
            (True, "theirs", "newest"),
        )
        return next((winner, by) for fits, winner, by in table if fits)

    def must_be_told(self) -> bool:
        """Whether the CRM has to be told our value, if it holds what we saw there."""
        if not self._we_edited or self.ours == self.seen_theirs or not self.goes_out:
            return False
        if self.ours == self.refused or not self.on_update:
            return False
        return bool(self.ours) or (self.rule.blank_clears and self.nullable)

    def told(self, theirs: int) -> None:
        """The CRM was told our value, answered, and now holds this."""
        self.theirs = theirs
        if theirs == self.ours:
            self.refused = None
            self._dealt_with("")
        else:
            self.refused = self.ours
            self._dealt_with("ours")

    def _dealt_with(self, undelivered: str) -> None:
        self.seen_ours, self.seen_theirs = self.ours, self.theirs
        self.undelivered = undelivered
        self.unanswered.clear()


@dataclass(slots=True)
class Tags:
    """The tags of the contact.

    Attributes:
        ours, theirs: what each side has on it.
        known: tags of which we ever heard.
        seen: what the CRM had on it when both were last compared.
        compared: tags that were known then.
    """

    theirs: set[str] = field(default_factory=set)
    ours: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    compared: set[str] = field(default_factory=set)

    def say(self, tag: str, *, on: bool) -> None:
        """We put a tag on or off."""
        self.known.add(tag)
        (self.ours.add if on else self.ours.discard)(tag)

    @property
    def put_on(self) -> set[str]:
        """What we put on since then, or have never told."""
        return self.ours - (self.seen & self.compared)

    @property
    def taken_off(self) -> set[str]:
        """What we took off since then, or have never told."""
        return self.known - self.ours - (self.compared - self.seen)

    def look(self) -> None:
        """What they put on is on, what they took off is off, and then our own word."""
        now = (self.theirs | self.put_on) - self.taken_off
        self.known |= self.theirs
        self.ours = now
        self.seen, self.compared = set(self.theirs), set(self.known)

    def tell(self) -> None:
        """The CRM is told what we put on and took off, and answers."""
        on, off = self.put_on, self.taken_off
        self.theirs = (self.theirs | on) - off
        self.seen = (self.seen | on) - off
        self.compared |= on | off
