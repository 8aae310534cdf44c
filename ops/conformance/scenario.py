"""Every operation of the catalogue by our own client, in both generations, and what is refused."""

from __future__ import annotations

import random
import time
from typing import Any

from contacts.jobs import Lane
from ops.conformance.access_calls import access
from ops.conformance.named_calls import asker, named
from ops.conformance.place import HERE, TOKEN
from ops.conformance.refusals import refusals
from ops.conformance.specification import GENERATIONS
from ops.conformance.sync_calls import sync
from ops.simulator.control import Control
from ops.simulator.oauth_settings import App as Published
from worker.crm.client import Crm, Desk
from worker.crm.connections import Connections
from worker.crm.oauth import App, OAuth, OAuthDesk
from worker.crm.transport import Grant, LimitedTransport, Timeouts

CONNECT_S, READ_S = 5.0, 10.0


def whole(control: Control) -> None:
    """Both generations, one after the other.

    Raises:
        SyncError, ValueError: a call that has to succeed was refused.
    """
    for version in GENERATIONS:
        crm = Crm(
            url=control.url,
            version=version,
            limiter=_Freely(),
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            sleep=time.sleep,
        )
        try:
            desk = _desk(crm, TOKEN)
            sync(_desk(crm, TOKEN, desk.custom_fields()), version)
            oauth = _access(control, version)
            lookup = _desk(crm, oauth)
            named(asker(desk, version), asker(lookup, version), version, control)
        finally:
            crm.close()
        refusals(control, version, oauth)


def _desk(crm: Crm, token: str, custom: Any = ()) -> Desk:
    return crm.at(HERE, token, country="US", lane=Lane.LIVE, record=lambda _: None, custom=custom)


def _access(control: Control, version: str) -> str:
    limiter, timeouts = _Freely(), Timeouts(CONNECT_S, READ_S)
    connections = Connections(
        secure=False,
        wrap=lambda inner: LimitedTransport(
            inner, limiter=limiter, timeouts=timeouts, sleep=time.sleep
        ),
    )
    app = App(Published().client_id, Published().client_secret, None)
    server = OAuth(
        app, connections, url=control.url, version=version, clock=time.time, random=random.random
    )
    try:
        return access(OAuthDesk(server, Lane.LIVE, lambda _: None, None), control)
    finally:
        server.close()


class _Freely:
    """A limiter that has a token for everybody: the stand-in has no limit here."""

    token = ""

    def take(self, *_: object, **__: object) -> Grant:
        return self

    def done(self, *_: object, **__: object) -> None: ...

    def cancel(self, *_: object, **__: object) -> None: ...
