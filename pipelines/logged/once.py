"""What a store holds of a run already: all, nothing, or what broke off, which is removed so that nothing is twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.logged.naming import PARENT_TAG, RUN_TAG
from pipelines.logged.store import Store, list_all

WHOLE = "FINISHED"
"""Status of a parent run to which everything was logged: it is set last."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was logged in one go, and is to stay.

    Attributes
    ----------
    runs, models, versions
        Identifiers of MLflow's runs and logged models; name and number of versions in the registry.
    """

    runs: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    versions: frozenset[tuple[str, str]] = frozenset()


NOTHING = Kept()


def find_whole(store: Store, sha256: str) -> Any | None:
    """Return the parent run to which a run was logged whole, or None."""
    parents = [run for run in _list_runs(store, sha256) if PARENT_TAG not in run.data.tags]
    return next((run for run in parents if run.info.status == WHOLE), None)


def remove_others(store: Store, sha256: str, *, kept: Kept = NOTHING) -> int:
    """Remove everything that stands for a run in the store but what is kept; return how many runs that were.

    Notes
    -----
    The parent goes last, so that a removal that breaks off is taken up by the next. A server that died after it had
    written, but before it could say so, is asked again by MLflow itself: that is how something can be there twice.
    """
    client = store.client
    for version in list_versions(store, sha256):
        if (version.name, str(version.version)) not in kept.versions:
            client.delete_model_version(version.name, str(version.version))
    for model in _list_models(store, sha256):
        if model.model_id not in kept.models:
            client.delete_logged_model(model.model_id)
    broken = [run for run in _list_runs(store, sha256) if run.info.run_id not in kept.runs]
    for run in sorted(broken, key=lambda run: PARENT_TAG not in run.data.tags):
        client.delete_run(run.info.run_id)
    return len(broken)


def list_versions(store: Store, sha256: str) -> Iterator[Any]:
    """Yield the versions in the registry that come from a run."""
    asked = _asked(sha256)
    # all of them first: a page of what is being removed would skip some
    found = list(list_all(lambda token: store.client.search_model_versions(filter_string=asked, page_token=token)))
    yield from found


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
