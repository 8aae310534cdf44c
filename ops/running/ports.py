"""Which port a server of `rollbook up` listens on."""

from __future__ import annotations

import socket
from typing import Final

from contacts.errors import UsageError
from contacts.settings import PREFIX, Settings

TRIES: Final = 20


def choose(settings: Settings, server: str) -> int:
    """The port to listen on: the one set; the next free one when only the default is taken.

    Args:
        server: ``flower`` or ``receiver``.

    Raises:
        UsageError: the port that was set is taken.
    """
    host: str = getattr(settings, f"{server}_host")
    name = f"{server}_port"
    wanted: int = getattr(settings, name)
    if wanted == 0 or _free(host, wanted):
        return wanted or _any(host)
    if name in settings.model_fields_set:
        raise UsageError(
            f"{PREFIX}{name.upper()}={wanted}: somebody listens on that port already; "
            "set another one, or 0 for any"
        )
    for port in range(wanted + 1, wanted + TRIES):
        if _free(host, port):
            return port
    return _any(host)


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _any(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
