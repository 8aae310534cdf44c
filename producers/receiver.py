"""Webhooks of the CRM and the course platform: verified, in the database, then acknowledged.

    200  the event is in the database, or has been before
    400  the body cannot be used; says why
    401  not signed by the CRM, or without the secret
    404  no such door, or one that is shut
    413  more than 1 MiB
    429  no database, or too much at once: the one answer after which every CRM sends it again

Nothing is answered 5xx, and no event is refused for its age: the CRM repeats itself for hours.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from contacts import events
from contacts.errors import UsageError
from contacts.events import Event
from contacts.platform_events import PlatformEvent
from contacts.settings import Settings
from contacts.store import accounts, forgotten, processes
from contacts.store.cipher import Cipher
from contacts.store.database import DatabaseDown, Store, check_schema, open_store
from producers import front_door, receiver_openapi
from producers.bell import Bell
from producers.inbox import Busy, Inbox
from producers.incoming import Refused, whole_body
from producers.oauth_door import CALLBACK, OAuthDoor
from producers.platform_door import PLATFORM, PlatformDoor
from producers.signature import OLDER, SECRET, SIGNATURE, Keys, same_secret

CRM: Final = "/webhooks/crm"
WORKFLOW: Final = "/webhooks/workflow"
HEALTH: Final = "/health"

GRACE_S: Final = 5
"""What requests under way get when the receiver is told to stop."""

log = structlog.get_logger("rollbook.receiver")


@dataclass(frozen=True, slots=True)
class Receiver:
    """The doors and what they need.

    Attributes:
        secret: of the workflows' door; None: it is shut.
        location: where a workflow's body names none; "" if there is not exactly one.
        platform: the course platform's door.
        oauth: where a browser comes back after an install; None: nowhere.
        clock: seconds since the epoch.
    """

    keys: Keys
    secret: str | None
    location: str
    inbox: Inbox
    clock: Callable[[], float]
    platform: PlatformDoor
    oauth: OAuthDoor | None = None

    async def crm(self, request: Request) -> Event:
        """A webhook of the CRM's own, signed."""
        body = await whole_body(request)
        headers = request.headers
        wrong = self.keys.complaint(body, headers.get(SIGNATURE), headers.get(OLDER))
        if wrong:
            raise Refused(401, wrong)
        return events.read(body, now=self.clock())

    async def workflow(self, request: Request) -> Event:
        """A workflow's "Custom Webhook", which nobody signs."""
        if self.secret is None:
            raise Refused(404, "not taken: ROLLBOOK_WEBHOOK_SECRET is not set")
        if not same_secret(request.headers.get(SECRET), self.secret):
            raise Refused(401, f"no or a wrong {SECRET}")
        body = await whole_body(request)
        return events.read_workflow(
            body, id=f"workflow:{uuid.uuid4().hex}", location=self.location, now=self.clock()
        )

    async def health(self, _: Request) -> Response:
        """Whether it listens; ``rollbook healthcheck database`` tells of the database."""
        return _json(200, {"alive": True})

    async def described(self, _: Request) -> Response:
        """What it takes and answers, as an OpenAPI document."""
        return _json(200, receiver_openapi.document())

    def door(self, deed: Callable[[Request], Awaitable[Event | tuple[PlatformEvent, ...]]]) -> Any:
        """A door as Starlette wants it: whatever happens has an answer, and none is 5xx."""

        async def answer(request: Request) -> Response:
            try:
                await self.inbox.keep(await deed(request))
            except Refused as refused:
                return _json(refused.status, {"error": refused.reason})
            except ValueError as error:
                return _json(400, {"error": str(error)})
            except (Busy, DatabaseDown):
                return _json(429, {"error": "not kept: send it again"})
            except ClientDisconnect:
                return Response(status_code=400)  # nobody reads it
            except Exception as error:  # a defect of ours is no reason to lose the event
                # Not its path, which may hold the secret.
                log.error("a webhook broke", door=deed.__name__, exc_info=error)
                return _json(429, {"error": "not kept: send it again"})
            return _json(200, {"kept": True})

        return answer


