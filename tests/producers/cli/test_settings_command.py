"""`rollbook settings`: where each value comes from; no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from contacts.settings import Settings
from producers.cli.settings import shown


def test_each_value_is_shown_with_what_set_it(rollbook, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("ROLLBOOK_ATTEMPTS=5\nROLLBOOK_COUNTRY=DE\n")
    monkeypatch.setenv("ROLLBOOK_COUNTRY", "at")

    found = {one["name"]: one for one in rollbook("settings", "--json").lines}

    assert len(found) == len(Settings.model_fields)
    seen = {name: (found[name]["value"], found[name]["origin"]) for name in (
        "ROLLBOOK_COUNTRY", "ROLLBOOK_ATTEMPTS", "ROLLBOOK_READ_TIMEOUT",
    )}  # fmt: skip
    assert seen == {
        "ROLLBOOK_COUNTRY": ("AT", "environment"),
        "ROLLBOOK_ATTEMPTS": ("5", ".env"),
        "ROLLBOOK_READ_TIMEOUT": ("10.0", "default"),
    }


def test_no_secret_is_shown(rollbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_CRM_TOKEN", "pit-hush")
    monkeypatch.setenv("ROLLBOOK_FLOWER_PASSWORD", "hush-too")
    monkeypatch.setenv("ROLLBOOK_DATABASE_URL", "postgresql://rollbook:hush@db.example/rollbook")

    for words in (("settings",), ("settings", "--meaning"), ("settings", "--json")):
        out = rollbook(*words).out
        assert "hush" not in out
        assert "postgresql://rollbook:•••@db.example/rollbook" in out


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://:pw@127.0.0.1:6379/0", "redis://:•••@127.0.0.1:6379/0"),
        ("redis://127.0.0.1/0", "redis://127.0.0.1/0"),
        ("postgresql://me@db/x?password=pw", "postgresql://me@db/x?•••"),
        ("unix:///run/redis.sock?password=pw", "•••"),
        ("postgresql:///x?password=pw", "•••"),
        ("sqlite:////var/lib/rollbook.db", "sqlite:////var/lib/rollbook.db"),
        ("redis://:p[w@h:1/0", "•••"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, said: str) -> None:
    settings = Settings.model_construct(redis_url=None)
    secret = Settings(_env_file=None, crm_token=url).crm_token

    assert settings.redis_url is None
    assert shown(secret) == said


def test_a_malformed_setting_is_one_line_with_name_meaning_and_example(
    rollbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_CRM_URL", "services.leadconnectorhq.com")

    for words in (("settings",), ("status",), ("migrate",), ("healthcheck",), ("runs",)):
        said = rollbook(*words)
        assert said.code == 2
        assert said.err == (
            "rollbook: ROLLBOOK_CRM_URL is not an http or https address: Where the CRM's API "
            "answers. Example: ROLLBOOK_CRM_URL=https://services.leadconnectorhq.com\n"
        )
