"""A full name and its parts are two spellings of one thing, and the CRM keeps both."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest

from contacts.cleaning import Value
from contacts.fields import Rule, TieBreak
from contacts.merge import merge, settle, unsent
from contacts.policy import Policy
from contacts.ruling import Times

FIRST = ("Ada", "Augusta", "Anna")
LAST = ("King", "Lovelace", "Byron")


class There:
    """The CRM: a name is split where no part is given, and put together from the parts."""

    def __init__(self, first: str, last: str) -> None:
        self.first, self.last = first, last

    def read(self) -> dict[str, Value]:
        return {
            "first_name": self.first, "last_name": self.last, "name": f"{self.first} {self.last}",
        }  # fmt: skip

    def update(self, body: Mapping[str, Value]) -> None:
        if "name" in body and not body.keys() & {"first_name", "last_name"}:
            self.first, self.last = str(body["name"]).split()
        self.first = str(body.get("first_name", self.first))
        self.last = str(body.get("last_name", self.last))


class Pair:
    """Both sides, and what was agreed."""

    def __init__(self, ours: dict[str, Value], there: There, policy: Policy) -> None:
        self.ours, self.there, self.policy = ours, there, policy
        self.agreed: dict[str, Value] = {}
        self.refused: dict[str, str] = {}
        self.times = (0.0, 0.0)

    def round(self) -> bool:
        """Look and push; whether anything happened."""
        at, theirs_at = self.times
        looked = merge(
            self.agreed,
            self.ours,
            self.there.read(),
            policy=self.policy,
            refused=self.refused,
            times=Times(dict.fromkeys(self.ours, at), theirs_at),
        )
        self.ours |= looked.to_ours
        self.agreed, self.refused = looked.agreed, looked.refused
        body = unsent(self.ours, self.agreed, self.refused, linked=True, policy=self.policy)
        if body:
            self.there.update(body)
            done = settle(body, self.there.read(), self.agreed, self.refused)
            self.agreed, self.refused = done.agreed, done.refused
        return bool(body or looked.to_ours or looked.conflicts)

    def rounds(self) -> int:
        for n in range(5):
            if not self.round():
                return n
        return 5

    def who(self) -> set[str]:
        """How we spell the person, in every way in which we do."""
        found = {str(self.ours["name"])} if "name" in self.ours else set()
        if "first_name" in self.ours or "last_name" in self.ours:
            found.add(f"{self.ours.get('first_name')} {self.ours.get('last_name')}")
        return found


def spelled(first: str, last: str, way: str) -> dict[str, Value]:
    parts: dict[str, Value] = {"first_name": first, "last_name": last}
    whole: dict[str, Value] = {"name": f"{first} {last}"}
    return {"whole": whole, "parts": parts, "both": whole | parts}[way]


def one_history(random: Random) -> None:
    way = random.choice(("whole", "parts", "both"))
    rule = Rule(tie_break=random.choice(list(TieBreak)))
    policy = Policy(dict.fromkeys(("name", "first_name", "last_name"), rule))
    pair = Pair(spelled("Ada", "King", way), There("Ada", "King"), policy)
    pair.rounds()
    for _ in range(4):
        first, last = random.choice(FIRST), random.choice(LAST)
        sides = random.choice(("ours", "theirs", "both"))
        if sides != "theirs":
            # A source says the name in one way at a time.
            said = random.choice(("whole", "parts")) if way == "both" else way
            pair.ours |= spelled(first, last, said)
        if sides != "ours":
            pair.there.first, pair.there.last = random.choice(FIRST), random.choice(LAST)
        pair.times = (random.random(), random.random())
        theirs = f"{pair.there.first} {pair.there.last}"

        assert pair.rounds() <= 2

        now = f"{pair.there.first} {pair.there.last}"
        assert pair.who() == {now}
        if sides != "both":
            assert now == (f"{first} {last}" if sides == "ours" else theirs)


@pytest.mark.parametrize("seed", range(4))
def test_a_name_that_one_side_changed_is_so_on_both_however_it_is_spelled(seed: int) -> None:
    random = Random(seed)
    for _ in range(500):
        one_history(random)


def test_we_go_on_in_the_way_in_which_we_began() -> None:
    theirs: dict[str, Value] = {"name": "Ada King", "first_name": "Ada", "last_name": "King"}
    assert merge({}, {}, theirs).to_ours == {"first_name": "Ada", "last_name": "King"}
    assert merge({}, {"first_name": "Ada"}, theirs).to_ours == {"last_name": "King"}
    assert merge({"name": "Ada"}, {"name": "Ada"}, theirs).to_ours == {"name": "Ada King"}


def test_a_name_in_lower_case_is_not_somebodys_edit() -> None:
    agreed: dict[str, Value] = {"name": "Ada King"}
    assert merge(agreed, agreed, {"name": "ada king"}).to_ours == {}
