"""What ``run.json`` says of plan, data, outcomes and models, of a study as of an evaluation; never a patient's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from outcomes.kinds.score import list_derived
from outcomes.kinds.wording import (
    IN_FOLDS,
    describe_derived_unattainable,
    describe_unattainable,
    describe_unknown_patients,
)
from outcomes.outcome import DerivedThreshold, Outcome
from outcomes.outcomes import known_threshold_sets
from pipelines.bundles.artifact import BUNDLE_FILE
from pipelines.models import MACHINE_LEARNING, MODELS, has_arm, list_learners
from pipelines.provenance import compute_code_sha256, read_own_version, read_platform, read_versions
from pipelines.result import Dataset
from pipelines.verdicts import LEAST_FOR_FLAT
from schemas.column import Column
from schemas.definition import Definition
from schemas.registry import Registry
from schemas.specs import ComparatorSpec
from schemas.study import Study
from schemas.tables import RUN_FORMAT

MODELS_FOLDER = "models"

Counts = Mapping[str, tuple[int | None, int | None]]
"""Patients and events by outcome; None where they are hidden."""


def describe_plan(study: Study, registry: Registry) -> dict[str, object]:
    """Return what is said first: the format, the plan, how the data were read and the predictors."""
    definition = registry.definition
    return {
        "format": RUN_FORMAT,
        "spinerisk": read_own_version(),
        "seed": study.seed,
        "study": _describe_study(study),
        "definition": {
            "name": definition.name,
            "title": definition.title,
            "sha256": definition.sha256,
            "synthetic": registry.synthetic,
        },
        "predictors": [_describe_column(registry.columns[name]) for name in study.predictors],
    }


def describe_tools() -> dict[str, object]:
    """Return what made the numbers: the versions, the platform and the code."""
    return {"versions": read_versions(), "platform": read_platform(), "code_sha256": compute_code_sha256()}


def _describe_study(study: Study) -> dict[str, object]:
    return {
        "title": study.title,
        "sha256": study.sha256,
        "reference": study.reference,
        "margin_relative_log_loss": study.margin.relative,
        "rule": {
            "probability": study.margin.probability,
            "least_trials": study.margin.least_trials,
            "flat": study.margin.flat,
            "least_for_flat": LEAST_FOR_FLAT,
        },
        "predictors": list(study.predictors),
        "predict_at": study.predict_at,
        "missing": study.missing,
        "imputations": study.imputations if study.missing == "multiple" else 1,
        "calibration": study.calibration,
        "internal_external": study.internal_external is not None,
        "unattainable": study.unattainable,
        "reoperated": study.reoperated,
        "died": study.died,
        "non_response": study.non_response,
        "censoring": study.censoring,
        "split": study.split.name,
        "outer_folds": study.split.outer_folds,
        "repeats": study.split.repeats,
        "inner_folds": study.split.inner_folds,
        "trials": study.tuning.trials,
        "suppress_below": study.suppress_below,
        "subgroups": list(study.subgroups),
    }


def describe_dataset(dataset: Dataset) -> dict[str, object]:
    """Describe a dataset: where it is from, its fingerprint, its rows, and what was at fault."""
    registry = dataset.registry
    return {
        "dataset": dataset.name,
        "validation": dataset.validation,
        "source": registry.source,
        "fingerprint": registry.fingerprint,
        "n_read": registry.n_read,
        "n_valid": len(registry.frame),
        "n_quarantined": len(registry.quarantine),
        "synthetic": registry.synthetic,
        "patients_known": "patient" in registry.columns,
        "n_sites": int(registry.frame["site"].nunique()) if "site" in registry.columns else None,
        "tables": registry.tables.to_dict("records"),
        "faults": registry.faults[["column", "rule", "count"]].to_dict("records"),
    }


def count_patients(
    flow: pd.DataFrame, evaluation: pd.DataFrame, *, dataset: str, validation: str, reference: str
) -> dict[str, tuple[int | None, int | None]]:
    """Count patients and events by outcome, as far as they are shown.

    Parameters
    ----------
    flow, evaluation
        The FLOW and EVALUATION columns of `schemas.tables`.
    dataset, validation
        Whose patients, and how they were evaluated.
    reference
        The model that predicts every patient.

    Notes
    -----
    The patients of an outcome are those at the end of its flow; of a threshold that is derived from a score, those
    that the reference was evaluated on.
    """
    own = evaluation[
        (evaluation["dataset"] == dataset)
        & (evaluation["validation"] == validation)
        & (evaluation["subgroup"] == "overall")
        & (evaluation["model"] == reference)
    ]
    derived = own.drop_duplicates("outcome")[["outcome", "n", "events"]]
    ends = flow[flow["dataset"] == dataset].drop_duplicates("outcome", keep="last")
    last = ends[["outcome", "remaining", "events"]].set_axis(derived.columns, axis=1)
    return {
        str(outcome): (_shown(n), _shown(events))
        for rows in (derived, last)
        for outcome, n, events in rows.itertuples(index=False, name=None)
    }


def _shown(count: float) -> int | None:
    """Return a count, or None where it is suppressed."""
    return None if pd.isna(count) else int(count)


def describe_outcomes(
    outcomes: Mapping[str, Outcome],
    *,
    study: Study,
    definition: Definition,
    counts: Counts,
    skipped: Mapping[str, str],
    weighted: str = IN_FOLDS,
) -> Iterator[dict[str, object]]:
    """Describe every outcome, and after a score the thresholds that are derived from it.

    Parameters
    ----------
    outcomes, study, definition
        By name; the plan; and how the data were read.
    counts, skipped
        Patients and events by outcome; why, by outcome that was not analysed.
    weighted
        Where the weights for unknown outcomes were estimated.
    """
    for outcome in outcomes.values():
        described = describe_outcome(outcome, study=study, definition=definition, counts=counts, skipped=skipped)
        described["unknown_patients"] = describe_unknown_patients(outcome, study, where=weighted)
        yield described
        for one in list_derived([outcome]).values():
            yield described | _describe_derived(one, outcome, study=study, definition=definition, counts=counts)


def _describe_derived(
    derived: DerivedThreshold, score: Outcome, *, study: Study, definition: Definition, counts: Counts
) -> dict[str, object]:
    """Describe a derived threshold as an outcome like any other; its patients are those of the score."""
    n, events = counts.get(derived.name, (None, None))
    return {
        "name": derived.name,
        "title": derived.title,
        "kind": "threshold",
        "desirable": derived.desirable,
        "threshold_set": derived.threshold_set,
        "threshold_set_text": _describe_set(definition, derived.threshold_set),
        "rule": derived.rule,
        "not_attainable": describe_derived_unattainable(derived),
        "source": "",  # the rule names that of the threshold
        "from_score": score.name,
        "n": n,
        "events": events,
        **_describe_decision(study, derived.name, desirable=derived.desirable),
    }


def describe_outcome(
    outcome: Outcome, *, study: Study, definition: Definition, counts: Counts, skipped: Mapping[str, str]
) -> dict[str, object]:
    """Describe an outcome: what it is, whose, by when, and on how many patients it was judged."""
    n, events = counts.get(outcome.name, (None, None))
    return {
        "name": outcome.name,
        "title": outcome.title,
        "kind": outcome.kind,
        "desirable": outcome.desirable,
        "horizon": outcome.horizon,
        "threshold_set": outcome.threshold_set,
        "threshold_set_text": _describe_set(definition, outcome.threshold_set),
        "rule": outcome.rule,
        "unknown": outcome.unknown,
        "unknown_patients": describe_unknown_patients(outcome, study),
        "not_attainable": describe_unattainable(outcome, study),
        "competing": outcome.competing,
        "unit": outcome.unit,
        "index_event": outcome.index_event,
        "clock": outcome.clock,
        "patient_outcome": outcome.patient_outcome,
        "components": list(outcome.components),
        "source": outcome.source,
        "n": n,
        "events": events,
        "status": "skipped" if outcome.name in skipped else "run",
        "reason": skipped.get(outcome.name, ""),
        **_describe_decision(study, outcome.name, desirable=outcome.desirable),
    }


def _describe_decision(study: Study, name: str, *, desirable: bool) -> dict[str, object]:
    decision = study.threshold_probabilities.get(name)
    return {
        "thresholds": list(decision.values) if decision else [],
        "action": decision.action if decision else "",
        "acts_below": bool(decision and decision.acts_below(desirable=desirable)),
    }


def _describe_set(definition: Definition, name: str) -> str:
    """Return of whom a threshold set is, how it was found, how sure it is and whether it is disputed."""
    named = known_threshold_sets(definition).get(name)
    if named is None:
        return ""
    told = (named.title, named.population, named.method, named.certainty, named.dispute)
    return "; ".join(part.rstrip(".") for part in told if part)


def _describe_column(column: Column) -> dict[str, object]:
    return {
        "name": column.name,
        "text": column.text,
        "kind": column.kind,
        "unit": column.unit,
        "known_at": column.known_at,
        "levels": list(column.levels),
        "source": column.source,
    }


def describe_models(
    study: Study, outcomes: Mapping[str, Outcome], fitted: Iterable[str], *, comparators: Sequence[ComparatorSpec] = ()
) -> list[dict[str, object]]:
    """Describe the models of a plan, further ones that were fitted, the arm, and what is set beside them."""
    has_score = any(outcome.score is not None for outcome in outcomes.values())
    own: list[dict[str, object]] = [
        {
            "name": name,
            "title": MODELS[name].title,
            "text": _describe_form(name) if has_score else MODELS[name].risk.text,
            "role": find_role(study, name),
        }
        for name in dict.fromkeys((*study.all_models, *fitted))
    ]
    if has_arm(study.all_models):
        own.append(_describe_arm(study.all_models))
    published: list[dict[str, object]] = [
        {"name": spec.name, "title": spec.title, "text": spec.source, "role": "comparator"} for spec in comparators
    ]
    return own + published


def _describe_form(name: str) -> str:
    """Say what a model of a score is; only beside what it is of a risk, to which the words refer."""
    return f"{MODELS[name].risk.text} {MODELS[name].score.text}"


def find_role(study: Study, model: str) -> str:
    """Return whether a model is what the others are compared with, one of them, or beside both as a sensitivity."""
    if model == study.reference:
        return "reference"
    return "candidate" if model in study.all_models else "sensitivity"


def _describe_arm(models: Sequence[str]) -> dict[str, object]:
    titles = [MODELS[name].title for name in list_learners(models)]
    return {
        "name": MACHINE_LEARNING,
        "title": "Machine learning",
        "text": f"In each training part the learner of lowest inner loss: {', '.join(titles[:-1])} or {titles[-1]}.",
        "role": "arm",
    }


def list_bundles(run: Path, pairs: Iterable[tuple[str, str]]) -> Iterator[dict[str, str]]:
    """Yield the SHA-256 of each bundle's ``bundle.json``, which itself names the hashes of all its files.

    Parameters
    ----------
    run
        Folder of the run that holds the bundles.
    pairs
        Outcome and model of each.
    """
    for outcome, model in pairs:
        written = (run / MODELS_FOLDER / outcome / model / BUNDLE_FILE).read_bytes()
        yield {"outcome": outcome, "model": model, "sha256": hashlib.sha256(written).hexdigest()}
