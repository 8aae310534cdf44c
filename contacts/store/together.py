"""Transactions of several threads made durable by one commit.

SQLite lets one writer in, and a commit waits for the disk: 1 to 5 ms, which is 200 to 1,000 commits
a second for a whole process however many threads it has. So whoever waits while another one
commits is taken along by the next: all of a group, one after the other, in one transaction.

What one of them does is what it would do alone: each sees what those before it did, and all are
durable, or none. Where one fails, nothing of the group is true, and each is done by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

MOST: Final = 16
"""Deeds in one transaction, about 1 ms each: so long SQLite's write lock is held at most, and so
long a live job may have to wait for those before it."""

GAP_S: Final = 0.002
"""Between two groups, for the writers of other processes, who look each millisecond. Whoever comes
meanwhile goes with the next group, so what is lost is time and not speed."""

T = TypeVar("T")
Deed = Callable[[Connection], Any]


class _Turn:
    """One thread's deed, and what became of it."""

    __slots__ = ("deed", "error", "is_urgent", "over", "result", "woken")

    def __init__(self, deed: Deed, is_urgent: bool) -> None:
        self.deed = deed
        self.is_urgent = is_urgent
        self.result: Any = None
        self.error: Exception | None = None
        self.over = False
        self.woken = threading.Lock()  # held until somebody wakes us; a Semaphore is made of Python
        self.woken.acquire()


class Together:
    """One thread leads: it commits for all that wait, then the first that came meanwhile leads.

    Args:
        write: opens a transaction that commits at its end.
        down: what is raised where nothing is known of a deed, for its leader was broken off.
        hopeless: an error after which the others would fail as well: nobody is tried by himself.
    """

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        *,
        down: Callable[[], Exception],
        hopeless: type[Exception],
    ) -> None:
        self._write = write
        self._down = down
        self._hopeless = hopeless
        self._guard = threading.Lock()
        self._waiting: list[_Turn] = []
        self._is_led = False

    def run(self, deed: Callable[[Connection], T], *, is_urgent: bool = False) -> T:
        """Do it in a transaction; what is returned is committed.

        The deed may run twice, the first time undone; and on another thread than the caller's.

        Args:
            is_urgent: before all that wait and are not; where a hundred wait, that is six groups.

        Raises:
            Exception: what the deed or its commit raised; nothing of it is true.
        """
        mine = _Turn(deed, is_urgent)
        with self._guard:
            self._waiting.append(mine)
            if is_urgent:
                self._waiting.sort(key=lambda one: not one.is_urgent)  # else as they came
            leads, self._is_led = not self._is_led, True
        if not leads:
            mine.woken.acquire()
        if not mine.over:
            if not leads:
                time.sleep(GAP_S)
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        result: T = mine.result
        return result

    def _lead(self, mine: _Turn) -> None:
        with self._guard:
            self._waiting.remove(mine)  # urgent ones may have come before it since
            group = [mine, *self._waiting[: MOST - 1]]
            del self._waiting[: MOST - 1]
        try:
            self._settle(group)
        finally:
            for one in group:
                if not one.over:
                    one.error, one.over = self._down(), True
            with self._guard:
                heir = self._waiting[0] if self._waiting else None
                self._is_led = heir is not None
            for one in group if heir is None else [*group, heir]:
                one.woken.release()

    def _settle(self, group: Sequence[_Turn]) -> None:
        try:
            self._commit(group)
        except Exception as error:  # noqa: BLE001  it is raised where it belongs
            if len(group) > 1 and not isinstance(error, self._hopeless):
                for one in group:
                    self._settle([one])
                return
            for one in group:
                one.error, one.over = error, True

    def _commit(self, group: Sequence[_Turn]) -> None:
        with self._write() as tx:
            results = [one.deed(tx) for one in group]
        for one, result in zip(group, results, strict=True):
            one.result, one.over = result, True
