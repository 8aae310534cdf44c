"""Whether a webhook is sent once more, and when: two published policies, and a plain one.

2025: only after a 429, six times, ten minutes apart with some jitter, about 70 minutes in all
(official webhook guide, copy of October 2025). 2026: after anything but 2xx, up to twelve times,
exponentially, with jitter, "seconds to minutes" (the same guide, copy of August 2026): its schedule
is not published, the numbers here are a guess.
"""

from __future__ import annotations

from random import Random
from typing import Final

from ops.simulator.webhook_settings import Webhooks

TRIES_2025: Final = 6
APART_2025_S: Final = 600.0
JITTER_2025: Final = 1 / 3
"""Of the ten minutes: six waits of 10 to 13 minutes are 70 minutes on average."""

TRIES_2026: Final = 12
FIRST_2026_S: Final = 5.0
LONGEST_2026_S: Final = 600.0


def wait_s(settings: Webhooks, status: int, attempt: int, random: Random) -> float | None:
    """Seconds until the next try; None: it is given up.

    Args:
        status: of the answer; 0: there was none.
        attempt: how often it was sent again already.
    """
    if 200 <= status < 300:
        return None
    match settings.profile:
        case "fixed":
            return settings.retry_ms / 1000 if attempt < settings.retries else None
        case "2025":
            if status != 429 or attempt >= TRIES_2025:
                return None
            wait = APART_2025_S * (1 + JITTER_2025 * random.random())
        case "2026":
            if attempt >= TRIES_2026:
                return None
            wait = min(FIRST_2026_S * 2**attempt, LONGEST_2026_S) * random.uniform(0.5, 1)
    return wait * settings.time_scale
