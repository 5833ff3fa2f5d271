"""What ``spinerisk thresholds`` writes: thresholds of a score from one's own data, ready to be declared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.deriving.threshold_questions import OwnThresholds
from reports.files import write_at_once
from reports.reference.own_thresholds import render_definition
from schemas.errors import RunError, StudyError


def check_output(out: Path) -> Sequence[Path]:
    """Return the files to be written, TOML and CSV.

    Raises
    ------
    StudyError
        If the file has another ending or one is there: it may have been edited.
    """
    if out.suffix.lower() != ".toml":
        raise StudyError(f"the thresholds must be written to a TOML file, got {str(out)!r}; name one such as my.toml")
    files = (out, out.with_suffix(".csv"))
    for path in files:
        if path.exists():
            raise StudyError(
                f"the thresholds must not replace a file, got {str(path)!r}; name another, or delete it first"
            )
    return files


def write_thresholds(found: OwnThresholds, out: Path) -> dict[str, str]:
    """Write the definition's tables (TOML) and all numbers (CSV, beside it).

    Returns
    -------
    dict
        ``definition`` and ``table``: the files.

    Raises
    ------
    StudyError
        See `check_output`.
    RunError
        If they cannot be written.
    """
    definition, table = check_output(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"the folder of the thresholds must be writable, got {str(out)!r}: {error.strerror}") from None
    write_at_once(table, found.table.to_csv(index=False, lineterminator="\n"))
    write_at_once(definition, render_definition(found))
    return {"definition": str(definition), "table": str(table)}
