"""Start a stand-in, and ask and tell it: for tests, the demo and the measurements."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from ops.simulator import config as worlds
from ops.simulator import serving

START_S: Final = 30.0
"""How long a process may take until it listens; about 1 s on two cores."""

STOP_S: Final = 10.0


class Control:
    """The side of a running stand-in that is not part of the API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def report(self, location: str | None = None) -> dict[str, Any]:
        """What came and what became of it."""
        return dict(self._ask("GET", "report", query={"location": location}))

    def arrivals(self, location: str | None = None, *, after: int = 0) -> list[dict[str, Any]]:
        """The log, from a number on."""
        query = {"location": location, "after": after}
        return list(self._ask("GET", "arrivals", query=query)["arrivals"])

    def contacts(self, location: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """All living contacts, each with its tags and notes, oldest first; the deleted too."""
        query = {"location": location, "deleted": deleted}
        return list(self._ask("GET", "contacts", query=query))

    def seed(self, location: str, *contacts: Mapping[str, Any]) -> list[str]:
        """Contacts that people made or changed in the CRM; returns their ids."""
        body = {"location": location, "contacts": contacts}
        return list(self._ask("POST", "contacts", body)["ids"])

    def delete(self, location: str, ids: Sequence[str] | None = None) -> int:
        """Contacts that people deleted in the CRM; None is all of them."""
        body = {"location": location, "ids": ids}
        return int(self._ask("DELETE", "contacts", body)["deleted"])

    def merge(self, location: str, into: str, *ids: str) -> None:
        """Contacts that people merged into another one in the CRM."""
        self._ask("POST", "merge", {"location": location, "into": into, "ids": ids})

    def restore(self, location: str, *ids: str) -> None:
        """Deleted contacts that people brought back in the CRM."""
        self._ask("POST", "restore", {"location": location, "ids": ids})

    def webhooks(self) -> dict[str, Any]:
        """The key that signs them, and the counts."""
        return dict(self._ask("GET", "webhooks"))

    def send(self, **payload: Any) -> None:
        """Send a webhook that no change caused."""
        self._ask("POST", "webhooks", payload)

    def resend(self, webhook: str) -> None:
        """Send a webhook once more, as a person does from the CRM's log."""
        self._ask("POST", "webhooks/resend", {"webhook": webhook})

    def enable_webhooks(self) -> None:
        """Deliveries that the circuit breaker paused go on."""
        self._ask("POST", "webhooks/enable", {})

    def fault(self, kind: str, **more: Any) -> int:
        """Let something go wrong; see ``ops.simulator.faults.Fault``. Returns its number."""
        return int(self._ask("POST", "faults", {"kind": kind, **more})["number"])

    def clear_faults(self, number: int | None = None) -> None:
        """Let it go right again."""
        self._ask("DELETE", "faults", query={"number": number})

    def settings(self, **switches: Any) -> dict[str, Any]:
        """Change switches; returns all."""
        return dict(self._ask("POST", "settings", switches))

    def strangers(self, location: str, calls: int) -> list[int]:
        """So many calls of somebody else at once; returns how many each client's limit took."""
        body = {"location": location, "calls": calls}
        return list(self._ask("POST", "strangers", body)["accepted"])

    def coursehost(self) -> dict[str, Any]:
        """Who is at the course platform, and its counts."""
        return dict(self._ask("GET", "coursehost"))

    def happens(self, event: str, email: str, **more: Any) -> int:
        """Somebody makes an account there, buys a course or signs up; returns the hooks sent."""
        body = {"event": event, "email": email, **more}
        return int(self._ask("POST", "coursehost", body)["sent"])

    def oauth(self) -> dict[str, Any]:
        """Where apps are installed, and how refresh tokens were used."""
        return dict(self._ask("GET", "oauth"))

    def install(self, location: str | None = None, **more: Any) -> dict[str, Any]:
        """Somebody installs the app at a location, or (None) at the agency.

        Args:
            more: see ``ops.simulator.oauth_admin.Installation``.

        Returns:
            ``code`` and ``company``; with ``tokens=True`` a pair of tokens instead of the code.
        """
        return dict(self._ask("POST", "oauth/install", {"location": location, **more}))

    def uninstall(self, location: str | None = None, **more: Any) -> bool:
        """Somebody takes the app away; returns whether it was there."""
        body = {"location": location, **more}
        return bool(self._ask("POST", "oauth/uninstall", body)["uninstalled"])

    def expire(self, location: str | None = None, *, refresh: bool = False) -> int:
        """End access tokens (and refresh tokens) now; returns how many access tokens."""
        body = {"location": location, "refresh": refresh}
        return int(self._ask("POST", "oauth/expire", body)["expired"])

    def reset(self, **what: bool) -> None:
        """Forget log and counts; contacts and faults too, unless ``contacts=False`` and so on."""
        self._ask("POST", "reset", what)

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raises ValueError with the stand-in's line where it refuses."""
        named = {name: value for name, value in (query or {}).items() if value is not None}
        request = urllib.request.Request(
            f"{self.url}/_simulator/{path}?{urlencode(named)}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(json.loads(error.read())["error"]) from None


@contextmanager
def in_thread(
    world: Mapping[str, Any], *, clock: Callable[[], float] | None = None
) -> Iterator[Control]:
    """A stand-in in a thread of this process: there in some 20 ms.

    Args:
        clock: seconds since the epoch; None is the machine's.

    Raises:
        BadConfig: the world is none.
    """
    listener = serving.listen("127.0.0.1", 0)
    with listener:
        listening = threading.Event()
        server = serving.server(worlds.read(json.dumps(world)), listening.set, clock)
        thread = threading.Thread(target=serving.serve, args=(server, listener), daemon=True)
        thread.start()
        if not listening.wait(START_S):
            raise RuntimeError("the stand-in did not start")
        try:
            yield Control(serving.address(listener))
        finally:
            serving.stop(server)
            thread.join(STOP_S)


@contextmanager
def in_process(world: Mapping[str, Any], folder: Path) -> Iterator[Control]:
    """A stand-in in a process of its own, for load; its lines go to ``folder/simulator.log``."""
    ready = folder / "simulator.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "ops.simulator", "--port", "0", "--ready-file", str(ready)]
    with (folder / "simulator.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-c", json.dumps(world)], stdout=log, stderr=log, start_new_session=True
        )
    try:
        give_up = time.monotonic() + START_S
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError((folder / "simulator.log").read_text())
            time.sleep(0.02)
        yield Control(json.loads(ready.read_text())["url"])
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
