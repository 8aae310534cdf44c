"""The stand-in on a port, with somebody who writes down each call and its answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ops.conformance.exchange import Exchange
from ops.simulator import config, serving
from ops.simulator.control import START_S, STOP_S, Control

API: Final = ("/contacts", "/locations", "/oauth")
"""How the paths of the API begin; beside it are the stand-in's own side and the course platform."""


class Witness:
    """An application around the stand-in's. ``seen`` holds what was answered in full, in order."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.seen: list[Exchange] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on."""
        if not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        heard: list[Message] = []
        said: list[Message] = []

        async def listen() -> Message:
            message = await receive()
            heard.append(message)
            return message

        async def tell(message: Message) -> None:
            said.append(message)
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self.seen.append(_exchange(scope, heard, said))

        await self._app(scope, listen, tell)


def _exchange(scope: Scope, heard: list[Message], said: list[Message]) -> Exchange:
    answered = {name.lower(): value for name, value in said[0]["headers"]}
    return Exchange(
        method=scope["method"],
        path=scope["raw_path"].decode("ascii"),
        query=scope["query_string"].decode("ascii"),
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        },
        body=b"".join(one.get("body", b"") for one in heard),
        status=said[0]["status"],
        kind=answered.get(b"content-type", b"").decode("latin-1"),
        answer=b"".join(one.get("body", b"") for one in said),
    )


@contextmanager
def watched(
    world: Mapping[str, Any], *, clock: Callable[[], float] | None = None
) -> Iterator[tuple[Control, Witness]]:
    """A stand-in in a thread of this process, as ``ops.simulator.control.in_thread`` has it.

    Raises:
        BadConfig: the world is none.
    """
    with serving.listen("127.0.0.1", 0) as listener:
        listening = threading.Event()
        server = serving.server(config.read(json.dumps(world)), listening.set, clock)
        witness = Witness(server.config.app)  # type: ignore[arg-type]
        server.config.app = witness
        thread = threading.Thread(target=serving.serve, args=(server, listener), daemon=True)
        thread.start()
        if not listening.wait(START_S):
            raise RuntimeError("the stand-in did not start")
        try:
            yield Control(serving.address(listener)), witness
        finally:
            serving.stop(server)
            thread.join(STOP_S)
