"""Everything that can be set, in one frozen object, read at the front doors only."""

from __future__ import annotations

import json
import re
import zoneinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contacts import public_keys, redis_address
from contacts.errors import UsageError

PREFIX = "ROLLBOOK_"

V3 = "v3"
"""The ``Version`` of the CRM's second generation; every other one is a date."""

WRITE_TIMEOUT_S = 5.0
"""Seconds to send a request; a few kilobytes, so it is not worth a setting."""


def longest_call(connect_timeout: float, read_timeout: float) -> float:
    """How long one call to the CRM may take, seconds: TCP, TLS, the request, the answer."""
    return 2 * connect_timeout + WRITE_TIMEOUT_S + read_timeout


class Deleted(StrEnum):
    """What becomes of our contact when it is deleted in the CRM."""

    KEEP = "keep"
    MARK = "mark"
    DELETE = "delete"


class Reconcile(StrEnum):
    """How the nightly run reads the CRM's contacts."""

    LIST = "list"
    SEARCH = "search"
    OFF = "off"


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
        allow_inf_nan=False,
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
            description="Redis: the belt and the rate limiter's memory. `rediss://` for TLS, "
            "`sentinel://HOST,HOST/0?master=NAME` for Sentinel (docs/operations.md). Empty: "
            "`rollbook up` starts its own, reachable from this machine only.",
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
            description="The `Version` header of every call to the CRM. `v3` has other names for "
            "some fields and no `GET /contacts/`.",
            examples=["2021-07-28"],
        ),
    ] = "2021-07-28"
    read_only: Annotated[
        bool,
        Field(
            description="Nothing is written to the CRM: what is owed to it waits, and goes out "
            "once this is off again. Reports, reconciliation and webhooks go on; a token with "
            "contacts.readonly is enough. It must be the same for all processes.",
            examples=[True],
        ),
    ] = False
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
    old_secret_keys: Annotated[
        SecretStr | None,
        Field(
            description="Keys that SECRET_KEY followed, separated by commas: what they encrypted "
            "can still be read. `rollbook keys rotate` encrypts it anew; then they can go.",
            examples=["Zm9yLWRvY3MtcGxlYXNlLW1ha2UtYS1uZXctb25lISE="],
        ),
    ] = None
    oauth_client_id: Annotated[
        str | None,
        Field(
            description="Client id of your marketplace app, for `rollbook connect` by OAuth. "
            "Empty: private integration tokens only.",
            examples=["64b0f1c2d3e4f5a6b7c8d9e0-lk3j9x2p"],
        ),
    ] = None
    oauth_client_secret: Annotated[
        SecretStr | None,
        Field(
            description="Client secret of the marketplace app; the CRM shows it once.",
            examples=["12345678-1234-1234-1234-123456789abc"],
        ),
    ] = None
    oauth_redirect_url: Annotated[
        str | None,
        Field(
            description="Where the CRM sends the browser after an install: the receiver's "
            "`/oauth/callback` as it is reached from outside, the same as in the app. The CRM "
            "takes https only.",
            examples=["https://rollbook.example.com/oauth/callback"],
        ),
    ] = None
    oauth_authorize_url: Annotated[
        str,
        Field(
            description="The CRM's page that asks where the app is installed. The default is the "
            "published one; the white label has `https://marketplace.leadconnectorhq.com/...`.",
            examples=["https://marketplace.gohighlevel.com/v2/oauth/chooselocation"],
        ),
    ] = "https://marketplace.gohighlevel.com/v2/oauth/chooselocation"
    oauth_version_id: Annotated[
        str | None,
        Field(
            description="Version id of the app: a private or draft app cannot be installed "
            "without it.",
            examples=["64b0f1c2d3e4f5a6b7c8d9e0"],
        ),
    ] = None
    oauth_scopes: Annotated[
        str,
        Field(
            description="Scopes that an install is asked for, separated by spaces. The two of "
            "`oauth` are for agencies: the list of installed locations, and their tokens.",
            examples=["contacts.readonly contacts.write locations/customFields.readonly"],
        ),
    ] = (
        "contacts.readonly contacts.write locations.readonly locations/customFields.readonly "
        "locations/tasks.readonly oauth.readonly oauth.write"
    )
    oauth_margin: Annotated[
        float,
        Field(
            ge=60,
            le=43_200,
            description="Seconds before its end at which an access token (about a day) is renewed.",
            examples=[3600],
        ),
    ] = 3600.0
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
    day_reserve: Annotated[
        float,
        Field(
            ge=0,
            le=0.9,
            description="Share of a day's calls that backfills and walks leave to live jobs: with "
            "so much left they stop until the CRM's next day.",
            examples=[0.3],
        ),
    ] = 0.15
    limit_strict: Annotated[
        bool,
        Field(
            description="Trust no header of the CRM that would allow more calls than our own count "
            "does: 95 % of the limit is used instead of up to 100 %.",
            examples=["1"],
        ),
    ] = False
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
    tag_batch: Annotated[
        int,
        Field(
            ge=1,
            le=500,
            description="Contacts whose tags may be changed by one call, where they are owed the "
            "same tags. 1: each by a call of its own. No maximum is published; 500 is said to be "
            "taken. Where the CRM refuses so many, half is tried, and so on.",
            examples=[100],
        ),
    ] = 100
    connect_timeout: Annotated[
        float, Field(gt=0, le=60, description="Seconds to connect to the CRM.", examples=[5])
    ] = 5.0
    read_timeout: Annotated[
        float,
        Field(
            gt=0, le=60, description="Seconds that an answer of the CRM may take.", examples=[10]
        ),
    ] = 10.0
    lease_seconds: Annotated[
        float,
        Field(
            le=3600,
            validate_default=True,
            description="How long a job belongs to the worker that took it. A killed worker's job "
            "goes to another one after that, and at most SWEEP_SECONDS more.",
            examples=[60],
        ),
    ] = 60.0
    late_seconds: Annotated[
        float,
        Field(
            ge=1,
            le=3600,
            description="How long after a lost answer a create may still take effect in the CRM. "
            "What was written again meanwhile is looked at once more after that, and a copy of "
            "ours removed. Nothing is published of it: a minute, and 15 s for lists that lag.",
            examples=[75],
        ),
    ] = 75.0
    sweep_seconds: Annotated[
        float,
        Field(
            ge=1,
            le=600,
            description="How often the jobs of workers that ended without a word are looked for.",
            examples=[15],
        ),
    ] = 15.0
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
    night_spread: Annotated[
        float,
        Field(
            ge=0,
            le=14_400,
            description="Seconds over which the locations' nightly checks begin, each at its own "
            "moment.",
            examples=[3600],
        ),
    ] = 1800.0
    reconcile_by: Annotated[
        Reconcile,
        Field(
            description="How reconciliation reads the CRM's contacts. `list`: `GET /contacts/`, "
            "100 a call. `search`: `POST /contacts/search`, 500 a call; it may not show the case "
            "of names. `off`: only our own side is checked. In version v3 `list` is a search: it "
            "has no list.",
            examples=["search"],
        ),
    ] = Reconcile.LIST
    guard_contacts: Annotated[
        int,
        Field(
            ge=0,
            description="A reconciliation that would delete, blank or retag more contacts stops "
            "and asks.",
            examples=[200],
        ),
    ] = 50
    guard_percent: Annotated[
        float,
        Field(
            ge=0,
            le=100,
            description="The same, in percent of the location's linked contacts; the smaller of "
            "both counts.",
            examples=[5],
        ),
    ] = 2.0
    scan_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=86_400,
            description="How often the CRM is asked which contacts changed lately, so that a lost "
            "webhook heals before the night. 0: never.",
            examples=[1800],
        ),
    ] = 600.0
    scan_percent: Annotated[
        float,
        Field(
            gt=0,
            le=100,
            description="Percent of the day's calls that these scans may use.",
            examples=[5],
        ),
    ] = 1.5
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
    receiver_host: Annotated[
        str,
        Field(
            description="Address that the receiver of webhooks listens on. Loopback by default: a "
            "reverse proxy with TLS stands before it.",
            examples=["127.0.0.1"],
        ),
    ] = "127.0.0.1"
    receiver_port: Annotated[
        int,
        Field(ge=0, le=65535, description="Port of the receiver of webhooks.", examples=[8770]),
    ] = 8770
    receiver_patience: Annotated[
        float,
        Field(
            gt=0,
            le=10,
            description="Seconds that a webhook may wait for its commit. Then it is answered 429, "
            "and the CRM sends it again.",
            examples=[0.2],
        ),
    ] = 0.045
    webhook_key: Annotated[
        str,
        Field(
            description="The CRM's public key for `X-GHL-Signature` (Ed25519): a PEM, or its "
            "base64 alone. The default is the published one.",
            examples=[public_keys.CURRENT],
        ),
    ] = public_keys.CURRENT
    webhook_older_signature: Annotated[
        bool,
        Field(
            description="Also take webhooks that bear only the older `X-WH-Signature` "
            "(RSA-SHA256). The CRM was to stop sending it on 2026-09-01.",
            examples=[True],
        ),
    ] = False
    webhook_older_key: Annotated[
        str,
        Field(
            description="The CRM's public key for `X-WH-Signature`: a PEM, or its base64 alone. "
            "The default is the published one.",
            examples=[public_keys.OLDER],
        ),
    ] = public_keys.OLDER
    webhook_secret: Annotated[
        SecretStr | None,
        Field(
            min_length=16,
            description='What a workflow\'s "Custom Webhook" has to send in the header '
            "`X-Rollbook-Secret`: those are not signed. 16 characters or more. Empty: they are "
            "not taken.",
            examples=["correct-horse-battery-staple"],
        ),
    ] = None
    platform_secret: Annotated[
        SecretStr | None,
        Field(
            min_length=16,
            description="What the course platform's hooks have to show, in the header "
            "`X-Rollbook-Secret` or in their address: they are not signed. 16 characters or more, "
            "letters, digits, `-`, `_` and `.` only. Empty: they are not taken.",
            examples=["correct-horse-battery-staple"],
        ),
    ] = None
    platform_token: Annotated[
        SecretStr | None,
        Field(
            description="Token or password of the course platform, for "
            "`rollbook platform connect` where nobody can type it. It is kept encrypted in the "
            "database.",
            examples=["och-12345678"],
        ),
    ] = None
    feed_seconds: Annotated[
        float,
        Field(
            ge=5,
            le=86_400,
            description="How often `rollbook feed` asks a course platform what changed.",
            examples=[60],
        ),
    ] = 60.0
    adopt: Annotated[
        bool,
        Field(
            description="Contacts that are made in the CRM are taken into our roster. Otherwise "
            "only those that we know by email or phone are linked.",
            examples=[False],
        ),
    ] = True
    deleted: Annotated[
        Deleted,
        Field(
            description="What becomes of our contact when it is deleted in the CRM. `mark`: it "
            "stays, and nothing is sent for it until it is there again. `keep`: it stays, and "
            "comes back to the CRM with its next push. `delete`: it is deleted here too.",
            examples=["keep"],
        ),
    ] = Deleted.MARK
    keep_history_days: Annotated[
        int,
        Field(
            ge=1,
            description="Days that the timeline of every contact is kept: what changed, from what "
            "to what, and why; values that lost among it. `rollbook explain` reads it.",
            examples=[365],
        ),
    ] = 90
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
        _check_port(value)
        return value.rstrip("/")

    @field_validator("crm_version")
    @classmethod
    def _version(cls, value: str) -> str:
        if not re.fullmatch(r"v\d|\d{4}-\d{2}-\d{2}", value):
            raise ValueError("is neither a date nor v3")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            if not re.match(r"(postgres(ql)?|sqlite)(\+\w+)?://", value.get_secret_value()):
                raise ValueError("is neither a postgresql:// nor a sqlite:// address")
            _check_port(value.get_secret_value())
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value:
            redis_address.read(value.get_secret_value())
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

    @field_validator("old_secret_keys")
    @classmethod
    def _keys(cls, value: SecretStr | None) -> SecretStr | None:
        for key in (value.get_secret_value() if value else "").split(","):
            if value and cls._key(SecretStr(key.strip() or "-")) is None:
                raise ValueError("is not a list of keys")
        return value

    @field_validator("oauth_redirect_url", "oauth_authorize_url")
    @classmethod
    def _page(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
                raise ValueError("is not an http or https address")
            _check_port(value)
        return value

    @field_validator("oauth_scopes")
    @classmethod
    def _scopes(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9./_-]+( [A-Za-z0-9./_-]+)*", value.strip()):
            raise ValueError("is not a list of scopes separated by spaces")
        return value.strip()

    @field_validator("platform_secret")
    @classmethod
    def _in_a_path(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.fullmatch(r"[A-Za-z0-9._-]+", value.get_secret_value()):
            raise ValueError("has characters that an address cannot hold as they are")
        return value

    @field_validator("webhook_key")
    @classmethod
    def _ed25519(cls, value: str) -> str:
        public_keys.ed25519(value)
        return value

    @field_validator("webhook_older_key")
    @classmethod
    def _rsa(cls, value: str) -> str:
        public_keys.rsa(value)
        return value

    @field_validator("country")
    @classmethod
    def _country(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z]{2}", value):
            raise ValueError("is not a country code of two letters")
        return value.upper()

    @field_validator("lease_seconds")
    @classmethod
    def _lease(cls, value: float, info: ValidationInfo) -> float:
        if {"connect_timeout", "read_timeout"} <= info.data.keys():
            least = longest_call(info.data["connect_timeout"], info.data["read_timeout"]) + 5
            if value < least:
                raise ValueError(f"is too short for these time-outs, it must be {least:g} or more")
        return value

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
        # `available_timezones` would open 600 files, at the start of every process.
        try:
            zoneinfo.ZoneInfo(value)
        except (LookupError, ValueError, OSError):
            raise ValueError("is not a known time zone") from None
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
    def call_seconds(self) -> float:
        """How long one call to the CRM may take."""
        return longest_call(self.connect_timeout, self.read_timeout)

    @property
    def claim_seconds(self) -> float:
        """How long a message may lie in Redis until its job is released anew: half a lease."""
        return self.lease_seconds / 2

    @property
    def redis(self) -> str | None:
        """The address of Redis: the one set, else the one that `rollbook up` runs now, else None.

        Contains the password.
        """
        if self.redis_url:
            return self.redis_url.get_secret_value()
        try:
            found = json.loads((self.home / "redis" / "address.json").read_text())
            return str(found["url"])
        except (OSError, ValueError, LookupError, TypeError):
            return None  # not there, or half written

    @property
    def embedded_redis(self) -> bool:
        """Whether `rollbook up` has to start a Redis of its own."""
        return self.redis_url is None


def _check_port(address: str) -> None:
    # Python's own message would repeat what it took for the port: a piece of the password.
    try:
        _ = urlsplit(address).port
    except ValueError:
        raise ValueError(
            "is not an address: its port is no number (is a character of the password not "
            "percent-encoded?)"
        ) from None


def load(**overrides: Any) -> Settings:
    """Read the settings; overrides win over the environment, the environment over ``.env``.

    Raises:
        UsageError: one line for each missing or malformed setting: name, meaning, example; or
            ``.env`` cannot be read.
    """
    try:
        return Settings(**overrides)
    except (UnicodeDecodeError, OSError) as error:
        raise UsageError(
            f".env cannot be read ({type(error).__name__}): save it as UTF-8"
        ) from None
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
