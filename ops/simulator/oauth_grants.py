"""What the OAuth server remembers: who installed what, codes, and both kinds of tokens."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import orjson

from ops.simulator.config import Config, Token
from ops.simulator.oauth_settings import App, OAuth

ADDED_SCOPES: Final = ("oauth.readonly", "oauth.write")
"""An exchanged token has them beside the app's own (measured in August 2026)."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token is for.

    Attributes:
        app: its ``client_id``.
        location: None: the token is the agency's.
        scopes: what it may do.
        exchanged: made from an agency's token.
    """

    app: str
    location: str | None
    scopes: tuple[str, ...]
    exchanged: bool = False

    @property
    def place(self) -> tuple[str, str | None]:
        """The app at a location, or at the agency: what is installed and uninstalled."""
        return self.app, self.location


@dataclass(frozen=True, slots=True)
class Install:
    """An app that is installed at a location (None: at the agency).

    Attributes:
        at: seconds since the epoch.
        future: whether locations that are made later get it too.
    """

    app: str
    location: str | None
    scopes: tuple[str, ...]
    at: float
    future: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A code that waits to be exchanged, once.

    Attributes:
        redirect: where it was sent to; None: the exchange need not say it.
    """

    holder: Holder
    ends: float
    redirect: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Tokens as an answer shows them."""

    access: str
    refresh: str
    holder: Holder
    life_s: int


@dataclass(slots=True)
class Refresh:
    """A refresh token; ``answer`` is what its first use gave, at ``used``."""

    holder: Holder
    ends: float
    used: float | None = None
    answer: Pair | None = None


class Grants:
    """Everything that was granted. Times are the world's clock, seconds since the epoch."""

    def __init__(
        self, config: Callable[[], Config], clock: Callable[[], float], random: Random
    ) -> None:
        self._config, self._clock, self._random = config, clock, random
        self.installs: dict[tuple[str, str | None], Install] = {}
        self._codes: dict[str, Code] = {}
        self._access: dict[str, tuple[Token, float]] = {}
        self._refresh: dict[str, Refresh] = {}
        self._by_location: dict[str | None, list[str]] = {}

    @property
    def told(self) -> OAuth:
        return self._config().oauth

    def app(self, client_id: str) -> App | None:
        """The app with that id."""
        return next((one for one in self.told.apps if one.client_id == client_id), None)

    def install(
        self, app: App, location: str | None, *, scopes: tuple[str, ...] = (), future: bool = False
    ) -> Install:
        """Install an app, or once more; without ``scopes`` it gets all of its own."""
        made = Install(app.client_id, location, scopes or app.scopes, self._clock(), future)
        self.installs[made.app, location] = made
        return made

    def uninstall(self, app: App, location: str | None) -> bool:
        """Take it away, with its tokens; from the agency means from every location too."""
        gone = [
            place
            for place in self.installs
            if place[0] == app.client_id and location in (None, place[1])
        ]
        for place in gone:
            del self.installs[place]
        lost = set(gone) | {(app.client_id, location)}
        self._codes = {k: v for k, v in self._codes.items() if v.holder.place not in lost}
        self._refresh = {k: v for k, v in self._refresh.items() if v.holder.place not in lost}
        self._access = {
            k: v for k, v in self._access.items() if (v[0].client, v[0].location) not in lost
        }
        return bool(gone)

    def new_code(self, install: Install, redirect: str | None = None) -> tuple[str, float]:
        """A code for what is installed, and when it ends."""
        code = f"{self._random.getrandbits(160):040x}"
        ends = self._clock() + self.told.code_s
        self._codes[code] = Code(_holder(install), ends, redirect)
        return code, ends

    def code(self, code: str) -> Code | None:
        """A code that can still be exchanged."""
        found = self._codes.get(code)
        return found if found is not None and found.ends > self._clock() else None

    def spend(self, code: str) -> Pair:
        """Exchange a code, which is then gone."""
        return self.issue(self._codes.pop(code).holder)

    def exchanged(self, install: Install) -> Pair:
        """A location's tokens for an agency's token."""
        scopes = tuple(dict.fromkeys((*install.scopes, *ADDED_SCOPES)))
        return self.issue(replace(_holder(install), scopes=scopes, exchanged=True))

    def issue(self, holder: Holder) -> Pair:
        """A new pair of tokens."""
        refresh = self._jwt(holder, self.told.refresh_s)
        self._refresh[refresh] = Refresh(holder, self._clock() + self.told.refresh_s)
        return self._with_access(holder, refresh)

    def refresh(self, token: str, app: App) -> Refresh | None:
        """A refresh token that is this app's and still gives something; None if there is none."""
        found, now = self._refresh.get(token), self._clock()
        if found is None or found.holder.app != app.client_id or found.ends <= now:
            return None
        late = found.used is not None and now - found.used > self.told.grace_s
        return None if late else found

    def rotated(self, found: Refresh) -> Pair:
        """A new pair for a refresh token; within the grace, the same again."""
        if found.answer is None:
            found.used, found.answer = self._clock(), self.issue(found.holder)
        elif self.told.grace_gives == "new-access":
            found.answer = self._with_access(found.holder, found.answer.refresh)
        return found.answer

    def holder(self, refresh: str) -> Holder | None:
        """Whose refresh token it is, or was."""
        found = self._refresh.get(refresh)
        return found.holder if found else None

    def token(self, access: str) -> Token | None:
        """The access token, also one that is over."""
        found = self._access.get(access)
        return found[0] if found else None

    def over(self, access: str) -> bool:
        """Whether it is an access token of ours that is over."""
        found = self._access.get(access)
        return found is not None and found[1] + self.told.leeway_s <= self._clock()

    def expire(self, location: str | None, *, refresh: bool = False) -> int:
        """End all access tokens of a location, or of everybody, before their time.

        Args:
            refresh: the refresh tokens too.

        Returns:
            how many access tokens.
        """
        now, ended = self._clock(), 0
        places = list(self._by_location) if location is None else [location]
        for access in (one for place in places for one in self._by_location.pop(place, ())):
            token, ends = self._access.get(access, (None, now))
            if token is not None and ends > now:
                self._access[access], ended = (token, now - self.told.leeway_s), ended + 1
        for one in self._refresh.values():
            if refresh and location in (None, one.holder.location):
                one.ends = now
        return ended

    def installed(self, app: str) -> Iterator[Install]:
        """Where an app is installed, by its ``client_id``."""
        return (one for one in self.installs.values() if one.app == app)

    def _with_access(self, holder: Holder, refresh: str) -> Pair:
        life_s = self.told.location_access_s if holder.exchanged else self.told.access_s
        access = self._jwt(holder, life_s)
        token = Token.model_construct(  # longer than one in a config may be
            token=access,
            kind="oauth-location" if holder.location else "oauth-company",
            location=holder.location,
            scopes=holder.scopes,
            client=holder.app,
        )
        self._access[access] = (token, self._clock() + life_s)
        self._by_location.setdefault(holder.location, []).append(access)
        return Pair(access, refresh, holder, life_s)

    def _jwt(self, holder: Holder, life_s: int) -> str:
        """A token that looks as the CRM's do (claims as measured); nobody signed it."""
        kind = "Location" if holder.location else "Company"
        whose, now = holder.location or self.told.company, int(self._clock())
        claims = {
            "authClass": kind,
            "authClassId": whose,
            "source": "INTEGRATION",
            "sourceId": holder.app,
            "channel": "OAUTH",
            "primaryAuthClassId": whose,
            "oauthMeta": {"scopes": holder.scopes},
            "iat": now,
            "exp": now + life_s,
        }
        head = _base64(b'{"alg":"RS256","typ":"JWT"}')
        signed = _base64(self._random.randbytes(64))
        return f"{head}.{_base64(orjson.dumps(claims))}.{signed}"


def _holder(install: Install) -> Holder:
    return Holder(install.app, install.location, install.scopes)


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
