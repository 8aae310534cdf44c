"""A stand-in for the CRM's ears: calls that read go through, calls that write are answered here.

It lies above the limiter's transport, which in a rehearsal lets nothing pass that writes: so a
write that this file forgot is a refusal, and never a write.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import httpx
import orjson

from contacts.errors import CrmUnavailable, RateLimited, SyncError, TryLater
from contacts.jobs import Lane
from worker.crm.answers import retry_after
from worker.crm.lists import next_cursor
from worker.crm.operations import FIND, GET, LIST, LOCATION, NOTES, SEARCH, TASKS, Operation
from worker.crm.overlay import MADE, Overlay, Raw, Unrehearsed, gone
from worker.crm.shapes import allows_doubles
from worker.crm.transport import ASKED, ERRAND, Asked, Errand

TRIES: Final = 5
"""A read is tried so often: a plan with a hole would be none."""

PAUSE_S: Final = (1.0, 2.0, 5.0, 10.0)
"""Before each further try, where the CRM names no time."""

WINDOW_S: Final = 10.0
"""After a 429 that names no time."""

Wrote = Callable[[Asked, str, Raw | None, bool], None]
"""Is told of each write: what was asked, the CRM's id of the contact, the contact as it was before
(None: it was not), and whether the CRM would have taken it."""


class Known(Protocol):
    """What a list of the location's contacts showed; see ``worker.rehearsal.known``."""

    def page(self, rows: Iterable[Raw], *, first: bool, last: bool) -> None:
        """Take a page in."""

    def contact(self, id: str) -> Raw | None:
        """The contact as a read would show it; None: no row showed it."""

    def holder(self, name: str, value: str) -> Raw | None:
        """Who has this email or phone; None: nobody."""

    @property
    def whole(self) -> bool:
        """All rows were seen: whom it does not know is not there."""


