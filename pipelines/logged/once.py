"""What a store holds of a run already: all, nothing, or what broke off, which is removed so that nothing is twice."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from pipelines.logged.naming import PARENT_TAG, RUN_TAG
from pipelines.logged.store import Store, list_all
from schemas.errors import RunError

WHOLE = "FINISHED"
"""Status of a parent run to which everything was logged: it is set last."""


def find_whole(store: Store, sha256: str) -> Any | None:
    """Return the parent run to which a run was logged whole, or None."""
    parents = [run for run in _list_runs(store, sha256) if PARENT_TAG not in run.data.tags]
    return next((run for run in parents if run.info.status == WHOLE), None)


def remove_others(store: Store, sha256: str, *, made: Collection[str] = ()) -> int:
    """Remove everything that stands for a run in the store but what was just made; return how many runs that were.

    Parameters
    ----------
    store
        Where.
    sha256
        Of the run.
    made
        Identifiers of runs, logged models and, by `name_version`, of versions.

    Notes
    -----
    A server that died after it had written, but before it could say so, is asked again by MLflow itself: that is how
    something can be there twice.
    """
    return _remove(store, sha256, lambda identifier: identifier not in made)


def refuse_removed(store: Store, sha256: str, run_id: str, *, made: Collection[str]) -> None:
    """Stop, and take back what was made, where another process has removed the parent run to log it itself.

    Raises
    ------
    RunError
        It says so.
    """
    if store.client.get_run(run_id).info.lifecycle_stage == "active":
        return
    _remove(store, sha256, lambda identifier: identifier in made)
    raise RunError(
        f"a run must be logged by one process at a time, got another one that logs a copy of it to {store.where}; "
        "log it again when that one is done"
    )


def _remove(store: Store, sha256: str, is_chosen: Callable[[str], bool]) -> int:
    """Remove the chosen; the parent goes last, so that a removal that breaks off is taken up by the next."""
    client = store.client
    for version in list_versions(store, sha256):
        if is_chosen(name_version(version.name, version.version)):
            client.delete_model_version(version.name, str(version.version))
    for model in _list_models(store, sha256):
        if is_chosen(model.model_id):
            client.delete_logged_model(model.model_id)
    chosen = [run for run in _list_runs(store, sha256) if is_chosen(run.info.run_id)]
    for run in sorted(chosen, key=lambda run: PARENT_TAG not in run.data.tags):
        client.delete_run(run.info.run_id)
    return len(chosen)


def name_version(name: str, number: str | int) -> str:
    """Return one identifier of a version: the registered model and the number."""
    return f"{name} version {number}"


def list_versions(store: Store, sha256: str) -> list[Any]:
    """List the versions in the registry that come from a run."""
    asked = _asked(sha256)
    return list(list_all(lambda token: store.client.search_model_versions(filter_string=asked, page_token=token)))


def _list_models(store: Store, sha256: str) -> list[Any]:
    asked = _asked(sha256)
    return list(
        list_all(
            lambda token: store.client.search_logged_models([store.experiment], filter_string=asked, page_token=token)
        )
    )


def _list_runs(store: Store, sha256: str) -> list[Any]:
    asked = _asked(sha256)
    return list(
        list_all(lambda token: store.client.search_runs([store.experiment], filter_string=asked, page_token=token))
    )


def _asked(sha256: str) -> str:
    return f"tags.{RUN_TAG} = '{sha256}'"
