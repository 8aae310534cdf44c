"""Where the scenario plays: a location with custom fields, its tokens, and ids of what is there."""

from __future__ import annotations

from typing import Any, Final

from ops.simulator.config import SCOPES

HERE: Final = "locConformance000001"
TOKEN: Final = "pit-conformance"
ELSEWHERE: Final = "pit-elsewhere"
"""The token of another location."""

USER: Final = "usrMaria000000000001"
BUSINESS: Final = "641c094001436dbc2081e642"
WORKFLOW: Final = "wfWelcome00000000001"
CAMPAIGN: Final = "cmpSpring00000000001"

WORLD: Final[dict[str, Any]] = {
    "seed": 1,
    "limits": {"per_window": 100_000},
    "locations": [
        {
            "id": HERE,
            "custom_fields": [
                {"id": "cfLevel0000000000001", "key": "contact.level", "name": "Level"},
                {
                    "id": "cfScore0000000000001", "key": "contact.score", "name": "Score",
                    "data_type": "NUMERICAL",
                },
                {
                    "id": "cfTopics000000000001", "key": "contact.topics", "name": "Topics",
                    "data_type": "CHECKBOX", "options": ["maths", "art"],
                },
            ],
        },
        {"id": "locElsewhere00000001"},
    ],
    "tokens": [
        {"token": TOKEN, "location": HERE, "scopes": list(SCOPES)},
        {"token": ELSEWHERE, "location": "locElsewhere00000001", "scopes": list(SCOPES)},
    ],
}  # fmt: skip
"""What the stand-in is told; everything else has its usual switches."""
