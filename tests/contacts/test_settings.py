"""Settings: read in one place, told in one line, and no secret ever shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from contacts.errors import UsageError
from contacts.settings import PREFIX, Settings, load, require

KEY = "Zm9yLWRvY3MtcGxlYXNlLW1ha2UtYS1uZXctb25lISE="
SECRET = "sw0rdfish"

MALFORMED = {
    "database_url": ["mysql://x/y", "rollbook.db", "postgresql://u:pa/ss@h:x/db"],
    "redis_url": ["127.0.0.1:6379", "http://x", "redis://h:port/0"],
    "crm_url": ["services.example.com", "ftp://x", "https://", "https://h:port"],
    "crm_version": ["V3", "3", "2021-7-28", "latest"],
    "secret_key": ["short", "x" * 44, "!" * 44],
    "old_secret_keys": ["short", "x" * 44, "!" * 44],
    "oauth_redirect_url": ["rollbook.example.com", "ftp://x", "https://h/#here"],
    "oauth_authorize_url": ["chooselocation", "ftp://x"],
    "oauth_scopes": ["a,b", "a  b", "a?b"],
    "oauth_margin": ["59", "43201", "x"],
    "country": ["USA", "U", "12", "Germany"],
    "window_calls": ["0", "-1", "many", "1.5"],
    "window_seconds": ["0", "-1", "soon", "inf", "nan"],
    "day_calls": ["0", "x"],
    "day_reserve": ["-0.1", "0.95", "x"],
    "worker_processes": ["0", "65", "x"],
    "worker_threads": ["3", "257", "x"],
    "in_flight": ["0", "1001", "x"],
    "attempts": ["0", "51", "x"],
    "tag_batch": ["0", "501", "x"],
    "backoff_seconds": ["0", "-2", "inf", "x"],
    "connect_timeout": ["0", "61", "nan", "x"],
    "read_timeout": ["0", "61", "x"],
    "lease_seconds": ["1", "inf", "x"],
    "late_seconds": ["0", "3601", "x"],
    "sweep_seconds": ["0", "inf", "x"],
    "keep_calls_days": ["0", "x"],
    "night_at": ["3:15", "60 3", "15 24", "15 3 * * *", "x"],
    "night_zone": ["Berlin", "UTC+1", "../etc/passwd", "Europe", "zone.tab"],
    "night_spread": ["-1", "14401", "x"],
    "reconcile_by": ["both", "LIST!"],
    "guard_contacts": ["-1", "x"],
    "guard_percent": ["-1", "101", "x"],
    "scan_seconds": ["-1", "86401", "x"],
    "scan_percent": ["0", "101", "x"],
    "flower_port": ["-1", "65536", "x"],
    "receiver_port": ["-1", "65536", "x"],
    "receiver_patience": ["0", "11", "inf", "x"],
    "webhook_key": ["x", "AAAA", "MCowBQYDK2VwAyEAi2HR"],
    "webhook_older_signature": ["perhaps"],
    "webhook_older_key": ["x", "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="],
    "webhook_secret": ["short", "fifteen-letters"],
    "platform_secret": ["short", "fifteen-letters", "sixteen/letters/x"],
    "feed_seconds": ["4", "86401", "x"],
    "read_only": ["perhaps"],
    "limit_strict": ["perhaps"],
    "adopt": ["perhaps"],
    "deleted": ["forget", "MARK!"],
    "keep_history_days": ["0", "x"],
    "log_level": ["loud", "0"],
    "log_json": ["perhaps"],
}
FREE = {
    "home", "crm_location", "crm_token", "flower_host", "flower_user",
    "flower_password", "receiver_host", "platform_token", "oauth_client_id", "oauth_client_secret",
    "oauth_version_id",
}  # fmt: skip
"""Settings that may be any text."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, so that no .env of the developer's is found."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def env(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name.upper(), value)


def mistake(**overrides: Any) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load(**overrides)
    return str(caught.value).splitlines()


# ---------------------------------------------------------------- malformed ones


