"""What ``spinerisk define`` shows and writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from schemas.drafting import Draft
from schemas.errors import DefinitionError, RunError
from schemas.plans import FilePlan
from schemas.study import describe_faults


def build_file_plan(stated: Mapping[str, str | None]) -> FilePlan:
    """Return how the file is read, of what the user has stated; the rest is left to be found out.

    Raises
    ------
    DefinitionError
        If a value cannot be used.
    """
    try:
        return FilePlan.model_validate({key: value for key, value in stated.items() if value is not None})
    except ValidationError as error:
        faults = describe_faults(error, FilePlan)
        raise DefinitionError(f"what is stated of the file must be usable:\n{faults}") from None


def describe_draft(draft: Draft) -> list[dict[str, object]]:
    """Return one row per header of the export: what is read, what is used, what is not read; never a patient's value.

    Returns
    -------
    list of dict
        Keys ``header, column, how, certainty, what, n_known``; a header that could not be placed has the certainty
        "open", the columns that it may be, and the reason.
    """
    several = len({*draft.proposals["table"], *draft.used["table"], *draft.unplaced["table"]}) > 1
    placed = [
        {
            "header": _where(row, several=several), "column": row["column"], "how": row["how"],
            "certainty": row["certainty"], "what": row["what"], "n_known": row["n_known"],
        }
        for row in draft.proposals.to_dict("records")
    ]  # fmt: skip
    used = [
        {
            "header": _where(row, several=several), "column": row["use"], "how": "", "certainty": "check",
            "what": "", "n_known": row["n_known"],
        }
        for row in draft.used.to_dict("records")
    ]  # fmt: skip
    unplaced = [
        {
            "header": _where(row, several=several), "column": row["candidates"], "how": "",
            "certainty": "open", "what": row["reason"], "n_known": row["n_known"],
        }
        for row in draft.unplaced.to_dict("records")
    ]  # fmt: skip
    return placed + used + unplaced


def summarise_draft(draft: Draft, out: Path) -> dict[str, object]:
    """Return the facts of a draft: how many headers are sure, to be checked and open, and where it was written."""
    certainty = draft.proposals["certainty"]
    return {
        "sure": int(certainty.eq("sure").sum()),
        "to_check": int(certainty.eq("check").sum()) + len(draft.used),
        "open": len(draft.unplaced),
        "notes": list(draft.notes),
        "written_to": str(out),
    }


def write_draft(draft: Draft, out: Path) -> Path:
    """Write a draft.

    Parameters
    ----------
    draft
        Made by `schemas.drafting.draft_definition`.
    out
        The TOML file. One that is there is never replaced: somebody may have spent an afternoon on it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DefinitionError
        If the file is there already, or has another ending.
    RunError
        If it cannot be written.
    """
    if out.suffix.lower() != ".toml":
        raise DefinitionError(f"the draft must be written to a TOML file, got {str(out)!r}; name one such as my.toml")
    if out.exists():
        raise DefinitionError(
            f"the draft must not replace a file, got {str(out)!r}; name another one, or delete it first"
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(draft.text.encode())
    except OSError as error:
        raise RunError(f"the draft must be writable, got {str(out)!r}: {error.strerror}") from None
    return out


def _where(row: dict[object, object], *, several: bool) -> str:
    return f"{row['table']}: {row['header']}" if several else str(row["header"])
