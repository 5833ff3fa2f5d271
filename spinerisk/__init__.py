"""Honest clinical prediction models for spine surgery from registry data: the public names."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from spinerisk.guard import check_floors

if TYPE_CHECKING:
    from outcomes.instruments import score_items
    from pipelines.bundles.artifact import load_model
    from pipelines.data_quality import compute_quality
    from pipelines.deriving.threshold_questions import derive_thresholds
    from pipelines.given_predictions import bootstrap_predictions, compare_predictions, evaluate_predictions
    from pipelines.run import run_study
    from schemas.definition import read_definition
    from schemas.drafting import draft_definition
    from schemas.registry import read_registry
    from schemas.study import read_study
    from schemas.synthetic import simulate_registry
    from spinerisk.describing import describe_entry

__version__ = "0.1.0"

__all__ = [
    "bootstrap_predictions",
    "compare_predictions",
    "compute_quality",
    "derive_thresholds",
    "describe_entry",
    "draft_definition",
    "evaluate_predictions",
    "load_model",
    "read_definition",
    "read_registry",
    "read_study",
    "run_study",
    "score_items",
    "simulate_registry",
]

_HOMES = {
    "bootstrap_predictions": "pipelines.given_predictions",
    "compare_predictions": "pipelines.given_predictions",
    "compute_quality": "pipelines.data_quality",
    "derive_thresholds": "pipelines.deriving.threshold_questions",
    "describe_entry": "spinerisk.describing",
    "draft_definition": "schemas.drafting",
    "evaluate_predictions": "pipelines.given_predictions",
    "load_model": "pipelines.bundles.artifact",
    "read_definition": "schemas.definition",
    "read_registry": "schemas.registry",
    "read_study": "schemas.study",
    "run_study": "pipelines.run",
    "score_items": "outcomes.instruments",
    "simulate_registry": "schemas.synthetic",
}
"""Where each public name lives; it is imported when first asked for, so that `import spinerisk` stays cheap."""

check_floors()


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
