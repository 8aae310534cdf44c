"""Looking for words that must not be there: in whatever Redis is told, in pages, logs, processes.

A word is found whatever wraps it: the case, an address, JSON, and base64, in which Celery sends its
messages. Redis is listened to (``MONITOR``): what is published, or there for a moment only, is
heard too; its values lie compressed in a dump, where no search would find them.
"""

from __future__ import annotations

import base64
import binascii
import re
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
DEEPEST = 3
"""Messages are base64 inside of JSON; one more layer than we know of."""


def found(data: bytes, words: Iterable[str]) -> list[str]:
    """The words that stand in it, however they are wrapped."""
    layers = [layer.lower() for layer in _layers(data, DEEPEST)]
    return [word for word in words if any(word.lower().encode() in layer for layer in layers)]


def _layers(data: bytes, deep: int) -> Iterator[bytes]:
    yield data
    if not deep:
        return
    inner = b"\n".join(plain for run in set(_BASE64.findall(data)) if (plain := _plain(run)))
    if inner:
        yield from _layers(inner, deep - 1)


def _plain(run: bytes) -> bytes:
    """What base64 holds; nothing where it is none: a word, or bytes that are encrypted."""
    bare = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        plain = base64.b64decode(bare + b"=" * (-len(bare) % 4))
    except binascii.Error:
        return b""
    return plain if b"{" in plain or plain.isascii() else b""


class Listener:
    """Everything that a Redis is told, from now on."""

    def __init__(self, port: int, password: str = "") -> None:
        self._heard = bytearray()
        self._connection = socket.create_connection(("127.0.0.1", port))
        login = f"AUTH {password}\r\n" if password else ""
        self._connection.sendall(f"{login}MONITOR\r\n".encode())
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while piece := self._connection.recv(1 << 16):
            self._heard += piece

    def stop(self) -> bytes:
        """What was heard."""
        self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._connection.close()
        return bytes(self._heard)


def append_only_file(folder: Path) -> bytes:
    """Every write that a Redis has kept."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def processes(pids: Iterable[int]) -> bytes:
    """Titles and command lines of these processes and of all that they started."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        parents[int(path.parent.name)] = int(fields[1])
    ours = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return b"\n".join(_shown(Path(f"/proc/{pid}")) for pid in sorted(ours))


def _shown(process: Path) -> bytes:
    try:
        titles = [path.read_bytes() for path in process.glob("task/*/comm")]
        return (process / "cmdline").read_bytes().replace(b"\0", b" ") + b" ".join(titles)
    except OSError:
        return b""


def report(places: Mapping[str, bytes], words: Mapping[str, str]) -> dict[str, list[str]]:
    """By place the kinds of words that were found there; a place without any is left out."""
    leaks = {
        place: [kind for kind, word in words.items() if found(data, [word])]
        for place, data in places.items()
    }
    return {place: kinds for place, kinds in leaks.items() if kinds}
