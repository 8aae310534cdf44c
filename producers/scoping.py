"""Which scopes a location's token needs by what is in use, and which of them it has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contacts import scopes
from contacts.catalogue import BY_NAME
from contacts.fields import CUSTOM
from contacts.rules import Do
from contacts.scopes import Enabled, Need
from contacts.settings import Settings
from contacts.store import checks, grants, platforms, rulesets
from contacts.store.checks import Look
from contacts.store.database import Store
from contacts.store.grants import Grant, Of, State
from contacts.tempo import DAY_S
from producers import rule_files
from producers.mapping import Export

LATELY_S: Final = DAY_S
"""A call that was answered so lately shows that its scope is there."""

LOOKED: Final[Mapping[Look, str]] = {
    Look.CONTACTS: "contacts.readonly",
    Look.LOCATION: "locations.readonly",
    Look.FIELDS: "locations/customFields.readonly",
    Look.TASKS: "locations/tasks.readonly",
}
"""The scope that each look of ``rollbook doctor`` needs."""

_TAGS: Final = {Do.ADD_TAG, Do.REMOVE_TAG}


@dataclass(frozen=True, slots=True)
class Standing:
    """One scope that is needed, and whether the token has it.

    Attributes:
        has: None: nothing has shown it yet.
        by: what shows it, half a sentence.
    """

    need: Need
    has: bool | None
    by: str


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes of one location.

    Attributes:
        needs: all of them, also those of an agency's own token.
        standing: those of the location's token.
        granted: all that an install granted; None: a private integration's are not told.
        spare: those of them that nothing needs.
    """

    location: str
    needs: tuple[Need, ...]
    standing: tuple[Standing, ...]
    granted: frozenset[str] | None
    spare: tuple[str, ...]

    @property
    def missing(self) -> list[Standing]:
        """Those without which something does not go on."""
        return [one for one in self.standing if one.has is False]


def enabled(store: Store, settings: Settings, location: str, export: Export | None) -> Enabled:
    """What is in use at a location: by the mapping, its rules, its platform, and what is there.

    Args:
        export: the mapping; None: there is none here.
    """
    held = checks.held(store, location)
    with store.read() as tx:
        platform = platforms.of(tx, location)
        ruleset = rulesets.of(tx, location)
    rules = [*(ruleset.rules if ruleset else ()), *rule_files.compiled(_rules(export))]
    does = {action.do for rule in rules for action in rule.actions}
    fields = [*(export.fields if export else ()), *(platform.fields if platform else ())]
    return Enabled(
        version=settings.crm_version,
        read_only=settings.read_only,
        custom_fields=held.custom_fields or any(name.startswith(CUSTOM) for name in fields),
        tags=held.tags or bool(does & _TAGS) or _names_tags(export),
        notes=held.notes
        or Do.NOTE in does
        or bool(export and (export.notes or export.named_notes)),
        tasks=held.tasks or Do.TASK in does or bool(export and export.tasks),
        agency=_for_agencies(store, settings),
        called=held.called,
    )


def _rules(export: Export | None) -> Sequence[Mapping[str, object]]:
    return (export.rules or ()) if export else ()


def _names_tags(export: Export | None) -> bool:
    return bool(export and (export.tags or export.tags_from or export.tag_templates))


def _for_agencies(store: Store, settings: Settings) -> bool:
    """Whether an agency installed the app, or one may."""
    if not settings.oauth_client_id:
        return False
    known = grants.known(store)
    return not known or any(one.kind == Of.COMPANY for one in known)


def of(store: Store, settings: Settings, location: str, export: Export | None) -> Scopes:
    """The scopes that a location needs, and what is known of its token."""
    needs = tuple(scopes.needed(enabled(store, settings, location, export)))
    own = [one for one in needs if not one.scope.startswith("oauth.")]
    grant = _grant(store, location)
    if grant is None:
        shown = _shown(store, location)
        standing = [Standing(one, *shown.get(one.scope, (None, "not tried yet"))) for one in own]
        return Scopes(location, needs, tuple(standing), None, ())
    granted = frozenset(grant.scopes.split())
    standing = [Standing(one, one.scope in granted, "by the install") for one in own]
    # An exchanged token has these two whatever was asked for (measured by integrators).
    spare = scopes.spare(needs, granted - {"oauth.readonly", "oauth.write"})
    return Scopes(location, needs, tuple(standing), granted, tuple(spare))


def _grant(store: Store, location: str) -> Grant | None:
    with store.read() as tx:
        found = grants.of(tx, Of.LOCATION, location)
    return found if found is not None and found.state == State.LIVE and found.scopes else None


def _shown(store: Store, location: str) -> dict[str, tuple[bool | None, str]]:
    """What calls have shown of a private integration's token: the only way to know its scopes."""
    found: dict[str, tuple[bool | None, str]] = {}
    for name in checks.succeeded(store, location, since=store.clock() - LATELY_S):
        if name in BY_NAME:
            found[BY_NAME[name].scope] = (True, "by a call today")
    for look, seen in checks.found(store, location).items():
        if look in LOOKED and seen.code in (None, "scope"):
            found[LOOKED[look]] = (seen.code is None, "by a look")
    return found


def as_setting(needs: Collection[Need]) -> str:
    """The scopes as ROLLBOOK_OAUTH_SCOPES and the CRM's pages take them."""
    return " ".join(need.scope for need in needs)
