"""What a log line says of an exception."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from contacts.logs import start_logging
from contacts.settings import Settings


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def break_down(email: str) -> None:
    raise RuntimeError(f"Key (email)=({email}) already exists")


@pytest.mark.parametrize("as_json", [False, True], ids=["for people", "for machines"])
@pytest.mark.parametrize("who", ["ours", "a library's"])
def test_an_exception_is_shown_without_its_text_and_variables(
    as_json: bool, who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(Settings(log_json=as_json, _env_file=None))
    log = structlog.get_logger("x") if who == "ours" else logging.getLogger("library")

    try:
        break_down("ada@example.org")
    except RuntimeError:
        log.exception("it broke")

    said = capsys.readouterr().err
    assert "it broke" in said
    assert "RuntimeError at test_logs.py" in said
    assert "break_down" in said
    assert "ada" not in said
    assert not as_json or json.loads(said)["event"] == "it broke"
