"""Locked models: the bundles of a finished run, or a single one, with the plan that says how they are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.bundles.artifact import BUNDLE_FILE, LoadedModel, load_model
from pipelines.predictions import DEVELOPMENT
from pipelines.run_folder import read_record
from pipelines.run_record import MODELS_FOLDER, list_bundles
from schemas.errors import BundleError, RunError
from schemas.study import Study, read_study
from schemas.tables import SHARE

STUDY_FILE = "study.toml"
DEFINITION_FILE = "definition.toml"
KEPT = ("table1", "case_mix")
"""Tables of the development that stand beside those of the other data, for a reader to compare."""

FLOATS = ("value", "estimate", "lower", "upper")
"""Columns of these tables that are measures; ``n`` is a count, and all others are text."""
BY_OUTCOME = ("threshold_sets", "derived_thresholds", "sample_size", "threshold_probabilities")
"""Tables of the plan that name outcomes."""

Models = Mapping[str, Mapping[str, LoadedModel]]


@dataclass(frozen=True, kw_only=True)
class LockedModels:
    """Models as they were developed, each proven to be as it was written.

    Attributes
    ----------
    study
        The plan, of which only what is evaluated is left: the outcomes and models that have bundles. The reference
        of a single bundle is the bundle's own model.
    models
        By outcome and name, the reference first.
    bundles
        Outcome, model and SHA-256 of each bundle's ``bundle.json``.
    developed
        Where they come from: title and hash of the study, and the development's data without any patient.
    kept
        Rows of the development in the tables of `KEPT`, as far as the run's folder has them.
    remarks
        What a reader must know of what is evaluated and what is not.
    """

    study: Study
    models: Models
    bundles: tuple[Mapping[str, str], ...]
    developed: Mapping[str, object]
    kept: Mapping[str, pd.DataFrame]
    remarks: tuple[str, ...]


def find_run(target: Path) -> Path:
    """Return the run's folder of a run, or of a single bundle in it.

    Raises
    ------
    RunError
        If the plan, by which outcomes are judged, is not there.
    """
    target = target.resolve()
    if not (target / BUNDLE_FILE).is_file():
        if not (target / STUDY_FILE).is_file() or not (target / DEFINITION_FILE).is_file():
            raise RunError(
                f"a finished run must be given, got {str(target)!r}, which holds no {STUDY_FILE} and {DEFINITION_FILE}"
            )
        return target
    run = target.parents[2] if len(target.parents) > 2 else target
    if target.parents[1].name != MODELS_FOLDER or not (run / STUDY_FILE).is_file():
        raise RunError(
            f"a bundle must lie in its run to be validated, got {str(target)!r} by itself, which does not say how its "
            f"outcome is judged in other patients; give it as {MODELS_FOLDER}/<outcome>/<model> of a folder that also "
            f"holds the {STUDY_FILE} of its development"
        )
    return run


def read_locked(target: Path) -> LockedModels:
    """Read the plan and the model bundles of a finished run, or one of its bundles.

    Parameters
    ----------
    target
        Folder of the run, or of one bundle in it.

    Raises
    ------
    RunError
        If the folder holds no models, or its plan is another than that of the development.
    BundleError
        If a bundle is not as it was written.
    """
    run = find_run(target)
    plan = read_study(run / STUDY_FILE)
    pairs = _list_pairs(target.resolve(), run, plan)
    if not pairs:
        raise RunError(f"a run must hold model bundles to be validated, got none in {str(run / MODELS_FOLDER)!r}")
    record = read_record(run)
    bundles = tuple(list_bundles(run, pairs))
    _check_bundles(bundles, record)
    models: dict[str, dict[str, LoadedModel]] = {}
    for outcome, name in pairs:
        models.setdefault(outcome, {})[name] = _load(run, outcome, name, plan)
    single = (target.resolve() / BUNDLE_FILE).is_file()
    study = _restrict(plan, models, reference=pairs[0][1] if single else plan.reference)
    return LockedModels(
        study=study,
        models=models,
        bundles=bundles,
        developed=_describe_development(plan, record, models),
        kept={name: _read_development(run, name, tuple(models)) for name in KEPT},
        remarks=tuple(_list_remarks(plan, study, models)),
    )


def _list_pairs(target: Path, run: Path, plan: Study) -> list[tuple[str, str]]:
    """Return outcome and model of each bundle in the plan's order, the reference first; of a bundle, its own."""
    if target != run:
        return [(target.parent.name, target.name)]
    pairs = []
    for outcome in plan.outcomes:
        found = {path.parent.name for path in (run / MODELS_FOLDER / outcome).glob(f"*/{BUNDLE_FILE}")}
        order = [name for name in plan.all_models if name in found]
        pairs += [(outcome, name) for name in (*order, *sorted(found.difference(order)))]
    return pairs


