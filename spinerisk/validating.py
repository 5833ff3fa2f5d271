"""What ``spinerisk validate`` does: the models of a finished run, locked, on other data."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipelines.locked import Validation, validate_locked
from pipelines.size_criteria import list_shortfalls
from schemas.errors import RunError
from schemas.registry import read_registry
from spinerisk.evaluating import pivot_estimates, word_counts

SHOWN = (
    "c_statistic", "calibration_in_the_large", "calibration_slope", "oe_ratio", "log_loss", "mae", "mean_difference",
)  # fmt: skip
COMPARED = ("log_loss", "mae")
"""Measures whose paired difference to the reference is printed."""


def validate_file(run: Path, data: str, *, definition: str | None = None) -> Validation:
    """Read data and validate the models of a run on them.

    Parameters
    ----------
    run
        Folder of a finished run.
    data
        The registry's data.
    definition
        How the data are to be read; by default as the run read its own.

    Raises
    ------
    RunError, BundleError, StudyError, DataError
        If the run, a bundle, or the data cannot be used.
    """
    kept = run / "definition.toml"
    if not kept.is_file():
        raise RunError(f"a finished run must be given, got {str(run)!r}, which holds no definition.toml")
    registry = read_registry(data, definition or str(kept))
    return validate_locked(run, registry, dataset=Path(data).name.partition(".")[0])


def tabulate_validation(found: Validation) -> dict[str, list[dict[str, str]]]:
    """Return tables for a person by title: of each outcome the main measures, and the differences to the reference."""
    evaluation, comparison = found.tables["evaluation"], found.tables["comparison"]
    whole = evaluation[(evaluation["subgroup"] == "overall") & evaluation["metric"].isin(SHOWN)]
    tables = {}
    for outcome, rows in whole.groupby("outcome", sort=False):
        tables[f"{outcome}: locked models on {found.dataset}, {_word(rows)}"] = pivot_estimates(rows)
        pairs = comparison[(comparison["outcome"] == outcome) & comparison["metric"].isin(COMPARED)]
        if len(pairs):
            reference = pairs["reference"].iloc[0]
            tables[f"{outcome}: model minus {reference}, on the same operations; below 0 is better"] = pivot_estimates(
                pairs
            )
    return tables


def list_notes(found: Validation) -> tuple[str, ...]:
    """Return what is to be known of a validation: too few patients, what cannot be assessed, where the numbers are."""
    bundles = sum(len(own) for own in found.bundles.values())
    return (
        *found.notes,
        *list_shortfalls(found.tables["sample_size"]),
        *found.remarks,
        f"{bundles} model bundles were applied as they are; nothing was fitted again",
        "there is no page: all numbers are tables in share/, the patients' risks are in private/",
    )


def _word(rows: pd.DataFrame) -> str:
    """Return the counts in words; a follow-up score has no events."""
    words = word_counts(rows)
    return words.partition(", ")[0] if "mae" in set(rows["metric"]) else words
