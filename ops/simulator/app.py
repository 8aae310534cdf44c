"""The stand-in over HTTP: waits, sends, breaks connections. Raw ASGI, because routing is ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from ops.simulator import oauth, oauth_page
from ops.simulator.admin import PREFIX, admin
from ops.simulator.coursehost import PREFIX as COURSEHOST
from ops.simulator.standin import JSON, Asked, Reply, StandIn


def build(standin: StandIn) -> ASGIApp:
    """The application: the API, and beside it the side that is not part of it."""
    inside = admin(standin)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["path"].startswith(PREFIX):
                await inside(scope, receive, send)
            elif scope["path"].startswith(COURSEHOST):
                await _school(standin, scope, receive, send)
            elif scope["path"] in oauth_page.PATHS and scope["method"] == "GET":
                query = scope["query_string"].decode("latin-1")
                await _send(oauth_page.page(standin, query), scope, receive, send)
            else:
                await _api(standin, scope, receive, send)
        except asyncio.CancelledError:  # the server stops: who still waits gets no answer
            scope["state"]["transport"].abort()
            await receive()

    return app


async def _api(standin: StandIn, scope: Scope, receive: Receive, send: Send) -> None:
    body = await _whole(receive)
    asked = standin.asked(
        scope["method"],
        scope["path"],
        scope["query_string"].decode("latin-1"),
        scope["headers"],
        (scope.get("client") or ("", 0))[1],
    )
    with _watched(standin, asked, body, scope["state"]["transport"]) as answered:
        reply = await _answer(standin, asked, body)
        answered.append(reply)
        await _send(reply, scope, receive, send)


@contextmanager
def _watched(standin: StandIn, asked: Asked, body: bytes, transport: Any) -> Iterator[list[Reply]]:
    """Tell the OAuth server's log of a call with a refresh token; it ends with its answer."""
    answered: list[Reply] = []
    token = oauth.refresh_token(body, asked.kind) if asked.operation == oauth.TOKEN else ""
    flight = standin.watch.begins(token, lambda: not transport.is_closing()) if token else None
    try:
        yield answered
    finally:
        if flight is not None:
            whole = bool(answered) and answered[0].broken is None
            standin.watch.ends(flight, answered[0].status if answered else 0, whole=whole)


async def _answer(standin: StandIn, asked: Asked, body: bytes) -> Reply:
    """The answer, when its time has come."""
    up, down = standin.delays()
    fault = standin.faults.strike(asked.operation, asked.line.location)
    if fault is not None and fault.kind == "stall":
        late = fault.stall_ms / 1000
        up, down = (up + late, down) if fault.when == "before" else (up, down + late)
    if up:
        await asyncio.sleep(up)
    reply = standin.serve(asked, body, fault)
    if down:
        await asyncio.sleep(down)
    return reply


async def _school(standin: StandIn, scope: Scope, receive: Receive, send: Send) -> None:
    """A call to the course platform; the CRM's delays hold for it too, its limits do not."""
    body = await _whole(receive)
    path = scope["path"].removeprefix(COURSEHOST)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    up, down = standin.delays()
    fault = standin.faults.strike(f"{scope['method']} {path}", "")
    if fault is not None and fault.kind == "stall":
        down += fault.stall_ms / 1000
    await asyncio.sleep(up)
    found = standin.school.serve(scope["method"], path, headers, body, fault)
    await asyncio.sleep(down)
    broken = {"drop": "silent", "truncate": "half"}.get(fault.kind if fault else "")
    reply = Reply(found.status, [JSON], orjson.dumps(found.document), broken)  # type: ignore[arg-type]
    await _send(reply, scope, receive, send)


async def _whole(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _send(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    transport: Any = scope["state"]["transport"]
    if reply.broken == "silent":
        transport.abort()
        await receive()  # until the connection is gone: the server answers 500 for us before
        return
    length = (b"content-length", b"%d" % len(reply.body))
    await send(
        {
            "type": "http.response.start",
            "status": reply.status,
            "headers": [*reply.headers, length],
        }
    )
    if reply.broken == "half":
        half = reply.body[: len(reply.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport.close()
        await receive()
        return
    await send({"type": "http.response.body", "body": reply.body})
