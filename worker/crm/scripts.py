"""The limiter's scripts: what Redis is sent for each verb, put together from ``script/*.lua``.

A verb brings the files it needs and no more: running their definitions anew is a third of what a
question costs Redis (docs/performance.md, "The limiter's own cost").
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Final

_PLACES: Final = ("state", "pause", "day", "places")

_FILES: Final = {
    "acquire": (*_PLACES, "line", "acquire"),
    "still": ("state", "pause", "still"),
    "done": (*_PLACES, "learning", "headers", "done"),
    "cancel": ("state", "day", "places", "cancel"),
    "look": (*_PLACES, "line", "look"),
    "mark": ("state", "mark"),
}
"""Of each verb, in order: a file knows the names of those before it."""


@dataclass(frozen=True, slots=True)
class Script:
    """A verb's script.

    Attributes:
        text: in Lua.
        sha: by which Redis knows it once it was sent.
    """

    text: str
    sha: str


def _script(files: Iterable[str]) -> Script:
    folder = resources.files(__package__).joinpath("script")
    parts = [folder.joinpath(f"{name}.lua").read_text("utf-8") for name in files]
    text = "return (function()\n".join(parts) + "end)()\n" * (len(parts) - 1)
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


SCRIPTS: Final[Mapping[str, Script]] = MappingProxyType(
    {verb: _script(files) for verb, files in _FILES.items()}
)
