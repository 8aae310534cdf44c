"""A mistake is told with the line in which it stands."""

from __future__ import annotations

import pytest

from producers.toml_lines import line_of

TEXT = '''# a comment
[platform]
kind = "http"   # [not.a.header]
"url" = "x"

[platform.feed]
path = """
size = 3
"""
size = 200
[[tags]]
tag = "a"
[[tags]]
template = "{x"
[platform.fields]
custom.level = "/level"
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("platform.kind", 3),
        ("platform.url", 4),
        ("platform.feed", 6),
        ("platform.feed.size", 10),
        ("platform.feed.key", 6),
        ("platform.nothing", 2),
        ("tags[1].tag", 12),
        ("tags[2].template", 14),
        ("platform.fields.custom.level", 16),
        ("elsewhere", None),
    ],
)
def test_a_key_is_found_in_its_line(key: str, line: int | None) -> None:
    assert line_of(TEXT, key) == line
