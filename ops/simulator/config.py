"""What the stand-in is told: its locations, tokens and every switch. One wrong name is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from ops.simulator.faults import Fault
from ops.simulator.latency import Constant, Latency
from ops.simulator.oauth_settings import OAuth
from ops.simulator.quirks import Quirks
from ops.simulator.strict import Share, Strict
from ops.simulator.webhook_settings import Webhooks

Name = Annotated[str, Field(min_length=1, max_length=200)]
Identity = Literal["email", "phone"]
Shape = Literal["flat", "data", "payload", "list", "nested", "text", "form"]
Event = Literal["account", "enrolment", "newsletter"]


class BadConfig(ValueError):
    """Somebody's mistake; the message names the field."""


class CustomField(Strict):
    """A custom field of a location. ``key`` with or without its ``model`` before it.

    Attributes:
        position: in lists of fields; None is where it stands.
    """

    id: Name
    key: Name
    name: str = ""
    data_type: str = "TEXT"
    options: tuple[str, ...] = ()
    placeholder: str = ""
    position: int | None = None
    model: Literal["contact", "opportunity"] = "contact"


class Foreign(Strict):
    """Somebody else's calls with the same token: they use up the limit and do nothing.

    Attributes:
        per_second: how many on average; 0 is nobody.
        even: at equal distances; else at random times.
    """

    per_second: NonNegativeFloat = 0.0
    even: bool = False


class Limits(Strict):
    """How calls are counted, for each client and location.

    Attributes:
        window: which of the five windows.
        per_window, window_s: calls, in so many seconds.
        phase_s: where windows by the clock begin.
        per_day, day_begins_hour: calls in a day (UTC), and the hour of its reset.
        headers: whether the five ``X-RateLimit-*`` are sent.
        retry_after: whether and how a 429 names its end.
        counts_refused: whether a 429 counts as a call.
        message: what a 429 says; ``body`` in which form.
    """

    window: Literal[
        "fixed-clock", "fixed-first", "sliding-log", "sliding-counter", "token-bucket"
    ] = "sliding-log"
    per_window: PositiveInt = 100
    window_s: PositiveFloat = 10.0
    phase_s: NonNegativeFloat = 0.0
    per_day: PositiveInt = 200_000
    day_begins_hour: Annotated[int, Field(ge=0, le=23)] = 0
    headers: bool = True
    retry_after: Literal["off", "seconds", "date"] = "off"
    counts_refused: bool = False
    message: str = "Too Many Requests"
    body: Literal["json", "text", "html"] = "json"
    foreign: Foreign = Foreign()

    def counting(self) -> tuple[object, ...]:
        """What decides how calls are counted; the rest is only how it is told."""
        return (
            self.window, self.per_window, self.window_s, self.phase_s, self.counts_refused,
            self.per_day, self.day_begins_hour,
        )  # fmt: skip


class Location(Strict):
    """A sub-account: its setting for duplicates, its custom fields and, if it has any, limits."""

    id: Name
    name: str = "Location"
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"
    timezone: str = "America/New_York"
    custom_fields: tuple[CustomField, ...] = ()
    allow_duplicates: bool = False
    duplicate_primary: Identity = "email"
    duplicate_secondary: Identity | None = None
    limits: Limits | None = None

    @model_validator(mode="before")
    @classmethod
    def _other_is_second(cls, given: Any) -> Any:
        if isinstance(given, dict) and "duplicate_secondary" not in given:
            second = "email" if given.get("duplicate_primary") == "phone" else "phone"
            return {**given, "duplicate_secondary": second}
        return given


class Token(Strict):
    """A token. Tokens of one ``client`` share their limits; by default each is its own."""

    token: Name
    kind: Literal["pit-location", "pit-agency", "oauth-location", "oauth-company"] = "pit-location"
    location: str | None = None
    scopes: tuple[str, ...] = ()
    client: str | None = None

    @model_validator(mode="after")
    def _location_is_named(self) -> Token:
        if self.kind.endswith("-location") and not self.location:
            raise ValueError(f"a token of kind {self.kind} needs a location")
        return self


class Mangling(Strict):
    """How likely a changed text of a contact is kept otherwise than it was sent.

    Attributes:
        drop_chance: not at all. ``cut_chance``: half of it. ``tidy_chance``: with capitals, single
            blanks, ``https://``.
    """

    drop_chance: Share = 0.0
    cut_chance: Share = 0.0
    tidy_chance: Share = 0.0


