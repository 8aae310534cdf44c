"""The facts of a contact that rules look at, at one moment; and what changed between two. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contacts.cleaning import Value


@dataclass(frozen=True, slots=True)
class Course:
    """A course somebody is in."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Where an opportunity stands; ids of the CRM."""

    pipeline: str
    stage: str


@dataclass(frozen=True, slots=True)
class Happening:
    """An event.

    Attributes:
        key: no other event has it.
        at: when it came, seconds since the epoch.
    """

    key: str
    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What both sides agree on of one contact, at one moment.

    Attributes:
        fields: agreed values by our field names.
        tags: agreed.
        enrolments: by our id of the enrolment.
        lists: of the platform, as we want them: not every platform can be told.
        stages: by the CRM's id of the opportunity.
        events: what happened; not a state, so there is no before.
        there: the contact is in the CRM. Of one that is not, no condition is true.
    """

    fields: Mapping[str, Value] = field(default_factory=dict, repr=False)
    tags: frozenset[str] = frozenset()
    enrolments: Mapping[str, Course] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    stages: Mapping[str, Stage] = field(default_factory=dict)
    events: tuple[Happening, ...] = ()
    there: bool = True

    def values(self) -> dict[str, Value]:
        """Everything that a condition may ask for, by name."""
        courses = {name for one in self.enrolments.values() for name in (one.id, one.title) if name}
        return {
            **self.fields,
            "tags": sorted(self.tags),
            "courses": sorted(courses),
            "lists": sorted(self.lists),
            "stages": sorted({one.stage for one in self.stages.values()}),
        }


NOBODY: Final = Facts(there=False)
"""Of a contact before it came into being."""


def marks(before: Facts, after: Facts) -> frozenset[str]:
    """What changed, in words that a firing's wishes are compared with."""
    found = {f"tag+{tag}" for tag in after.tags - before.tags}
    found |= {f"tag-{tag}" for tag in before.tags - after.tags}
    found |= {f"list+{name}" for name in after.lists - before.lists}
    found |= {f"list-{name}" for name in before.lists - after.lists}
    new = after.enrolments.keys() - before.enrolments.keys()
    found |= {f"course+{after.enrolments[key].id}" for key in new}
    return frozenset(found)
