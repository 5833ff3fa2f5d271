"""What ``spinerisk validate`` does: the models of a finished run, locked, on other data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pipelines.locked import Validation, validate_locked
from schemas.errors import RunError
from schemas.registry import read_registry

SHOWN = ("c_statistic", "calibration_slope", "oe_ratio", "log_loss", "mae", "mean_difference")


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


def list_results(found: Validation) -> Iterator[dict[str, object]]:
    """Yield the main measures of every model as rows for a table."""
    frame = found.tables["evaluation"]
    whole = frame[(frame["subgroup"] == "overall") & frame["metric"].isin(SHOWN)]
    for _, row in whole.iterrows():
        yield {
            "outcome": row["outcome"],
            "model": row["model"],
            "n": "" if pd.isna(row["n"]) else int(row["n"]),
            "events": "" if pd.isna(row["events"]) else int(row["events"]),
            "measure": row["metric"],
            "estimate": _word(row),
        }


def _word(row: pd.Series) -> str:
    if row["status"] != "ok":
        return str(row["status"])
    if pd.isna(row["lower"]):
        return f"{row['estimate']:.3f}"
    return f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"