class Course(Strict):
    """A course of the school."""

    id: str
    title: str


class CourseHost(Strict):
    """The school at OnlineCourseHost.

    Attributes:
        token: its one token, without scopes.
        per_minute: calls that it takes.
        courses: what it teaches.
        hooks: where each event is sent to; one without an address is not sent.
        shape: how the values lie in a hook's body.
        says: what ``status`` of a good enrolment says.
        repeat: what an enrolment of somebody is who is in the course already: a 200 or a 409.
        echo: whether an enrolment by call fires the hooks too.
    """

    token: str = "och-simulator"
    per_minute: PositiveInt = 400
    courses: tuple[Course, ...] = (
        Course(id="bread", title="Baking Bread"),
        Course(id="water", title="Watercolour"),
    )
    hooks: dict[Event, str] = Field(default_factory=dict)
    shape: Shape = "flat"
    says: str | bool | None = "success"
    repeat: Literal["fine", "conflict"] = "fine"
    echo: bool = True


class Config(Strict):
    """Everything. ``seed`` makes latencies, faults and foreign calls repeatable."""

    locations: tuple[Location, ...] = ()
    tokens: tuple[Token, ...] = ()
    latency: Latency = Constant(kind="constant")
    limits: Limits = Limits()
    quirks: Quirks = Quirks()
    mangling: Mangling = Mangling()
    webhooks: Webhooks = Webhooks()
    coursehost: CourseHost = CourseHost()
    oauth: OAuth = OAuth()
    faults: tuple[Fault, ...] = ()
    seed: int | None = None

    @model_validator(mode="after")
    def _tokens_open_something(self) -> Config:
        known = {one.id for one in self.locations}
        for one in self.tokens:
            if one.location is not None and one.location not in known:
                raise ValueError(f"a token names the location {one.location}, which is not there")
        return self


SCOPES: Final = (
    "contacts.readonly",
    "contacts.write",
    "locations.readonly",
    "locations/customFields.readonly",
    "locations/customFields.write",
    "locations/tags.readonly",
    "locations/tags.write",
    "locations/tasks.readonly",
)

EXAMPLE: Final = Config(
    locations=(
        Location(
            id="loc_simulator",
            name="Simulated School",
            custom_fields=(
                CustomField(id="cfLevel0000000000001", key="contact.level", name="Level"),
                CustomField(
                    id="cfEnrolled0000000001",
                    key="contact.enrolled_on",
                    name="Enrolled on",
                    data_type="DATE",
                ),
            ),
        ),
    ),
    tokens=(Token(token="pit-simulator", location="loc_simulator", scopes=SCOPES),),
)
"""The world of a stand-in that is told nothing."""


def read(text: str | bytes) -> Config:
    """A config from JSON.

    Raises:
        BadConfig: with one line that names the field.
    """
    try:
        return Config.model_validate_json(text)
    except ValidationError as error:
        raise BadConfig(one_line(error)) from None


def read_file(path: Path) -> Config:
    """A config from a file of JSON.

    Raises:
        BadConfig: it cannot be read, or see :func:`read`.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror}") from None
    return read(text)


def changed(config: Config, patch: dict[str, Any]) -> Config:
    """The config with some switches changed; what is not named stays, lists are replaced.

    Raises:
        BadConfig: with one line that names the field.
    """
    try:
        return Config.model_validate(_merged(config.model_dump(), patch))
    except ValidationError as error:
        raise BadConfig(one_line(error)) from None


def _merged(old: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    new = dict(old)
    for name, value in patch.items():
        before = old.get(name)
        # Another kind of latency has other fields, so it replaces the old one whole.
        if isinstance(before, dict) and isinstance(value, dict) and "kind" not in value:
            new[name] = _merged(before, value)
        else:
            new[name] = value
    return new


def one_line(error: ValidationError) -> str:
    """What is wrong, with the name of its field."""
    first, *others = error.errors(include_url=False, include_context=False)
    where = ".".join(str(part) for part in first["loc"]) or "config"
    what = "no such field" if first["type"] == "extra_forbidden" else first["msg"]
    more = f" (and {len(others)} more)" if others else ""
    return f"{where}: {what}{more}"
