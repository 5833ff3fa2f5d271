"""What ``spinerisk log`` does: a finished run into MLflow, once, and a person's approval of one of its models."""

from __future__ import annotations

from pathlib import Path

from pipelines.tracking import Logged, approve_model, log_run
from schemas.errors import InputError
from spinerisk.console import Console

STATES = {
    "logged": "logged",
    "logged anew": "logged; what an earlier attempt had left unfinished was removed",
    "documents renewed": "its documents were renewed; everything else was there already",
    "there already": "there already, nothing to do",
}
"""What logging did, in words."""
INVENTED = (
    "it was made from synthetic data and is not meant for patients: an approval can only be for trying things out"
)


def log_folder(
    run_dir: Path, *, to: str | None, chosen: str | None, approved_by: str | None, console: Console
) -> Logged:
    """Log a finished run, and mark a model as approved where a person asks for it.

    Parameters
    ----------
    run_dir
        The run's folder.
    to
        Address of the store; else the environment's ``MLFLOW_TRACKING_URI``; else the run's own.
    chosen
        Outcome and model to approve, with a slash between; None approves nothing.
    approved_by
        Name of the person who approves.
    console
        Where progress is shown.

    Raises
    ------
    RunError
        If the run cannot be read or the store not be used.
    InputError
        If only one of `chosen` and `approved_by` is given, or the run has no such model.
    """
    if chosen is None and approved_by is not None:
        raise InputError("who approves must say what, got --approved-by alone; give --approve OUTCOME/MODEL")
    with console.progress() as tell:
        if chosen is None:
            return log_run(run_dir, tracking_uri=to, progress=tell)
        return approve_model(run_dir, chosen, by=approved_by or "", tracking_uri=to, progress=tell)


def describe_logged(logged: Logged) -> dict[str, str]:
    """Return what logging did, for a person or a machine."""
    facts = {"state": STATES[logged.state], "store": logged.where, "run": logged.run_id}
    if logged.approved is not None:
        name, version = logged.approved
        facts["approved"] = f"{name} version {version}"
    if needs_a_person(logged):
        facts["warning"] = INVENTED
    return facts


def needs_a_person(logged: Logged) -> bool:
    """Tell whether something was approved that was made from invented patients."""
    return logged.approved is not None and logged.synthetic
