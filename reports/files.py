"""Writing a file so that a reader finds the old one or the whole new one, never a part."""

from __future__ import annotations

import os
from pathlib import Path

from schemas.errors import RunError


def write_at_once(path: Path, content: str | bytes) -> Path:
    """Write a file, a text as UTF-8 with plain line ends, and return its path.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.replace(partial, path)
    except OSError as error:
        raise RunError(f"{str(path)!r} must be writable: {error.strerror}; check the folder") from None
    return path
