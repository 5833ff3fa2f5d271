"""Refuses to start when another file or distribution hides one of the toolkit's packages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

FLOORS = ("schemas", "outcomes", "pipelines", "reports")


def check_floors() -> None:
    """Raise ImportError if a floor would be imported from elsewhere than beside this package; import none."""
    home = Path(__file__).resolve().parents[1]
    for floor in FLOORS:
        spec = find_spec(floor)
        origin = spec.origin if spec else None
        if origin is None or Path(origin).resolve() != home / floor / "__init__.py":
            raise ImportError(
                f"{floor} must be spinerisk's own package in {home}, got {origin or 'no package'}; "
                "rename or remove what hides it, or install spinerisk into an environment of its own"
            )