def _load(run: Path, outcome: str, name: str, plan: Study) -> LoadedModel:
    folder = run / MODELS_FOLDER / outcome / name
    model = load_model(folder)
    if model.card["outcome"]["name"] != outcome:
        raise BundleError(
            f"the bundle {str(folder)!r} must be of the outcome {outcome}, got one of "
            f"{model.card['outcome']['name']}; put it back where it was"
        )
    if model.card["study_sha256"] != plan.sha256:
        raise RunError(
            f"{str(run / STUDY_FILE)!r} must be the plan by which {name} of {outcome} was developed, got another one; "
            "put it back as it was, or run the study again"
        )
    return model


def _check_bundles(bundles: Sequence[Mapping[str, str]], record: Mapping[str, Any]) -> None:
    """Refuse a bundle that is whole in itself but not the one that the run wrote; older runs do not say."""
    written = {(one["outcome"], one["model"]): one["sha256"] for one in record.get("bundles", ())}
    for one in bundles:
        pair = one["outcome"], one["model"]
        if written.get(pair, one["sha256"]) != one["sha256"]:
            raise BundleError(
                f"the bundle of {one['model']} for {one['outcome']} must be the one that the run wrote, got another; "
                "restore it from its source, or run the study again"
            )


def _restrict(plan: Study, models: Models, *, reference: str) -> Study:
    """Return the plan of what is evaluated: the outcomes and models that have bundles."""
    names = {name for own in models.values() for name in own}
    others = tuple(name for name in plan.all_models if name in names and name != reference)
    # a threshold that is derived from a score is called after it
    by_outcome = {
        key: {name: one for name, one in getattr(plan, key).items() if name.partition("__")[0] in models}
        for key in BY_OUTCOME
    }
    return plan.model_copy(update={"outcomes": tuple(models), "reference": reference, "models": others, **by_outcome})


def _describe_development(plan: Study, record: Mapping[str, Any], models: Models) -> dict[str, object]:
    told = ("dataset", "source", "fingerprint", "n_valid", "synthetic")
    data = [{key: one.get(key) for key in told} for one in record.get("data", ()) if one.get("validation") is None]
    cards = [model.card for own in models.values() for model in own.values()]
    by_print = {card["data_fingerprint"]: bool(card.get("synthetic")) for card in cards}
    return {
        "title": plan.title,
        "study_sha256": plan.sha256,
        "data": data or [{"fingerprint": known, "synthetic": made} for known, made in by_print.items()],
    }


def _read_development(run: Path, name: str, outcomes: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the development in one of the run's shared tables; none where it is not there."""
    path = run / "share" / f"{name}.csv"
    if not path.is_file():
        return pd.DataFrame(columns=list(SHARE[name]))
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    floats = {key: pd.to_numeric(table[key], errors="coerce") for key in FLOATS if key in table}
    counts = pd.to_numeric(table["n"], errors="coerce").astype("Int64")
    rows = (table["dataset"] == DEVELOPMENT) & table["outcome"].isin(outcomes)
    return table.assign(**floats, n=counts)[rows].reset_index(drop=True)


def _list_remarks(plan: Study, study: Study, models: Models) -> Iterator[str]:
    names = {name for own in models.values() for name in own}
    if study.reference != plan.reference:
        yield (
            f"only {study.reference} is evaluated here, and takes the place of the reference where one is needed; in "
            f"its development it was compared with {plan.reference}"
        )
    elif left := [name for name in plan.outcomes if name not in models]:
        yield f"no model was developed for {', '.join(left)}, so that there is nothing to evaluate"
    if study.comparators:
        yield f"evaluated are the models that have bundles ({', '.join(sorted(names))}), and nothing set beside them"
