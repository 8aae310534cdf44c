"""``[platform]`` of ``rollbook.toml``: how the course platform is talked to (docs/platform.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from contacts import platforms
from contacts.errors import UsageError
from contacts.fields import FIELDS
from contacts.names import is_field, not_a_field
from contacts.platforms import Call, Consequence, CourseList, Event, Feed, Kind, Platform
from producers import mapping
from producers.mistakes import Check
from producers.tables import Part

HOST: Final = "https://api.onlinecoursehost.com"
PER_MINUTE: Final = 400
"""What OnlineCourseHost is said to take."""

OWN_PER_MINUTE: Final = 60

PERSONAL: Final = tuple(one.name for one in FIELDS if one.personal)

SENT: Final = ("email", "name", "key", "password")
"""What a call of ours may hold in braces."""

KEYS: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.COURSEHOST: ("url", "per_minute", "integration", "events"),
    Kind.SQL: ("url", "feed", "fields", "write_back", "lists", "events"),
    Kind.HTTP: ("url", "header", "prefix", "per_minute", "feed", "fields", "write_back", "lists",
                "courses", "enrol", "events"),
}  # fmt: skip


def load(path: Path) -> Platform:
    """Read ``[platform]`` of a mapping, and nothing else of it.

    Raises:
        UsageError: unreadable, wrong, or nothing is said; one line for each mistake.
    """
    document = mapping.document(path)
    if "platform" not in document:
        raise UsageError(f"{path} has no [platform]: see docs/platform.md")
    check = Check(str(path), path.read_text("utf-8-sig"))
    found = platform(check, document["platform"])
    check.done()
    assert found is not None
    return found


def platform(check: Check, found: object) -> Platform | None:
    """The platform that a mapping describes; None: ``check`` has heard what is wrong."""
    if not isinstance(found, dict):
        check.wrong("platform", "must be a table: begin it with [platform]")
        return None
    part = Part(check, "platform", found)
    word = part.choice("kind", [kind.value for kind in Kind], None)
    if word is None:
        return None
    kind = Kind(word)
    part.only(("kind", *KEYS[kind]))
    fields = _fields(check, found.get("fields", {})) if "fields" in KEYS[kind] else {}
    feed = _feed(check, kind, found.get("feed"), fields)
    made = Platform(
        kind=kind,
        url=_url(part, kind),
        per_minute=part.number("per_minute", _pace(kind), least=1) if kind is not Kind.SQL else 0,
        header=part.text("header", "Authorization"),
        prefix=part.text("prefix", "Bearer ", blank=True),
        integration=part.choice("integration", ["zapier", "pabbly"], "zapier") or "zapier",
        fields=fields,
        feed=feed,
        **_outward(check, kind, found, fields, feed),
        events=_events(check, found.get("events", {})),
    )
    _needs(check, made)
    return made


def _pace(kind: Kind) -> int:
    return PER_MINUTE if kind is Kind.COURSEHOST else OWN_PER_MINUTE


def _url(part: Part, kind: Kind) -> str:
    url = part.text("url", HOST if kind is Kind.COURSEHOST else None).rstrip("/")
    if not url:
        return ""
    key = "platform.url"
    try:
        parts = urlsplit(url)
        secret = parts.password
    except ValueError:
        part.check.wrong(key, "cannot be read as an address")
        return ""
    if kind is Kind.SQL:
        if not parts.scheme:
            part.check.wrong(key, 'must be an address such as "postgresql://reader@host/school"')
    elif parts.scheme not in ("http", "https") or not parts.hostname:
        part.check.wrong(key, "must be an http or https address")
    if secret:
        part.check.wrong(key, "holds a password: leave it out, `rollbook platform connect` asks")
    return url


def _fields(check: Check, found: object) -> dict[str, str]:
    if not isinstance(found, dict):
        check.wrong("platform.fields", 'must be a table, as email = "email"')
        return {}
    fields: dict[str, str] = {}
    for name, column in mapping.flat(found):
        key = f"platform.fields.{name}"
        if not is_field(name):
            check.wrong(key, not_a_field(name))
        elif (
            text := check.text(key, column, "the name of a column, or a JSON pointer")
        ) is not None:
            fields[name] = text
    return fields


def _feed(check: Check, kind: Kind, found: object, fields: Mapping[str, str]) -> Feed | None:
    if found is None or kind is Kind.COURSEHOST:
        return None
    part = Part.of(check, "platform.feed", found)
    if part is None:
        return None
    own = ("table",) if kind is Kind.SQL else ("path", "items", "since", "page", "limit", "next")
    part.only(("key", "updated", "size", "overlap_seconds", "tags", "notes", *own))
    if not {"email", "phone"} & fields.keys():
        check.wrong("platform.fields", "maps neither email nor phone: people are known by them")
    texts = {name: part.text(name, None if name in ("table", "path") else "") for name in own}
    key = part.text("key", None)
    same = next((name for name in PERSONAL if fields.get(name) == key), None)
    if key and same:
        what = f"is the {same}: it must be an id, which never changes and tells nothing of anybody"
        check.wrong("platform.feed.key", what)
    return Feed(
        key=key,
        updated=part.text("updated", None),
        size=part.number("size", 500 if kind is Kind.SQL else 200, least=1, most=5000),
        overlap_s=float(part.number("overlap_seconds", 60, least=0, most=86_400)),
        tags=part.templates("tags"),
        notes=part.templates("notes"),
        **texts,
    )


def _outward(
    check: Check,
    kind: Kind,
    found: Mapping[str, Any],
    fields: Mapping[str, str],
    feed: Feed | None,
) -> dict[str, Any]:
    """What the platform can be told, by the names of :class:`Platform`."""
    names, telling = _write_back(check, kind, found.get("write_back"), fields)
    if names and feed is None:
        check.wrong("platform.write_back", "needs [platform.feed], which knows who is who there")
    told: dict[str, Any] = {"write_back": names, "telling": telling}
    lists = found.get("lists")
    if lists is not None and kind is Kind.SQL:
        part = Part.of(check, "platform.lists", lists)
        told["lists"] = {name: part.text(name, None) for name in lists} if part else {}
        if feed is None:
            check.wrong("platform.lists", "needs [platform.feed], which names the table")
    elif lists is not None:
        told["listing"] = _call(check, "platform.lists", lists, (*SENT, "list"), "PUT")
    if kind is Kind.HTTP and "enrol" in found:
        told["enrol"] = _call(check, "platform.enrol", found["enrol"], (*SENT, "course"), "POST")
    if kind is Kind.HTTP and "courses" in found:
        part = Part.of(check, "platform.courses", found["courses"])
        if part is not None:
            part.only(("path", "items", "id", "title"))
            told["courses"] = CourseList(
                part.text("path", None), part.text("items", ""), part.text("id", "/id"),
                part.text("title", "/title"),
            )  # fmt: skip
    return told


def _write_back(
    check: Check, kind: Kind, found: object, fields: Mapping[str, str]
) -> tuple[tuple[str, ...], Call | None]:
    if found is None:
        return (), None
    part = Part.of(check, "platform.write_back", found)
    if part is None:
        return (), None
    part.only(("fields",) if kind is Kind.SQL else ("fields", "path", "method"))
    names = part.texts("fields")
    for name in names:
        if name not in fields:
            check.wrong("platform.write_back.fields", f'names "{name}", which [platform.fields] '
                        "does not map")  # fmt: skip
    if not names:
        check.wrong("platform.write_back.fields", 'must be a list such as ["phone"]')
    if kind is Kind.SQL:
        return names, None
    return names, Call(
        part.template("path", SENT), part.choice("method", ["PATCH", "PUT", "POST"], "PATCH") or ""
    )


def _call(check: Check, key: str, found: object, known: Sequence[str], method: str) -> Call | None:
    part = Part.of(check, key, found)
    if part is None:
        return None
    part.only(("path", "method", "body"))
    body = part.table.get("body")
    if body is not None and not isinstance(body, dict):
        check.wrong(f"{key}.body", 'must be a table, such as { email = "{email}" }')
        body = None
    part.braces(f"{key}.body", body, known)
    chosen = part.choice("method", ["POST", "PUT", "PATCH"], method)
    return Call(part.template("path", known), chosen or method, body)


def _events(check: Check, found: object) -> dict[str, Consequence]:
    part = Part.of(check, "platform.events", found)
    if part is None:
        return {}
    part.only([event.value for event in Event])
    events: dict[str, Consequence] = {}
    for name, one in part.table.items():
        inner = Part.of(check, f"platform.events.{name}", one)
        if inner is not None and name in list(Event):
            inner.only(("tags", "notes", "list"))
            events[name] = Consequence(
                inner.templates("tags"), inner.templates("notes"), inner.text("list", "") or None
            )
    return events


def _needs(check: Check, made: platforms.Platform) -> None:
    """What one key asks of another."""
    if made.kind is not Kind.COURSEHOST and made.feed is None and not made.enrol:
        check.wrong("platform", "can do nothing: it needs [platform.feed] or [platform.enrol]")
    feed = made.feed
    if feed and made.kind is Kind.HTTP and feed.page and not feed.next:
        check.wrong("platform.feed.page", "needs next, which says where the answer names the page")
    calls = (made.telling, made.listing)
    if any(one and "{key}" in one.path for one in calls) and feed is None:
        check.wrong("platform", "names {key}, which only [platform.feed] can know")
