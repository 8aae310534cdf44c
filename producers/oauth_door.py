"""The browser's way back from an install: ``GET /oauth/callback?code&state``.

It never talks to the CRM. The state is one that ``rollbook connect`` made, at most an hour ago and
used once; then the code is kept, encrypted, with the job that exchanges it. A code without such a
state is refused: somebody could let us connect an account of theirs. Who installs in the
marketplace itself has none; the INSTALL webhook, which is signed, brings that install in.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse

from contacts.errors import UsageError
from contacts.store import consents
from contacts.store.cipher import Cipher
from contacts.store.database import DatabaseDown, Store

CALLBACK: Final = "/oauth/callback"

LONGEST: Final = 4096
"""Characters of a code or state; the CRM's code has 40."""

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""The address holds the code: it is told to nobody, and kept by nobody."""

CONNECTED: Final = "Connected. You may close this page; `rollbook connect` shows how it goes on."
OLD: Final = (
    "This link is not one that Rollbook made, or it is older than an hour, or it was used before. "
    "Run rollbook connect again. If you installed the app in the marketplace itself, you are done: "
    "Rollbook is told of it."
)
DENIED: Final = "Nothing was connected: the CRM says that the install was not confirmed."
NO_CODE: Final = "The CRM brought no code. Run rollbook connect again."
BROKE: Final = "Rollbook could not keep this; its log says why. Reload this page when it is mended."
AWAY: Final = "Rollbook's database does not answer just now. Reload this page in a minute."

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Rollbook</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem}}
</style></head><body><p>{text}</p></body></html>
"""

log = structlog.get_logger("rollbook.receiver")

_WORD: Final = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class OAuthDoor:
    """The door and what it needs.

    Attributes:
        cipher: opened at the first callback: a receiver without an app needs no key.
        ring: wakes the dispatcher.
    """

    store: Store
    cipher: Callable[[], Cipher]
    ring: Callable[[], object]

    async def callback(self, request: Request) -> HTMLResponse:
        """What the browser is shown: always a page, never a stack trace or a parameter."""
        given = request.query_params
        state, code, error = (_short(given.get(name)) for name in ("state", "code", "error"))
        if not state or not (code or error):
            return _page(400, NO_CODE if state else OLD)
        try:
            if error:
                ours = await asyncio.to_thread(self._refuse, state, error)
                return _page(200 if ours else 400, DENIED if ours else OLD)
            ours = await asyncio.to_thread(self._keep, state, code)
        except DatabaseDown:
            return _page(429, AWAY)
        except (UsageError, OSError) as error:  # the keys cannot be read or made
            log.error("the way back from an install broke", error=type(error).__name__)
            return _page(429, BROKE)
        return _page(200 if ours else 400, CONNECTED if ours else OLD)

    def _keep(self, state: str, code: str) -> bool:
        if not consents.awaited(self.store, state):
            return False
        cipher = self.cipher()
        with self.store.write() as tx:
            ours = consents.came(tx, state, code, cipher=cipher, now=self.store.clock())
        self.ring()
        return ours

    def _refuse(self, state: str, error: str) -> bool:
        if not consents.awaited(self.store, state):
            return False
        word = error if _WORD.fullmatch(error) else "an error"
        reason = f"the CRM says {word}: the install was not confirmed"
        with self.store.write() as tx:
            return consents.refused(tx, state, reason, now=self.store.clock())


def _short(value: str | None) -> str:
    return value if value and len(value) <= LONGEST and value.isprintable() else ""


def _page(status: int, text: str) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(text=text.replace("`", "")), status, HEADERS)
