"""What the documents promise is there: commands, settings, kinds, codes, links."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from contacts.errors import SyncError
from contacts.jobs import Kind
from contacts.settings import Settings
from contacts.store import ledger, ledger_together
from producers.cli import docs
from producers.cli.codes import CODES
from producers.cli.main import commands
from worker.crm import access

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("ops/**/*.md")])
SOURCES = sorted(
    path
    for part in ("contacts", "producers", "worker", "ops")
    for path in ROOT.glob(f"{part}/**/*.py")
)


COMMANDS: Any = commands()


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    """The source, read once: all of it takes a second."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def generated() -> dict[str, str]:
    return docs.pages()


@pytest.mark.parametrize("path", generated())
def test_generated_page_is_what_make_docs_would_write(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == generated()[path], "run: make docs"


# ---------------------------------------------------------------- settings


def test_every_setting_says_what_it_means_with_an_example() -> None:
    mute = [name for name, f in Settings.model_fields.items() if not (f.description and f.examples)]

    assert mute == []


def test_every_example_of_a_setting_is_a_value_that_it_takes(tmp_path: Path) -> None:
    examples = {name: field.examples[0] for name, field in Settings.model_fields.items()}
    # The longest call must fit into the lease, so these three are only right together.
    examples |= {"lease_seconds": 60, "connect_timeout": 5, "read_timeout": 10}

    assert Settings(_env_file=None, **examples).model_fields_set == set(examples)


def test_env_example_is_a_file_of_settings_once_its_marks_are_taken_off(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(re.sub(r"^#(?=ROLLBOOK_)", "", text, flags=re.M))

    loaded = Settings(_env_file=tmp_path / ".env")

    assert loaded.model_fields_set == set(Settings.model_fields)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_setting_that_a_page_names_exists(path: Path) -> None:
    of_the_tests = {"ROLLBOOK_TEST_POSTGRES", "ROLLBOOK_SPEC"}
    known = {f"ROLLBOOK_{name.upper()}" for name in Settings.model_fields} | of_the_tests
    named = set(re.findall(r"\bROLLBOOK_[A-Z_]+\b", path.read_text(encoding="utf-8")))

    assert named - known == set()


# ---------------------------------------------------------------- kinds and codes


def test_every_kind_of_job_is_explained() -> None:
    page = (ROOT / "docs/codes.md").read_text(encoding="utf-8")

    assert [kind for kind in Kind if f"| `{kind.value}` |" not in page] == []


@cache
def raised_codes() -> set[str]:
    """Every code that the source can end a job with."""
    found = {cls.code for cls in subclasses(SyncError)} | {ledger.LOST, ledger_together.ALONE}
    found |= {code for _, code, _ in access._KINDS}
    for path in SOURCES:
        if path.is_relative_to(ROOT / "ops"):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                found |= set(codes_in(node))
    return found


def subclasses(cls: type[SyncError]) -> Iterator[type[SyncError]]:
    yield cls
    for one in cls.__subclasses__():
        yield from subclasses(one)


def codes_in(call: ast.Call) -> Iterator[str]:
    """Texts given as ``code=``, or as the second argument of ``_lost``."""
    given = [word.value for word in call.keywords if word.arg == "code"]
    if isinstance(call.func, ast.Name) and call.func.id == "_lost" and len(call.args) > 1:
        given.append(call.args[1])
    for value in given:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def test_every_code_of_a_job_is_explained_with_what_to_do() -> None:
    assert raised_codes() - set(CODES) == set()


def test_no_code_is_explained_that_nobody_raises() -> None:
    assert set(CODES) - raised_codes() == set()


# ---------------------------------------------------------------- commands


def mentioned(text: str) -> Iterator[str]:
    """Every `rollbook …` in backticks, and every line of a code block that begins with it."""
    yield from re.findall(r"(?<!`)`(?:\$ )?(rollbook(?: [^`\n]+)?)`", text)
    for block in re.findall(r"```[^\n]*\n(.*?)```", text, flags=re.S):
        for line in block.splitlines():
            bare = re.sub(r"^(?:\$ )?(?:ROLLBOOK_\S+ )*", "", line.strip())
            if bare.startswith("rollbook "):
                yield bare


def complaint(line: str) -> str | None:
    """What is wrong with a command line; None when every command and option of it exists."""
    command = COMMANDS
    words = shlex.split(line.replace("|", " ").replace("…", "..."), comments=True)[1:]
    for word in words:
        known = {name for param in command.params for name in param.opts} | {"-h", "--help"}
        if word in (">", "&&", "&") or word.endswith(
            ":"
        ):  # `rollbook worker: no Redis` is a message
            break
        if word.startswith("-"):
            if word.partition("=")[0] not in known:
                return f"{line}: no option {word}"
        elif hasattr(command, "commands"):
            inner = command.commands.get(word)
            if inner is None and command.name == "rollbook" and word.islower():
                return f"{line}: no command {word}"
            command = inner or command
    return None


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_command_that_a_page_names_exists_with_its_options(path: Path) -> None:
    lines = list(mentioned(path.read_text(encoding="utf-8")))

    assert [wrong for line in lines if (wrong := complaint(line))] == []


def test_every_command_that_a_message_names_exists_with_its_options() -> None:
    lines: list[str] = []
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                lines += mentioned(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else "VALUE" for p in node.values]
                lines += mentioned("".join(parts))

    assert len(lines) > 30
    assert [wrong for line in lines if (wrong := complaint(line))] == []


def test_a_command_or_option_that_does_not_exist_is_found() -> None:
    wrong = [
        complaint(line) for line in ("rollbook fly", "rollbook status --loud", "rollbook --no")
    ]

    assert None not in wrong


# ---------------------------------------------------------------- links and targets


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_relative_link_of_a_page_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    targets = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text))
    broken = [
        target
        for target in targets
        if not re.match(r"[a-z]+:", target) and not leads_somewhere(path, target)
    ]

    assert broken == []


def leads_somewhere(page: Path, target: str) -> bool:
    where, _, anchor = target.partition("#")
    found = (page.parent / where).resolve() if where else page
    if not found.exists():
        return False
    return not anchor or anchor in anchors(found.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.+)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_every_decision_is_in_the_index_by_its_number_and_title() -> None:
    folder = ROOT / "docs/decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    listed = [
        f"# {number}. {title} {file}"
        for number, title, file in re.findall(r"^\* (\d+)\. \[(.+)\]\((.+)\)$", index, flags=re.M)
    ]

    pages = sorted(folder.glob("[0-9]*.md"))
    assert listed == [f"{page.read_text('utf-8').splitlines()[0]} {page.name}" for page in pages]
    assert [int(one.split(".")[0][2:]) for one in listed] == [int(page.name[:4]) for page in pages]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_make_target_that_a_page_names_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    named = set(re.findall(r"`make ([a-z-]+)[^`]*`", path.read_text(encoding="utf-8")))

    assert named - targets == set()
