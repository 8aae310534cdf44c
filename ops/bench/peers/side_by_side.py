"""Several peers at once, each in a thread of its own; stopped together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ops.bench.peers.contest import Tell
from ops.bench.peers.peer import Peer
from ops.bench.peers.score import Score
from ops.bench.world import Broken


class Stopped(Exception):
    """The whole is broken off: this peer must end what it started."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A peer without figures, and why. An hour of the others' is not thrown away for it."""

    name: str
    why: str


Measure = Callable[[Peer, Tell], Score]


def side_by_side(
    peers: Sequence[Peer], at_once: int, measure: Measure, show: Callable[[str], None]
) -> list[Score | Failed]:
    """Measure every peer, so many at once, in the order of their names.

    Args:
        measure: both runs of a peer. It has to tell how far it is every second or so: by that it
            learns that it must stop.
        show: a line that says how far all are.
    """
    stop = threading.Event()
    board: dict[str, str] = {}

    def one(peer: Peer) -> Score | Failed:
        def tell(what: str) -> None:
            if stop.is_set():
                raise Stopped
            board[peer.title] = what
            show("  ".join(f"{who}: {said}" for who, said in list(board.items())))

        try:
            return measure(peer, tell)
        except (Broken, ValueError, OSError) as error:
            return Failed(peer.name, str(error))
        finally:
            board.pop(peer.title, None)

    with ThreadPoolExecutor(at_once) as crew:
        try:
            return list(crew.map(one, peers))
        except BaseException:
            stop.set()
            crew.shutdown(wait=False, cancel_futures=True)
            raise
