"""Everything that can be set, in one frozen object, read at the front doors only."""

from __future__ import annotations

import json
import re
import zoneinfo
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contacts.errors import UsageError

PREFIX = "ROLLBOOK_"


class Settings(BaseSettings):
    """Rollbook's settings: environment variables ``ROLLBOOK_*``, or a ``.env`` file beside you.

    ``description`` says what a setting means, with its unit and consequence; ``examples`` is what
    the error line and ``docs/settings.md`` show.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    home: Annotated[
        Path,
        Field(
            description="Folder of Rollbook's own state: the embedded database and Redis, "
            "Flower's history, made passwords.",
            examples=["/var/lib/rollbook"],
        ),
    ] = Path(".rollbook")
    database_url: Annotated[
        SecretStr | None,
        Field(
            description="Database. PostgreSQL for more than one machine; empty: SQLite in HOME.",
            examples=["postgresql://rollbook:password@127.0.0.1:5432/rollbook"],
        ),
    ] = None
    redis_url: Annotated[
        SecretStr | None,
        Field(
            description="Redis: the belt and the rate limiter's memory. Empty: `rollbook up` "
            "starts its own, reachable from this machine only.",
            examples=["redis://:password@127.0.0.1:6379/0"],
        ),
    ] = None
    crm_url: Annotated[
        str,
        Field(
            description="Where the CRM's API answers.",
            examples=["https://services.leadconnectorhq.com"],
        ),
    ] = "https://services.leadconnectorhq.com"
    crm_version: Annotated[
        str,
        Field(
            description="The `Version` header of every call to the CRM.",
            examples=["2021-07-28"],
        ),
    ] = "2021-07-28"
    crm_location: Annotated[
        str | None,
        Field(
            description="Quick start: id of the one location (sub-account) to sync with.",
            examples=["ve9EPM428h8vShlRW1KT"],
        ),
    ] = None
    crm_token: Annotated[
        SecretStr | None,
        Field(
            description="Quick start: private integration token of that location, with the "
            "scopes contacts.readonly, contacts.write and locations/customFields.readonly.",
            examples=["pit-12345678-1234-1234-1234-123456789abc"],
        ),
    ] = None
    secret_key: Annotated[
        SecretStr | None,
        Field(
            description="Key that encrypts tokens in the database: 32 bytes, URL-safe base64. "
            "Empty: one is made in HOME/secret.key, readable by its owner only. Two groups of "
            "processes that share a database must share it.",
            examples=["Zm9yLWRvY3MtcGxlYXNlLW1ha2UtYS1uZXctb25lISE="],
        ),
    ] = None
    country: Annotated[
        str,
        Field(
            description="Country of phone numbers written without one (ISO 3166 alpha-2), until "
            "the location's own is known.",
            examples=["US"],
        ),
    ] = "US"
    window_calls: Annotated[
        int,
        Field(
            ge=1, description="Calls that the CRM allows a location in any window.", examples=[25]
        ),
    ] = 100
    window_seconds: Annotated[
        float, Field(gt=0, description="Length of that window, seconds.", examples=[10])
    ] = 10.0
    day_calls: Annotated[
        int,
        Field(ge=1, description="Calls that the CRM allows a location a day.", examples=[10000]),
    ] = 200_000
    worker_processes: Annotated[
        int,
        Field(ge=1, le=64, description="Worker processes that `rollbook up` starts.", examples=[2]),
    ] = 1
    worker_threads: Annotated[
        int,
        Field(
            ge=4,
            le=256,
            description="Threads of a worker process: calls that it can have in the air.",
            examples=[32],
        ),
    ] = 32
    in_flight: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            description="Jobs of one location that may lie in Redis or run at once. About two "
            "seconds of its calls.",
            examples=[20],
        ),
    ] = 20
    attempts: Annotated[
        int,
        Field(
            ge=1,
            le=50,
            description="Failed attempts after which a job is parked for a person.",
            examples=[8],
        ),
    ] = 8
    backoff_seconds: Annotated[
        float,
        Field(
            gt=0,
            description="The n-th retry waits a random time between 0 and this times 2^n seconds, "
            "at most 15 minutes.",
            examples=[2],
        ),
    ] = 2.0
    connect_timeout: Annotated[
        float, Field(gt=0, le=60, description="Seconds to connect to the CRM.", examples=[5])
    ] = 5.0
    read_timeout: Annotated[
        float,
        Field(
            gt=0, le=60, description="Seconds that an answer of the CRM may take.", examples=[10]
        ),
    ] = 10.0
    keep_calls_days: Annotated[
        int, Field(ge=1, description="Days that the audit of calls is kept.", examples=[30])
    ] = 30
    night_at: Annotated[
        str,
        Field(
            description="When the nightly check begins, `minute hour` of a cron line, in the time "
            "zone NIGHT_ZONE.",
            examples=["15 3"],
        ),
    ] = "15 3"
    night_zone: Annotated[
        str, Field(description="Time zone of NIGHT_AT.", examples=["Europe/Berlin"])
    ] = "UTC"
    flower_host: Annotated[
        str,
        Field(
            description="Address that Flower listens on. Loopback by default.",
            examples=["127.0.0.1"],
        ),
    ] = "127.0.0.1"
    flower_port: Annotated[
        int, Field(ge=0, le=65535, description="Port of Flower.", examples=[5555])
    ] = 5555
    flower_user: Annotated[
        str, Field(description="User name that Flower asks for.", examples=["rollbook"])
    ] = "rollbook"
    flower_password: Annotated[
        SecretStr | None,
        Field(
            description="Password that Flower asks for. Empty: one is made at first start, "
            "printed, and kept in HOME/flower.password.",
            examples=["correct-horse-battery-staple"],
        ),
    ] = None
    log_level: Annotated[
        str, Field(description="debug, info, warning or error.", examples=["info"])
    ] = "info"
    log_json: Annotated[
        bool, Field(description="Log lines as JSON, for machines.", examples=[True])
    ] = False

    @field_validator("crm_url")
    @classmethod
    def _http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("is not an http or https address")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.match(r"(postgres(ql)?|sqlite)(\+\w+)?://", value.get_secret_value()):
            raise ValueError("is neither a postgresql:// nor a sqlite:// address")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.match(r"rediss?://|unix://", value.get_secret_value()):
            raise ValueError("is not a redis://, rediss:// or unix:// address")
        return value

    @field_validator("secret_key")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            from cryptography.fernet import Fernet

            try:
                Fernet(value.get_secret_value())
            except ValueError:
                raise ValueError("is not 32 bytes in URL-safe base64") from None
        return value

    @field_validator("country")
    @classmethod
    def _country(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z]{2}", value):
            raise ValueError("is not a country code of two letters")
        return value.upper()

    @field_validator("night_at")
    @classmethod
    def _cron(cls, value: str) -> str:
        match = re.fullmatch(r"(\d{1,2}) (\d{1,2})", value.strip())
        if not match or int(match[1]) > 59 or int(match[2]) > 23:
            raise ValueError("is not `minute hour`")
        return value.strip()

    @field_validator("night_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError("is not a known time zone")
        return value

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("is none of debug, info, warning, error")
        return value.lower()

    @property
    def database(self) -> str:
        """The database's address, SQLite in HOME when none is set (contains the password)."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.home / 'rollbook.db').absolute()}"

    @property
    def redis(self) -> str | None:
        """The address of Redis: the one set, else the one that `rollbook up` runs now, else None.

        Contains the password.
        """
        if self.redis_url:
            return self.redis_url.get_secret_value()
        try:
            found = json.loads((self.home / "redis" / "address.json").read_text())
        except (OSError, ValueError):
            return None
        return str(found["url"])

    @property
    def embedded_redis(self) -> bool:
        """Whether `rollbook up` has to start a Redis of its own."""
        return self.redis_url is None


def load(**overrides: Any) -> Settings:
    """Read the settings; overrides win over the environment, the environment over ``.env``.

    Raises:
        UsageError: one line for each missing or malformed setting: name, meaning, example.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise UsageError("\n".join(_line(dict(e)) for e in error.errors())) from None


def require(settings: Settings, *names: str) -> None:
    """Say which of the named settings are missing.

    Raises:
        UsageError: one line for each missing one.
    """
    missing = [name for name in names if getattr(settings, name) is None]
    if missing:
        raise UsageError("\n".join(_explain(name, "is missing") for name in missing))


def _line(error: dict[str, Any]) -> str:
    name = str(error["loc"][0]) if error["loc"] else "?"
    message = str(error["msg"]).removeprefix("Value error, ")
    return _explain(name, message if message.startswith("is ") else f"is malformed ({message})")


def _explain(name: str, what: str) -> str:
    field = Settings.model_fields[name]
    example = (field.examples or ["?"])[0]
    variable = f"{PREFIX}{name.upper()}"
    return f"{variable} {what}: {field.description} Example: {variable}={example}"
