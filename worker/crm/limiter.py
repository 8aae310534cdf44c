"""The tokens of every location, shared by all workers: scripts in Redis, on Redis's clock.

``docs/limiter.md`` says what it promises and why. The decisions are all in ``script/*.lua``; here
is only the talk with Redis, and ``take``, which waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import redis
import structlog
from redis.exceptions import NoScriptError

from contacts import belt
from contacts.errors import DAY_OVER, LimiterDown, NotYet, RateLimited, TryLater
from contacts.jobs import Lane
from worker.crm.limits import ComeBack, Grant, Limits, Look, Paused, Refused
from worker.crm.redis_line import Line
from worker.crm.scripts import SCRIPTS

__all__ = ["ComeBack", "Grant", "Limiter", "Limits", "Look", "Paused", "Refused"]

_KEYS: Final = ("state", "seen", "flying", "live", "line", "promised", "pause")
_DOWN_S: Final = 2.0
"""A job that found no Redis comes back after this long, seconds."""

PAUSED_S: Final = 5.0
"""A job that meets a pause comes back after this long at most. The ledger does not release it
before the pause ends; should it know of none, that is one question of Redis each time."""

log = structlog.get_logger(__name__)


class Limiter:
    """At most ``per_window`` calls in any window at the server, whatever the network does.

    Safe between threads and processes; all share one bucket a location.

    Args:
        redis: the server that all workers share.
        limits: of a location.
        call_ms: the longest that a call can take, from its token to its answer or time-out. A token
            whose answer never comes is held this long, and one window more.
        now_ms: for tests in virtual time; None is the server's clock.
        life: for tests on a server without INFO; None asks the server which process it is.
        prefix: of every key.
    """

    def __init__(
        self,
        redis: redis.Redis,
        *,
        limits: Callable[[str], Limits],
        call_ms: int = 25_000,
        now_ms: Callable[[], int] | None = None,
        life: Callable[[], str] | None = None,
        prefix: str = belt.LIMITS,
    ) -> None:
        self._line = Line(redis)
        self._limits = limits
        self._call_ms = call_ms
        self._now_ms = now_ms
        self._life = life
        self._prefix = prefix
        self._silent = False

    def acquire(
        self, location: str, lane: Lane, *, ticket: str | None = None
    ) -> Grant | ComeBack | Refused | Paused:
        """Ask once for a token.

        Args:
            ticket: of the last ComeBack, which keeps the place in line.

        Raises:
            LimiterDown: no Redis, or it did not answer in time.
        """
        what, wait, text = self._ask("acquire", location, lane.value, ticket or "", "")
        if _text(what) == "mark":
            age = self._memory_age()
            what, wait, text = self._ask("acquire", location, lane.value, ticket or "", age)
        match _text(what):
            case "grant":
                return Grant(_text(text), int(wait))
            case "back":
                return ComeBack(int(wait), _text(text))
            case "refused":
                return Refused(int(wait), int(text))
            case _:
                return Paused(int(wait), _text(text))

    def take(
        self, location: str, lane: Lane, *, patience_s: float, sleep: Callable[[float], None]
    ) -> Grant:
        """A token that may be used now.

        Args:
            patience_s: the longest sum of the waits.
            sleep: waits, seconds; what it raises comes through, and the token or the place in
                line is given back first.

        Raises:
            RateLimited: none within the patience, or the day is used up for this lane.
            NotYet: the location is paused.
            LimiterDown: no Redis.
        """
        ticket: str | None = None
        left_ms = patience_s * 1000
        while True:
            answer = self.acquire(location, lane, ticket=ticket)
            if isinstance(answer, Grant):
                self._sleep(location, answer.token, answer.wait_ms, sleep)
                if self.still(location, lane, answer):
                    return answer
                left_ms -= answer.wait_ms
                ticket = None
                continue
            if isinstance(answer, Refused | Paused):
                raise _refusal(lane, answer)
            ticket = answer.ticket
            if answer.wait_ms > left_ms:
                self.cancel(location, ticket)
                raise RateLimited(
                    "no token within the patience: other calls of this location go first",
                    seconds=answer.wait_ms / 1000,
                )
            left_ms -= answer.wait_ms
            self._sleep(location, ticket, answer.wait_ms, sleep)

    def still(self, location: str, lane: Lane, grant: Grant) -> bool:
        """Whether a token may be used after its wait; one that may not is given back.

        Meanwhile an answer may have said that nothing more is welcome.

        Raises:
            LimiterDown: no Redis.
        """
        if not grant.wait_ms:
            return True
        granted = int(grant.token.partition(":")[2]) - grant.wait_ms
        try:
            if self._ask("still", location, lane.value, granted):
                return True
        except LimiterDown:
            self.cancel(location, grant.token)
            raise
        self.cancel(location, grant.token)
        return False

    def done(
        self,
        location: str,
        token: str,
        *,
        status: int,
        remaining: int | None = None,
        per_window: int | None = None,
        day_left: int | None = None,
        pause_ms: int | None = None,
        day_limit: int | None = None,
    ) -> None:
        """Report what became of a call. Never raises: without Redis the token runs out by itself.

        Args:
            status: HTTP status; 0 when no answer was seen.
            remaining, per_window, day_left, day_limit: the headers X-RateLimit-Remaining, -Max,
                -Daily-Remaining and -Limit-Daily.
            pause_ms: the CRM asked not to be called for so long (Retry-After); no process sends
                anything of this location meanwhile.
        """
        why = f"the CRM asked for a pause: {status}" if pause_ms is not None else ""
        headers = (remaining, per_window, day_left)
        self._tell("done", location, token, status, *headers, pause_ms, why, day_limit)

    def cancel(self, location: str, token: str) -> None:
        """Give a token back that was not used, or a place in line. Never raises."""
        self._tell("cancel", location, token)

    def look(self, location: str) -> Look:
        """The bucket at a glance.

        Raises:
            LimiterDown: no Redis.
        """
        return Look(*(int(number) for number in self._ask("look", location)))

    def vouch(self, *, quiet_ms: int = 3_600_000) -> None:
        """Say that nobody has sent anything for so long: for whoever just made this Redis.

        Without it a new Redis looks like one that was emptied in the middle of work, and each
        location begins with one probe and a window at half speed.

        Raises:
            LimiterDown: no Redis.
        """
        self._run("mark", [f"{self._prefix}:memory"], [quiet_ms])

    def _memory_age(self) -> int:
        """For how long Redis has surely forgotten nothing, ms."""
        return int(self._run("mark", [f"{self._prefix}:memory"], []))

    def _ask(self, verb: str, location: str, *own: str | int | None) -> Any:
        keys = [f"{self._prefix}:{{{location}}}:{key}" for key in _KEYS]
        limits = self._limits(location).arguments()
        own_arguments = ["" if value is None else value for value in own]
        return self._run(verb, keys, [self._call_ms, *limits, *own_arguments])

    def _tell(self, verb: str, location: str, *own: str | int | None) -> None:
        try:
            self._ask(verb, location, *own)
        except LimiterDown as error:
            if not self._silent:
                log.warning("a token could not be given back", verb=verb, reason=error.reason)
            self._silent = True

    def _run(self, verb: str, keys: list[str], rest: list[str | int]) -> Any:
        now = self._now_ms() if self._now_ms else ""
        life = self._life() if self._life else ""
        script, arguments = SCRIPTS[verb], [*keys, verb, now, life, *rest]
        try:
            try:
                answer = self._line.send("EVALSHA", script.sha, len(keys), *arguments)
            except NoScriptError:  # a new server, or its scripts were dropped
                answer = self._line.send("EVAL", script.text, len(keys), *arguments)
        except redis.RedisError as error:
            raise LimiterDown(
                f"no token: Redis does not answer ({type(error).__name__})", seconds=_DOWN_S
            ) from error
        self._silent = False
        return answer

    def _sleep(
        self, location: str, held: str, wait_ms: int, sleep: Callable[[float], None]
    ) -> None:
        if not wait_ms:
            return
        try:
            sleep(wait_ms / 1000)
        except BaseException:
            self.cancel(location, held)
            raise


def _refusal(lane: Lane, answer: Refused | Paused) -> TryLater:
    seconds = answer.wait_ms / 1000
    if isinstance(answer, Paused):
        # Whoever paused the location told the ledger too, which holds its jobs back.
        return NotYet(answer.reason, seconds=min(seconds, PAUSED_S), code="paused")
    bulk = lane is not Lane.LIVE
    kept = ", but for what is kept for live calls" if bulk else ""
    return RateLimited(
        f"{DAY_OVER}{kept}; {_begins(answer)}",
        seconds=seconds,
        code="day-quota",
        pause=True,
        bulk_only=bulk,
    )


def _begins(refused: Refused) -> str:
    if not refused.begins_ms:
        return "at which hour the CRM's day begins is not known yet, so it is asked now and then"
    # A minute later than the last one was seen is what a person may count on.
    at = datetime.fromtimestamp(refused.begins_ms / 1000, UTC) + timedelta(seconds=59)
    return f"the CRM's next day begins about {at:%H:%M} UTC"


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
