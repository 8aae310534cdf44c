"""The stand-in as a running server: uvicorn on a port, without signals, logs and lifespan."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ops.simulator.app import build
from ops.simulator.config import Config
from ops.simulator.standin import StandIn
from ops.simulator.world import World

GRACE_S: Final = 1
"""Calls that are under way get so long to end when the server is stopped."""


class Breakable(HttpToolsProtocol):
    """Lets the application see its connection, so that it can break it."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Server(uvicorn.Server):
    """Leaves signals to whoever runs it and tells when it listens."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], None],
        end: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._end = end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._end()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        OSError: the address cannot be had.
    """
    return socket.create_server((host, port), backlog=2048)


def address(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def server(
    config: Config, ready: Callable[[], None], clock: Callable[[], float] | None = None
) -> Server:
    """A server of that world; ``ready`` is called when it listens."""
    standin = StandIn(config, World(config, clock=clock))
    settings = uvicorn.Config(
        build(standin),
        http=Breakable,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
    return Server(settings, ready, standin.stop)


def serve(server: Server, listener: socket.socket, stops: tuple[int, ...] = ()) -> None:
    """Run until it is told to stop.

    Args:
        stops: signals that stop it; only in the main thread.
    """

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for one in stops:
            loop.add_signal_handler(one, stop, server)
        await server.serve([listener])
        # Calls that were cut off at the end still have to end themselves.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=GRACE_S)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def stop(server: Server) -> None:
    """End it; calls under way may finish. From its own thread or another."""
    server.should_exit = True
