"""Made-up histories of one contact that two sides change: what can happen to it, by seed.

A value is a number here: 0 is blank, 1 and up are meanings, None is a field of which we say
nothing. How each side spells a meaning stands in ``PLAYED``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from contacts.cleaning import Value
from contacts.fields import Owner, Rule, TieBreak
from contacts.policy import Policy

Meaning = int | None

CUT: Final = 4
"""The meaning of a value that the CRM cut short."""


@dataclass(frozen=True, slots=True)
class Played:
    """How both sides spell the meanings of a field, and what a write of it cannot do."""

    ours: tuple[Value, ...]
    theirs: tuple[Value, ...]
    on_update: bool = True
    nullable: bool = True


def _alike(*values: Value, on_update: bool = True, nullable: bool = True) -> Played:
    return Played(("", *values), ("", *values), on_update=on_update, nullable=nullable)


PLAYED: Final[dict[str, Played]] = {
    "city": _alike("Bonn", "Köln", "Hamm", "Ha"),
    "phone": _alike("+4930901820", "+4930901821", "+4930901822", "+49309"),
    "postal_code": _alike("53111", "50667", "59065", "5", nullable=False),
    "country": _alike("DE", "AT", "CH", "X", nullable=False),
    "date_of_birth": _alike("1990-05-01", "1991-05-01", "1990-01-05", "1990-01-01"),
    "gender": _alike("female", "male", "other", "o", on_update=False, nullable=False),
    "company_name": _alike("Acme", "Bolt", "Coil", "C", on_update=False, nullable=False),
    "source": _alike("form", "shop", "fair", "f"),
    "dnd": _alike(True, False, nullable=False),
    "custom.score": Played(("", "7.50", "8", "1e3", "9"), ("", 7.5, 8, 1000, 9.0)),
    "custom.topics": Played(
        ("", "maths", "music", "art", "a"), ("", ["maths"], ["music"], ["art"], ["a"])
    ),
    "custom.start": Played(
        ("", "2026-01-02", "2026-03-04", "2026-05-06", "2026-01-01"),
        ("", "2026-01-02T00:00:00.000Z", "03/04/2026", "2026-05-06", "2026-01-01"),
    ),
}  # fmt: skip
TAGS: Final = ("student", "vip", "spring", "from-a-form")


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody changes a field at a time, which may lie before that of an earlier edit."""

    side: Literal["ours", "theirs"]
    name: str
    meaning: int
    at: float


@dataclass(frozen=True, slots=True)
class Tag:
    """Somebody puts a tag on or off."""

    side: Literal["ours", "theirs"]
    tag: str
    on: bool


@dataclass(frozen=True, slots=True)
class Look:
    """The CRM's contact is read and merged.

    Attributes:
        shown: the fields that the reading shows; None: all.
        kept: False: the process dies before its commit.
    """

    shown: frozenset[str] | None = None
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Push:
    """What is owed is sent.

    Attributes:
        fate: ``fine``; ``unseen``: it arrives, the answer is lost; ``lost``: it never arrives.
        on_the_spot: the answer is merged at once, not at the next look.
    """

    fate: Literal["fine", "unseen", "lost"] = "fine"
    on_the_spot: bool = True


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nobody changes anything until both sides agree."""


Act = Edit | Tag | Look | Push | Quiet


@dataclass(frozen=True, slots=True)
class History:
    """One contact, from its first comparison on.

    Attributes:
        rules: of every field that is played.
        ours, theirs: meanings at the beginning; nothing is agreed yet.
        deaf: fields that the CRM silently never changes.
        cutting: fields of which the CRM cuts the third meaning short.
        with_email: we know the person's email.
        acts: what happens; the last one is a Quiet.
    """

    rules: Mapping[str, Rule]
    ours: Mapping[str, Meaning]
    theirs: Mapping[str, int]
    deaf: frozenset[str]
    cutting: frozenset[str]
    with_email: bool
    acts: tuple[Act, ...]

    @property
    def policy(self) -> Policy:
        """The location's rules."""
        return Policy(dict(self.rules))


def generate(random: Random) -> History:
    """A history. About a third of its edits meet another of the same field."""
    names = random.sample(list(PLAYED), random.randint(1, 4))
    acts: list[Act] = []
    for _ in range(random.randint(1, 4)):
        acts += (_act(random, names) for _ in range(random.randint(1, 9)))
        acts.append(Quiet())
    return History(
        rules={name: _rule(random) for name in names},
        ours={name: random.choice((None, 0, *_meanings(name))) for name in names},
        theirs={name: random.choice((0, *_meanings(name))) for name in names},
        deaf=_some(random, names, 0.05),
        cutting=_some(random, [name for name in names if name != "dnd"], 0.05),
        with_email=random.random() < 0.8,
        acts=tuple(acts),
    )


def _rule(random: Random) -> Rule:
    return Rule(
        owner=random.choices(list(Owner), (1, 1, 4))[0],
        tie_break=random.choice(list(TieBreak)),
        blank_clears=random.random() < 0.6,
        to_crm=random.random() < 0.9,
        from_crm=random.random() < 0.9,
    )


def _act(random: Random, names: list[str]) -> Act:
    kind = random.choices(("edit", "tag", "look", "push"), (12, 5, 4, 4))[0]
    side = random.choice(("ours", "theirs"))
    if kind == "edit":
        name = random.choice(names)
        return Edit(
            "ours" if side == "ours" else "theirs",
            name,
            random.choice((0, *_meanings(name))),
            random.randint(1, 12),
        )
    if kind == "tag":
        return Tag(
            "ours" if side == "ours" else "theirs", random.choice(TAGS), random.random() < 0.6
        )
    if kind == "look":
        shown = _some(random, names, 0.5) if random.random() < 0.2 else None
        return Look(shown, kept=random.random() < 0.85)
    return Push(
        random.choices(("fine", "unseen", "lost"), (6, 2, 1))[0], on_the_spot=random.random() < 0.5
    )


def _meanings(name: str) -> tuple[int, ...]:
    return (1, 2) if name == "dnd" else (1, 2, 3)


def _some(random: Random, names: list[str], share: float) -> frozenset[str]:
    return frozenset(name for name in names if random.random() < share)