def test_every_setting_that_can_be_malformed_is_tried_here() -> None:
    assert set(MALFORMED) | FREE == set(Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in MALFORMED.items() for value in values]
)
def test_a_malformed_setting_is_one_line_with_name_meaning_and_example(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    env(monkeypatch, **{name: value})
    (line,) = mistake()
    field = Settings.model_fields[name]
    variable = PREFIX + name.upper()
    assert line.startswith(f"{variable} is ")
    assert field.description is not None
    assert field.description in line
    assert field.examples is not None
    assert line.endswith(f"Example: {variable}={field.examples[0]}")


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    env(monkeypatch, attempts="x", country="Germany")
    assert [line.split(" ")[0] for line in mistake()] == ["ROLLBOOK_COUNTRY", "ROLLBOOK_ATTEMPTS"]


def test_a_missing_one_is_one_line_with_name_meaning_and_example() -> None:
    with pytest.raises(UsageError) as caught:
        require(load(), "crm_location", "country", "crm_token")
    lines = str(caught.value).splitlines()
    assert [line.split(" is missing: ")[0] for line in lines] == [
        "ROLLBOOK_CRM_LOCATION", "ROLLBOOK_CRM_TOKEN",
    ]  # fmt: skip
    assert all("Example: ROLLBOOK_CRM_" in line for line in lines)


def test_nothing_missing_is_no_mistake() -> None:
    require(load(crm_token="pit-x"), "crm_token", "country")


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", f"mysql://u:{SECRET}@h/db"),
        ("database_url", f"postgresql://u:{SECRET}#{SECRET}@h/db"),
        ("redis_url", f"rediss//:{SECRET}@h"),
        ("redis_url", f"redis://:{SECRET}/{SECRET}@h:6379/0"),
        ("redis_url", f"redis://[:{SECRET}@h"),
        ("secret_key", SECRET),
        ("crm_url", f"ftp://u:{SECRET}@h"),
        ("crm_url", f"https://u:{SECRET}/x@h"),
    ],
)
def test_a_secret_is_never_in_the_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    env(monkeypatch, **{name: value})
    assert SECRET not in "".join(mistake())


def test_a_secret_is_never_shown_with_the_settings() -> None:
    settings = load(
        database_url=f"postgresql://u:{SECRET}@h/db",
        redis_url=f"redis://:{SECRET}@h:6379/0",
        crm_token=SECRET,
        flower_password=SECRET,
        secret_key=KEY,
    )
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert SECRET not in shown
    assert KEY not in shown
    assert SECRET in settings.database
    assert SECRET in (settings.redis or "")


def test_every_setting_called_password_secret_or_token_is_a_secret() -> None:
    words = {"password", "secret", "token"}
    named = [name for name in Settings.model_fields if words & set(name.split("_"))]
    assert {"crm_token", "secret_key", "flower_password"} <= set(named)
    for name in named:
        assert SecretStr.__name__ in str(Settings.model_fields[name].annotation)


# ---------------------------------------------------------------- where they come from


def test_the_environment_wins_over_the_file_and_a_call_over_both(
    monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    (here / ".env").write_text(
        "# ours\nROLLBOOK_ATTEMPTS=3\nROLLBOOK_IN_FLIGHT=7\nROLLBOOK_COUNTRY='de'\nOTHER=x\n"
    )
    env(monkeypatch, attempts="4", window_calls="50")
    settings = load(window_calls=60)
    assert (settings.in_flight, settings.attempts, settings.window_calls) == (7, 4, 60)
    assert settings.country == "DE"


def test_a_malformed_line_of_the_file_is_told_like_a_variable(here: Path) -> None:
    (here / ".env").write_text("ROLLBOOK_ATTEMPTS=often\n")
    (line,) = mistake()
    assert line.startswith("ROLLBOOK_ATTEMPTS is malformed")


def test_a_file_that_is_no_utf_8_is_one_line(here: Path) -> None:
    (here / ".env").write_bytes(b"ROLLBOOK_FLOWER_USER=Zo\xeb\n")
    assert mistake() == [".env cannot be read (UnicodeDecodeError): save it as UTF-8"]


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    env(monkeypatch, redis_url="", attempts="", crm_location="")
    settings = load()
    assert (settings.redis_url, settings.attempts, settings.crm_location) == (None, 8, None)


def test_settings_cannot_be_changed() -> None:
    settings = load()
    with pytest.raises(ValidationError):
        settings.attempts = 1  # type: ignore[misc]


# ---------------------------------------------------------------- what follows from them


def test_without_a_database_there_is_one_in_home(here: Path) -> None:
    assert load().database == f"sqlite:///{here / '.rollbook' / 'rollbook.db'}"
    assert load(home="/var/x").database == "sqlite:////var/x/rollbook.db"


def test_the_crm_address_loses_its_last_slash() -> None:
    assert load(crm_url="https://crm.example/").crm_url == "https://crm.example"


def test_the_embedded_redis_is_found_while_it_runs(here: Path) -> None:
    settings = load(home=here)
    assert (settings.redis, settings.embedded_redis) == (None, True)
    (here / "redis").mkdir()
    (here / "redis" / "address.json").write_text(json.dumps({"url": "redis://127.0.0.1:7/0"}))
    assert settings.redis == "redis://127.0.0.1:7/0"
    own = load(home=here, redis_url="redis://h/0")
    assert (own.redis, own.embedded_redis) == ("redis://h/0", False)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}"])
def test_an_address_that_is_half_written_is_no_address(here: Path, text: str) -> None:
    (here / "redis").mkdir()
    (here / "redis" / "address.json").write_text(text)
    assert load(home=here).redis is None
