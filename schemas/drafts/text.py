"""A draft as TOML text: what is placed as tables, what is not as comments with a table to be filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.toml_text import write_value

WIDTH = 118
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


def write_table(heading: str, keys: Mapping[str, Any], *, checks: Sequence[str] = ()) -> list[str]:
    """Return the lines of a table, each check above it as a comment."""
    return [
        *(comment(f"check: {check}") for check in checks),
        f"[{heading}]",
        *(f"{key} = {write_value(value)}" for key, value in keys.items()),
        "",
    ]


def write_outcommented(heading: str, keys: Mapping[str, Any], hints: Sequence[str] = ()) -> list[str]:
    """Return the lines of a table as comments, ready to be filled in."""
    lines = [f"[{heading}]", *(f"{key} = {write_value(value)}" for key, value in keys.items()), *hints]
    return [comment(line) for line in lines]


def comment(text: str) -> str:
    """Return a comment of one line."""
    return "# " + CONTROLS.sub(" ", text)


def wrap_comment(text: str) -> Iterator[str]:
    """Yield comments of at most `WIDTH` signs."""
    line = ""
    for word in CONTROLS.sub(" ", text).split():
        if line and len(line) + len(word) + 1 > WIDTH:
            yield f"# {line}"
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield f"# {line}"