class Shadow(httpx.BaseTransport):
    """Answers what writes, passes on what reads. For one thread.

    Args:
        url: of the API.
        known: what lists showed.
        sleep: seconds, before a read is tried again.
    """

    def __init__(
        self,
        *,
        url: str,
        known: Known,
        clock: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner: httpx.BaseTransport | None = None
        self._base = httpx.URL(url)
        self._known = known
        self.wrote: Wrote = lambda *_: None
        self._clock = clock
        self._sleep = sleep
        self._like: httpx.Request | None = None
        self._doubles: bool | None = None
        self.overlay = Overlay(self, clock)
        self.trouble: str | None = None
        """Why the rehearsal cannot go on; None: it can."""
        self.reads = 0
        """Calls that really left."""

    def over(self, inner: httpx.BaseTransport) -> Shadow:
        """Lie over what takes tokens and reaches the CRM. Once: one thread needs one connection."""
        assert self._inner is None, "a rehearsal has one connection"
        self._inner = inner
        return self

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, or pass on.

        Raises:
            SyncError: as the transport below; then ``trouble`` says why no plan can be made.
        """
        asked, errand = request.extensions[ASKED], request.extensions[ERRAND]
        assert isinstance(asked, Asked)
        assert isinstance(errand, Errand)
        self._like = request
        if asked.operation.writes:
            return self._write(request, asked, errand)
        if asked.operation is GET and self.overlay.is_gone(asked.ids[0]):
            _mark_sent(errand)
            return _response(request, *gone(asked.ids[0]))
        found = self._shown(asked, request)
        if found is not None:
            _mark_sent(errand)
            return _response(request, 200, found)
        response = self._really(request, errand)
        if response.status_code == 200:
            self._note(asked, request, orjson.loads(response.content))
        return response

    def _write(self, request: httpx.Request, asked: Asked, errand: Errand) -> httpx.Response:
        many = asked.operation.path.startswith("/contacts/bulk/")
        before = {
            id: self._before(id)
            for id in ((asked.body or {}).get("contacts", ()) if many else asked.ids[:1])  # type: ignore[attr-defined]
        }
        try:
            status, document = self.overlay.write(asked)
        except Unrehearsed as error:
            self.trouble = f"{error} is not rehearsed: what it does is not known beforehand"
            raise CrmUnavailable(self.trouble) from None
        _mark_sent(errand)
        fine = status < 300
        if not asked.ids[0]:
            made = document.get("contact", {}).get("id", "") if fine else ""
            before = {made: None}
        for id, was in before.items():
            self.wrote(asked, id, was, fine)
        return _response(request, status, document)

    def _before(self, id: str) -> Raw | None:
        now = self.overlay.now(id) if id else None
        return None if now is None else dict(now)

    def _shown(self, asked: Asked, request: httpx.Request) -> Raw | None:
        """The answer of what is known here; None: the CRM is asked."""
        name, (id, _) = asked.operation, asked.ids
        if name is GET:
            here = self.overlay.touched(id)
            return None if here is None else {"contact": here}
        if name in (NOTES, TASKS):
            kind = "notes" if name is NOTES else "tasks"
            papers = self.overlay.papers(kind, id)
            if papers is None and id.startswith(MADE):
                papers = []
            return None if papers is None else {kind: papers}
        if name is FIND:
            query = request.url.params
            held = self.overlay.held(query.get("email"), query.get("number"))
            if held is None and self._known.whole:
                held = self._of_known(query.get("email"), query.get("number"))
                return {"contact": held}
            return None if held is None else {"contact": held}
        return None

    def _of_known(self, email: str | None, phone: str | None) -> Raw | None:
        for name, value in (("email", email), ("phone", phone)):
            found = self._known.holder(name, value) if value else None
            if found is not None:
                return found
        return None

    def _note(self, asked: Asked, request: httpx.Request, document: Mapping[str, Any]) -> None:
        """Keep what an answer shows beyond its question."""
        if asked.operation is LOCATION:
            self._doubles = _refuses(document)
        if asked.operation not in (LIST, SEARCH):
            return
        rows, body = list(document.get("contacts", ())), asked.body or {}
        if asked.operation is LIST:
            some = "query" in request.url.params
            first = "startAfter" not in request.url.params
            last = next_cursor(document.get("meta"), rows) is None
        else:
            some = "query" in body or "filters" in body
            first, last = "searchAfter" not in body, not rows
        self._known.page(rows, first=first and not some, last=last and not some)

    # ------------------------------------------------------------ reads of its own

    def contact(self, id: str) -> Raw | None:
        """See ``overlay.Reads``."""
        known = self._known.contact(id)
        if known is not None:
            return known
        found = self._ask(GET, f"/contacts/{id}")
        raw = found.get("contact") if found else None
        return raw if isinstance(raw, dict) and not raw.get("deleted") else None

    def holder(self, name: str, value: str) -> Raw | None:
        """See ``overlay.Reads``."""
        if self._known.whole:
            return self._known.holder(name, value)
        assert self._like is not None
        errand = self._like.extensions[ERRAND]
        by = "number" if name == "phone" else name
        query = urlencode({"locationId": errand.location, by: value})
        found = (self._ask(FIND, f"/contacts/search/duplicate?{query}") or {}).get("contact")
        return found if isinstance(found, dict) and found.get("id") else None

    def papers(self, kind: str, id: str) -> list[Raw]:
        """See ``overlay.Reads``."""
        operation = NOTES if kind == "notes" else TASKS
        found = (self._ask(operation, f"/contacts/{id}/{kind}") or {}).get(kind)
        return list(found) if isinstance(found, list) else []

    def refuses_doubles(self) -> bool:
        """See ``overlay.Reads``."""
        if self._doubles is None:
            assert self._like is not None
            location = self._like.extensions[ERRAND].location
            self._doubles = _refuses(self._ask(LOCATION, f"/locations/{location}") or {})
        return self._doubles

    def _ask(self, operation: Operation, path: str) -> Raw | None:
        """One read with the token of the call that made it necessary; None: 400 or 404."""
        like = self._like
        assert like is not None
        errand = Errand(like.extensions[ERRAND].location, Lane.BULK, writes=False)
        prefix = self._base.raw_path.rstrip(b"/")
        headers = [(n, v) for n, v in like.headers.raw if not n.lower().startswith(b"content-")]
        request = httpx.Request(
            "GET",
            self._base.copy_with(raw_path=prefix + path.encode()),
            headers=headers,
            extensions={ERRAND: errand, ASKED: Asked(operation, ("", ""), None)},
        )
        response = self._really(request, errand)
        if response.status_code in (400, 404) or (operation is LOCATION and response.is_error):
            return None
        if response.status_code != 200:
            raise self._lost(f"the CRM answered {response.status_code} ({operation.name})")
        found = orjson.loads(response.content)
        return found if isinstance(found, dict) else None

    def _really(self, request: httpx.Request, errand: Errand) -> httpx.Response:
        """Pass a read on, until it is answered; a plan waits for its tokens as long as it takes."""
        errand.not_after = None
        why = ""
        for pause in (*PAUSE_S, None):
            try:
                response = self._with_token(request)
            except TryLater as error:
                raise self._lost(error.reason) from None
            except httpx.TransportError as error:
                why, seconds = f"no answer ({type(error).__name__})", pause
            else:
                self.reads += 1
                if response.status_code != 429 and response.status_code < 500:
                    self._check_access(request, response.status_code)
                    return response
                why = f"it answered {response.status_code}"
                seconds = retry_after(response.headers, self._clock()) or (
                    WINDOW_S if response.status_code == 429 else pause
                )
            if pause is None or seconds is None:
                break
            self._sleep(seconds)
        raise self._lost(f"the CRM could not be read: {why}")

    def _check_access(self, request: httpx.Request, status: int) -> None:
        """Whether doubles are refused need not be readable; all else is needed."""
        if status in (401, 403) and request.extensions[ASKED].operation is not LOCATION:
            self.trouble = f"the CRM answered {status}: `rollbook doctor` says what is missing"

    def _with_token(self, request: httpx.Request) -> httpx.Response:
        """Raises: TryLater: no token today, or no Redis."""
        assert self._inner is not None
        while True:
            try:
                response = self._inner.handle_request(request)
                response.request = request
                response.read()
                return response
            except RateLimited as error:
                if error.pause:
                    raise
                self._sleep(min(error.seconds, WINDOW_S))

    def _lost(self, why: str) -> SyncError:
        self.trouble = why
        return CrmUnavailable(why)

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()


def _mark_sent(errand: Errand) -> None:
    errand.sent_at = time.time()
    errand.began = time.perf_counter()


def _refuses(document: Mapping[str, Any]) -> bool:
    found = document.get("location")
    return isinstance(found, Mapping) and allows_doubles(found) is False


def _response(request: httpx.Request, status: int, document: Raw) -> httpx.Response:
    return httpx.Response(
        status,
        headers={"content-type": "application/json"},
        content=orjson.dumps(document),
        request=request,
    )
