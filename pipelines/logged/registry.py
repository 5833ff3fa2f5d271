"""MLflow's registry: one registered model per study and outcome, one version per model bundle, aliases, approval."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

import mlflow

from pipelines.logged.card import CARD_FILE, describe_registered, shorten
from pipelines.logged.naming import lead_measure
from pipelines.logged.once import list_versions
from pipelines.logged.run_files import RunFiles
from pipelines.logged.store import Store

REFERENCE = "reference"
CANDIDATE = "candidate"
APPROVED = "approved"
"""Set by a person, never by itself."""
LONGEST_SLUG = 100
Versions = Mapping[tuple[str, str], tuple[str, str]]
"""Registered name and number of the version, by outcome and model."""


def name_registered(run: RunFiles, outcome: str) -> str:
    """Return the name of the registered model of an outcome."""
    return f"{make_slug(run.title) or run.record['study']['sha256'][:12]}.{outcome}"


def make_slug(title: str) -> str:
    """Return a title as one word of small letters, digits and hyphens.

    Examples
    --------
    >>> make_slug("Après l’opération: 12 months?")
    'apres-loperation-12-months'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-")


def register(
    store: Store, run: RunFiles, *, run_id: str, model_id: str, tags: Mapping[str, str], card: str
) -> tuple[str, str]:
    """Register a logged model as a version; return the registered name and the version's number.

    Parameters
    ----------
    store
        Where to.
    run
        What is logged.
    run_id, model_id
        The nested run and the logged model in it.
    tags
        Those of the nested run, which say whose model of what it is.
    card
        The model card.
    """
    outcome, model = tags["outcome"], tags["model"]
    name = name_registered(run, outcome)
    _ensure_registered(store, run, name=name, outcome=outcome)
    measure, words = lead_measure(run.rows("evaluation", outcome=outcome, model=model))
    version = store.client.create_model_version(
        name,
        f"models:/{model_id}",
        run_id,
        tags={**tags, measure: words, "fingerprint": run.fingerprint},
        description=shorten(card, file=CARD_FILE),
        model_id=model_id,
    )
    return name, str(version.version)


def _ensure_registered(store: Store, run: RunFiles, *, name: str, outcome: str) -> None:
    if store.client.search_registered_models(f"name = '{name}'"):
        return
    tags = {"study": run.title, "outcome": outcome}
    store.client.create_registered_model(name, tags=tags, description=describe_registered(run, outcome))


def set_aliases(store: Store, run: RunFiles, versions: Versions) -> None:
    """Point `REFERENCE` and `CANDIDATE` of every outcome to this run's versions; to nothing where it has none."""
    client = store.client
    for name in {name for name, _ in versions.values()}:
        for alias in {REFERENCE, CANDIDATE} & set(client.get_registered_model(name).aliases):
            client.delete_registered_model_alias(name, alias)
    for (outcome, model), (name, number) in versions.items():
        if run.describe_model(model).get("role") == "reference":
            client.set_registered_model_alias(name, REFERENCE, number)
        if run.find_candidate(outcome) == model:
            client.set_registered_model_alias(name, CANDIDATE, number)


def approve_version(store: Store, run: RunFiles, *, chosen: str, by: str) -> tuple[str, str]:
    """Point `APPROVED` to a version of this run and write down who did.

    Parameters
    ----------
    store
        Where the run stands whole.
    run
        Which.
    chosen
        Outcome and model of one of its bundles, with a slash between.
    by
        Name of the person.

    Returns
    -------
    name, version
        The registered model and the number of its version.

    Notes
    -----
    A version that was approved before keeps who approved it, and is told which one replaced it.
    """
    by_name = {f"{one.tags['outcome']}/{one.tags['model']}": one for one in list_versions(store, run.sha256)}
    name, number = by_name[chosen].name, str(by_name[chosen].version)
    earlier = _find_approved(store, name)
    if earlier not in (None, number):
        store.client.set_model_version_tag(name, earlier, "approval_replaced_by", number)
    when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for key, value in {"approved_by": by, "approved_at": when, "approved_run": run.sha256}.items():
        store.client.set_model_version_tag(name, number, key, value)
    store.client.set_registered_model_alias(name, APPROVED, number)
    return name, number


def _find_approved(store: Store, name: str) -> str | None:
    try:
        return str(store.client.get_model_version_by_alias(name, APPROVED).version)
    except mlflow.MlflowException as error:
        if error.error_code not in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
            raise
        return None
