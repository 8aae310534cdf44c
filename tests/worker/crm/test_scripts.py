"""The limiter's scripts are whole, and nothing lies beside them."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest

from worker.crm.scripts import SCRIPTS


def test_every_file_is_part_of_a_verbs_script() -> None:
    for file in resources.files("worker.crm").joinpath("script").iterdir():
        text = file.read_text("utf-8")
        assert any(text in script.text for script in SCRIPTS.values()), file.name


@pytest.mark.parametrize("verb", SCRIPTS)
def test_a_script_is_called_by_the_digest_that_redis_computes(verb: str) -> None:
    script = SCRIPTS[verb]
    assert script.sha == hashlib.sha1(script.text.encode()).hexdigest()


def test_a_token_that_waited_is_asked_for_by_a_script_without_the_places() -> None:
    assert "ZCARD" not in SCRIPTS["still"].text
