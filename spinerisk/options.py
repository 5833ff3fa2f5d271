"""Options that several commands share."""

from __future__ import annotations

import os
from typing import Annotated

import typer

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Workers = Annotated[int, typer.Option(min=1, help="Local processes; the result is the same to the byte.")]
DEFAULT_WORKERS = min(os.cpu_count() or 1, 8)
