"""How much is tried, and a request as it goes over the wire.

A usual run tries the same few examples each time; ``make fuzz`` tries many, and others each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
"""Examples of each operation and kind; 0: a handful, always the same."""

NASTY = (
    b"", b"{", b"null", b"[]", b"0", b'"x"', b"\xff\xfe\x00", b'{"a":1e999}', b'{"a":"\\ud800"}',
    b'{"id":"\\u0000","email":"\\u0000@x.co"}', b"[" * 900 + b"]" * 900,
    b'{"x":' * 300 + b"1" + b"}" * 300, b'{"a":' + b"9" * 400 + b"}", b"a=1&a=%ff&%00=b&=&;",
    b'{"email":"\xc3\xa9@\xc3\xbc.example","name":"\xf0\x9d\x95\x8f\xe2\x80\xae"}',
    b'{"tags":"x","customFields":{},"dnd":7}',
)  # fmt: skip
"""Bodies that have broken servers before."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=10,
)


def few(usual: int) -> settings:
    """The settings of a property: so many examples in a usual run."""
    return settings(
        max_examples=EXAMPLES or usual,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="session")
def on_the_wire() -> Callable[..., requests.PreparedRequest]:
    """A case of schemathesis as bytes, addresses and headers."""

    def prepared(case: Any, base: str, **headers: str) -> requests.PreparedRequest:
        told = case.as_transport_kwargs(base_url=base)
        given = {**dict(told.pop("headers", None) or {}), **headers}
        names = ("method", "url", "params", "data", "json", "cookies", "files")
        kept = {name: told[name] for name in names if told.get(name) is not None}
        return requests.Request(headers=given, **kept).prepare()

    return prepared
