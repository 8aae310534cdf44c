"""How long to wait before the next attempt."""

from __future__ import annotations

from collections.abc import Callable


def full_jitter(
    attempt: int, *, base_s: float, random: Callable[[], float], cap_s: float = 900.0
) -> float:
    """A random time between 0 and ``base_s * 2**attempt`` seconds, at most ``cap_s``.

    The whole range is random ("full jitter"), so jobs that failed together do not come back
    together.

    Args:
        attempt: failed attempts so far, this one counted.
        base_s: seconds.
        random: gives a float in [0, 1).
        cap_s: seconds; 15 minutes keep a job of the eighth attempt within the same night.
    """
    # 2**60 is past any cap; a float overflow at attempt 1024 is not worth meeting.
    return random() * min(cap_s, base_s * 2.0 ** min(attempt, 60))
