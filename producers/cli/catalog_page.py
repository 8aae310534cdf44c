"""The generated page of the catalogue, for ``producers.cli.docs``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contacts.catalogue import OPERATIONS, Field, Operation, Repeat
from contacts.settings import V3
from producers.cli.catalog_rows import ACTIONS, TITLES, Entry, Group, entries

REPEATS = {Repeat.SAFE: "again", Repeat.LOOK: "look", Repeat.ASK: "ask"}


def catalog(made: str) -> str:
    """The page; ``made`` says that nobody is to edit it."""
    found = entries()
    actions = sum(one.group in ACTIONS for one in found)
    lines = [
        "# Actions and triggers",
        "",
        made,
        "",
        f"{actions} actions and {len(found) - actions} triggers: {len(found)} in all, from the "
        "tables of the code. `rollbook catalog` shows",
        "the same, `rollbook catalog --json` for machines. Each is exercised by a test: "
        "[`tests/worker/test_every_call.py`](../tests/worker/test_every_call.py)",
        "makes every call against the stand-in in both generations, and "
        "[`tests/producers/cli/test_catalog.py`](../tests/producers/cli/test_catalog.py) names or "
        "holds the others.",
        "",
    ]
    for group, title in TITLES.items():
        lines += [f"## {title}", ""]
        rows = [one for one in found if one.group is group]
        lines += _calls() if group is Group.CALL else _table(rows)
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _calls() -> Iterator[str]:
    yield "Each by `rollbook call NAME key=value …`; what the last column means is in"
    yield "[calls.md](calls.md#a-lost-answer). Needed values are **bold**; `locationId` is filled"
    yield "in. A `-` instead of a path: that generation does not have it."
    yield ""
    yield "| name | call | in v3 | scope | takes | answers | lost answer |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for one in OPERATIONS:
        old = f"`{one.method} {one.shown_path('')}`" if one.v2 else "-"
        new = _in_v3(one)
        scope = f"`{one.scope}`" if one.scope else ""
        answers = f"{'/'.join(map(str, one.codes))} {_answers(one)}".strip()
        lost = REPEATS[one.repeat] if one.writes else ""
        name = f"`{one.name}`"
        name += "" if one.by_name else f" (by `{one.instead}`)"
        yield f"| {name} | {old} | {new} | {scope} | {_takes(one)} | {answers} | {lost} |"


def _in_v3(one: Operation) -> str:
    if not one.is_in(V3):
        return "-"
    same = one.v2 and one.shown_path(V3) == one.shown_path("")
    return "the same" if same else f"`{one.method} {one.shown_path(V3)}`"


def _answers(one: Operation) -> str:
    other = f" (v3: {', '.join(one.answer_v3)})" if one.answer_v3 else ""
    return ", ".join(one.answer) + other


def _takes(one: Operation) -> str:
    return ", ".join(_name(field) for field in (*one.query, *one.body))


def _name(field: Field) -> str:
    name = f"{field.name} (v3: {field.v3})" if field.v3 else field.name
    name += f" ({field.only})" if field.only else ""
    return f"**{name}**" if field.needed else name


def _table(rows: Sequence[Entry]) -> Iterator[str]:
    yield "| name | what it does | needs |"
    yield "| --- | --- | --- |"
    for one in rows:
        needs = ", ".join(f"`{need}`" if _is_code(need) else need for need in one.needs)
        yield f"| `{one.name}` | {one.does} | {needs} |"


def _is_code(need: str) -> bool:
    return need.startswith(("ROLLBOOK_", "[", "rollbook "))
