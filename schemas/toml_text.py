"""Values as TOML text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any


def quote(text: str) -> str:
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_value(value: Any) -> str:
    """Return a TOML value: a text, a number, a list or an inline table.

    Examples
    --------
    >>> write_value({"1": "male", "9": 0})
    '{ "1" = "male", "9" = 0 }'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{quote(key)} = {write_value(held)}" for key, held in value.items()) + " }"
    if isinstance(value, Iterable):
        return "[" + ", ".join(write_value(held) for held in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)
