"""What ``spinerisk validate`` does: the models of a finished run, locked, on other data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipelines.locked import Validation, replacing_evaluation, validate_locked, write_validation
from pipelines.locked_models import DEFINITION_FILE, find_run
from pipelines.size_criteria import list_shortfalls
from reports.files import write_at_once
from reports.tripod.answer_file import KEPT_AS
from reports.writing import write_documents
from schemas.registry import read_registry
from spinerisk.answering import gather_answers
from spinerisk.evaluating import pivot_estimates, word_counts

SHOWN = (
    "c_statistic", "calibration_in_the_large", "calibration_slope", "oe_ratio", "log_loss", "mae", "mean_difference",
)  # fmt: skip
COMPARED = ("log_loss", "mae")
"""Measures whose paired difference to the reference is printed."""


def validate_file(
    target: Path, data: str, *, definition: str | None = None, subgroups: Sequence[str] | None = None
) -> Validation:
    """Read data and validate the models of a run, or a single one, on them.

    Parameters
    ----------
    target
        Folder of a finished run, or of one model bundle in it.
    data
        The registry's data.
    definition
        How the data are to be read; by default as the run read its own.
    subgroups
        Columns whose groups are audited; by default those of the plan.

    Raises
    ------
    RunError, BundleError, StudyError, DataError
        If the run, a bundle, or the data cannot be used.
    """
    run = find_run(target)
    registry = read_registry(data, definition or str(run / DEFINITION_FILE))
    return validate_locked(target, registry, dataset=_name_data(data), subgroups=subgroups)


def validate_into(
    target: Path, data: str, *, out: Path, definition: str | None = None, subgroups: Sequence[str] | None = None
) -> Validation:
    """Validate models as `validate_file` does, and put the finished folder with its documents in place, in one move.

    Parameters
    ----------
    target, data, definition, subgroups
        As in `validate_file`.
    out
        Folder to write; an earlier evaluation there is replaced.
    """
    # An evaluation that is replaced keeps what its author has answered.
    answers = gather_answers(find_run(target) / "study.toml", out)
    # The folder is made first: a place that cannot be written must not be found out after the work.
    with replacing_evaluation(out) as folder:
        found = validate_file(target, data, definition=definition, subgroups=subgroups)
        write_validation(found, folder)
        if answers:
            write_at_once(folder / KEPT_AS, answers)
        write_documents(folder)
    return found


def name_folder(target: Path, data: str) -> Path:
    """Return where an evaluation is written by default: ``runs/<run>_on_<data>``, of a bundle with its own names."""
    run = find_run(target)
    inside = target.resolve().relative_to(run).parts[1:]
    return Path("runs") / f"{'_'.join((run.name, *inside))}_on_{_name_data(data)}"


def _name_data(data: str) -> str:
    return Path(data).name.partition(".")[0]


def tabulate_validation(found: Validation) -> dict[str, list[dict[str, str]]]:
    """Return tables for a person by title: of each outcome the main measures, and the differences to the reference."""
    evaluation, comparison = found.tables["evaluation"], found.tables["comparison"]
    whole = evaluation[(evaluation["subgroup"] == "overall") & evaluation["metric"].isin(SHOWN)]
    tables = {}
    for outcome, rows in whole.groupby("outcome", sort=False):
        tables[f"{outcome}: locked models on {found.dataset.name}, {_word(rows)}"] = pivot_estimates(rows)
        pairs = comparison[(comparison["outcome"] == outcome) & comparison["metric"].isin(COMPARED)]
        if len(pairs):
            reference = pairs["reference"].iloc[0]
            tables[f"{outcome}: model minus {reference}, on the same operations; below 0 is better"] = pivot_estimates(
                pairs
            )
    return tables


def list_notes(found: Validation) -> tuple[str, ...]:
    """Return what is to be known of a validation: too few patients, what cannot be assessed, where the numbers are."""
    return (
        *found.notes,
        *list_shortfalls(found.tables["sample_size"]),
        *found.remarks,
        f"{len(found.locked.bundles)} model bundles were applied as they are; nothing was fitted again",
        "documents and tables are in share/, the patients' risks are in private/",
    )


def _word(rows: pd.DataFrame) -> str:
    """Return the counts in words; a follow-up score has no events."""
    words = word_counts(rows)
    return words.partition(", ")[0] if "mae" in set(rows["metric"]) else words