def _json(status: int, found: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(found), status, media_type="application/json")


def build(receiver: Receiver) -> Starlette:
    """The application."""
    back = []
    if receiver.oauth is not None:
        back = [Route(CALLBACK, receiver.oauth.callback, methods=["GET"])]
    return Starlette(
        routes=[
            *back,
            Route(CRM, receiver.door(receiver.crm), methods=["POST"]),
            Route(WORKFLOW, receiver.door(receiver.workflow), methods=["POST"]),
            *(
                Route(PLATFORM + more, receiver.door(receiver.platform.hook), methods=["POST"])
                for more in ("", "/{secret}", "/{secret}/{location}")
            ),
            Route(HEALTH, receiver.health, methods=["GET"]),
            Route(receiver_openapi.PATH, receiver.described, methods=["GET"]),
        ]
    )


def serve(settings: Settings) -> int:
    """Receive until SIGTERM or Ctrl-C; what was begun is kept first.

    Returns:
        the exit code.

    Raises:
        UsageError: the address cannot be had, or the database is behind.
    """
    store = open_store(settings.database, pool_size=2)
    bell = Bell(settings.redis)
    try:
        check_schema(store)
        forgotten.use(store, settings)
        _know_the_quick_start(store, settings)
        with _listen(settings) as listener:
            inbox = Inbox(
                store,
                ring=bell.ring,
                name=f"receiver@{socket.gethostname()}:{os.getpid()}",
                patience_s=settings.receiver_patience,
                country=settings.country,
                app=events.app_id(settings.oauth_client_id or "") or None,
            )
            secret, shown = settings.webhook_secret, settings.platform_secret
            receiver = Receiver(
                keys=Keys.from_settings(settings),
                secret=secret.get_secret_value() if secret else None,
                platform=PlatformDoor(
                    secret=shown.get_secret_value() if shown else None,
                    location=settings.crm_location or "",
                    store=store,
                ),
                location=settings.crm_location or "",
                inbox=inbox,
                clock=store.clock,
                oauth=OAuthDoor(store, lambda: Cipher.from_settings(settings), bell.ring),
            )
            inbox.start()
            _settle_down()
            try:
                _run(build(receiver), listener)
            finally:
                inbox.stop()
            _say_goodbye(inbox)
    finally:
        bell.close()
        store.close()
    return 0


def _know_the_quick_start(store: Store, settings: Settings) -> None:
    """Events of a location that is not known lead to nothing: the one in the settings is."""
    if settings.crm_location is None:
        return
    token = settings.crm_token.get_secret_value() if settings.crm_token else None
    with store.write() as tx:
        accounts.ensure_location(
            tx, settings.crm_location, token=token, cipher=Cipher.from_settings(settings)
        )


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.receiver_host, settings.receiver_port
    try:
        listener = socket.create_server((host, port), backlog=2048)
    except OSError as error:
        raise UsageError(
            f"the receiver cannot listen on {host}:{port}: {error.strerror}; set "
            "ROLLBOOK_RECEIVER_HOST and ROLLBOOK_RECEIVER_PORT"
        ) from None
    log.info("receiving", address="{}:{}".format(*listener.getsockname()[:2]))
    return listener


class Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would raise them again, and we still have something to keep."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _run(app: Starlette, listener: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = Server(config)

    def stop() -> None:
        server.should_exit = True

    async def run() -> None:
        for one in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(one, stop)
        await server.serve([listener])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def _say_goodbye(inbox: Inbox) -> None:
    try:
        processes.gone(inbox.store, inbox.name)
    except DatabaseDown:
        log.warning("stopped without a goodbye: no database")


def _settle_down() -> None:
    """What was made at the start stays, and need not be looked through for garbage.

    At 800 events a second a full collection every 6 s held up the writer for as long as an event
    may wait for its commit: each time 11 to 50 of them were asked to come again (measured).
    """
    gc.collect()
    gc.freeze()


def main() -> int:
    """``python -m producers.receiver``; exit code 2 for a person's mistake."""
    return front_door.run("receiver", serve)


if __name__ == "__main__":
    sys.exit(main())
