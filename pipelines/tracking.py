"""Logs a finished run's folder to MLflow, once: what may be shared and the model bundles, never a patient's row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pipelines.logged.naming import DOCUMENTS_TAG
from pipelines.logged.once import find_whole, refuse_removed, remove_others
from pipelines.logged.registry import approve_version, set_aliases
from pipelines.logged.run_files import RunFiles, only_here, read_run_files
from pipelines.logged.runs import Tell, end_parent, give_up_parent, log_files, log_models, log_study, start_parent
from pipelines.logged.store import Store, open_store
from schemas.errors import InputError

State = Literal["logged", "logged anew", "documents renewed", "there already"]


@dataclass(frozen=True, kw_only=True)
class Logged:
    """What logging did.

    Attributes
    ----------
    run_id
        Identifier of the parent run.
    where
        What a person calls the store.
    state
        Whether the run was new to the store, was logged anew because an earlier attempt had broken off, had new
        documents only, or was there already.
    synthetic
        Whether any of the data is invented.
    approved
        Registered model and number of the version that a person approved; None where nobody did.
    """

    run_id: str
    where: str
    state: State
    synthetic: bool
    approved: tuple[str, str] | None = None


def tell_nobody(done: int, total: int, text: str) -> None:
    """Show nothing."""


def log_run(folder: str | Path, *, tracking_uri: str | None = None, progress: Tell = tell_nobody) -> Logged:
    """Log a finished run: one parent run for the study, one nested run for each outcome and model, and the registry.

    Parameters
    ----------
    folder
        The run's folder. Its ``share/`` part, study, definition and model bundles are logged; ``private/`` never.
    tracking_uri
        Where to; else the environment's ``MLFLOW_TRACKING_URI``; else the embedded store ``mlflow/`` in the folder.
    progress
        Told before each model how many are done, of how many, and which is next.

    Raises
    ------
    RunError
        If the folder is no finished run, a path to be logged leads into ``private/``, or the store cannot be used.

    Notes
    -----
    The same run is logged once: what a store holds of it after an attempt that broke off is removed first. Metrics of
    a nested run are named ``<validation>.<metric>`` on the development data and ``<validation>.<dataset>.<metric>`` on
    any other, with ``.lower`` and ``.upper`` for the interval; suppressed and unassessable ones are left out.
    """
    with _logging(Path(folder), tracking_uri) as (store, run):
        return _log_once(store, run, progress)


def approve_model(
    folder: str | Path, chosen: str, *, by: str, tracking_uri: str | None = None, progress: Tell = tell_nobody
) -> Logged:
    """Log a finished run as `log_run` does, and mark one of its models as approved by a person.

    Parameters
    ----------
    folder, tracking_uri, progress
        As in `log_run`.
    chosen
        Outcome and model with a slash between.
    by
        Name of the person.

    Raises
    ------
    RunError
        As in `log_run`.
    InputError
        If nobody is named, or no model of this run is called so.
    """
    if not by.strip():
        raise InputError("an approval must name a person, got nobody; give --approved-by NAME")
    with _logging(Path(folder), tracking_uri) as (store, run):
        run.check_bundle(chosen)
        logged = _log_once(store, run, progress)
        return replace(logged, approved=approve_version(store, run, chosen=chosen, by=by.strip()))


@contextmanager
def _logging(folder: Path, tracking_uri: str | None) -> Iterator[tuple[Store, RunFiles]]:
    folder = folder.resolve()
    run = read_run_files(folder)
    with only_here(folder), open_store(folder, tracking_uri, title=run.title) as store:
        yield store, run


def _log_once(store: Store, run: RunFiles, progress: Tell) -> Logged:
    whole = find_whole(store, run.sha256)
    if whole is not None:
        state = _renew_documents(store, run, whole)
        return Logged(run_id=whole.info.run_id, where=store.where, state=state, synthetic=run.synthetic)
    broken = remove_others(store, run.sha256)
    run_id = _log_whole(store, run, progress)
    state = "logged anew" if broken else "logged"
    return Logged(run_id=run_id, where=store.where, state=state, synthetic=run.synthetic)


def _renew_documents(store: Store, run: RunFiles, whole: Any) -> State:
    """Replace the documents where they were written again since; the numbers in them are those of the run."""
    if whole.data.tags.get(DOCUMENTS_TAG) == run.documents_sha256:
        return "there already"
    log_files(store, run, whole.info.run_id)
    store.client.set_tag(whole.info.run_id, DOCUMENTS_TAG, run.documents_sha256)
    return "documents renewed"


def _log_whole(store: Store, run: RunFiles, progress: Tell) -> str:
    """Log everything; the parent counts as whole only at the very end."""
    run_id = start_parent(store, run)
    with ExitStack() as if_it_breaks_off:
        if_it_breaks_off.callback(give_up_parent, store, run_id)
        log_study(store, run, run_id)
        nested = dict(log_models(store, run, run_id, progress))
        versions = {pair: one.version for pair, one in nested.items() if one.version}
        made = {run_id, *(identifier for one in nested.values() for identifier in one.identifiers)}
        refuse_removed(store, run.sha256, run_id, made=made)
        set_aliases(store, run, versions)
        remove_others(store, run.sha256, made=made)
        end_parent(store, run_id)
        if_it_breaks_off.pop_all()
    return run_id
