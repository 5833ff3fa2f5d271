"""What a result can be traced to: versions, platform and a hash of the code."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from functools import cache
from pathlib import Path

PACKAGE = "spinerisk"
FLOORS = ("schemas", "outcomes", "pipelines", "reports", "spinerisk")
LIBRARIES = (
    "numpy", "scipy", "pandas", "pandera", "statsmodels", "scikit-learn", "xgboost", "lightgbm", "shap", "optuna",
)  # fmt: skip
"""Libraries whose version can move a number."""


def read_versions() -> dict[str, str]:
    """Return the versions of Python and of every library that can move a number."""
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in LIBRARIES}}


def read_own_version() -> str:
    """Return the version of the toolkit."""
    return importlib.metadata.version(PACKAGE)


def read_platform() -> str:
    """Return system and processor; never the name of the machine or its user."""
    return f"{platform.system()} {platform.machine()}"


@cache
def compute_code_sha256() -> str:
    """Return the SHA-256 over the names and contents of the toolkit's own Python files, in hex; read once a process."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for floor in FLOORS:
        for path in sorted((root / floor).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
