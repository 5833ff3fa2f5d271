"""Write a study's result as a folder: what may be shared, what stays private, and the model bundles."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from outcomes.cohort import build_cohort
from outcomes.kinds.belonging import list_population
from outcomes.kinds.score import list_derived
from outcomes.kinds.wording import (
    describe_derived_unattainable,
    describe_unattainable,
    describe_unknown_patients,
)
from outcomes.outcome import DerivedThreshold
from outcomes.outcomes import known_threshold_sets
from pipelines.bundles.artifact import write_bundle
from pipelines.models import MACHINE_LEARNING, MODELS, has_arm, list_learners
from pipelines.predictions import DEVELOPMENT
from pipelines.provenance import compute_code_sha256, read_own_version, read_platform, read_versions
from pipelines.result import Dataset, StudyResult
from pipelines.verdicts import LEAST_FOR_FLAT
from schemas.column import Column
from schemas.errors import RunError
from schemas.specs import PopulationStep
from schemas.study import Study
from schemas.tables import CURVES, RUN_FORMAT, SHARE

RUN_JSON = "run.json"
RUN_ENTRIES = {RUN_JSON, "study.toml", "definition.toml", "share", "private", "models", "mlflow"}
"""What a run's folder holds; anything else in it is somebody's own."""

BEFORE = "planned"
"""What is known by then may say who belongs to the population of a model, even where it is no predictor."""


def check_output(folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier run, or that is being worked in.

    Raises
    ------
    RunError
        If something would be lost by putting a run in its place.
    """
    if Path.cwd().is_relative_to(folder.resolve()):
        raise RunError(
            f"the output folder must not hold the working folder, got {str(folder)!r}; name another with --out"
        )
    if folder.exists() and not _is_replaceable(folder):
        raise RunError(
            f"the output folder must be new, empty or an earlier run, got {str(folder)!r}, which holds something else; "
            "name another with --out"
        )


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give a fresh folder beside `folder` to write into, and put it in its place only when all went well.

    Parameters
    ----------
    folder
        Where the run shall stand. An earlier run there is replaced; anything else is refused.

    Raises
    ------
    RunError
        If `folder` holds something that is not a run, or cannot be written.
    """
    check_output(folder)
    folder = folder.resolve()
    staging = folder.parent / f".{folder.name}.partial"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir(parents=True)
    except OSError as error:
        raise RunError(f"the output folder must be writable, got {str(folder)!r}: {error.strerror}") from None
    try:
        yield staging
        _swap(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _is_replaceable(folder: Path) -> bool:
    """Tell whether the folder is empty, or an earlier run and nothing else."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    if not names:
        return True
    try:
        record = json.loads((folder / RUN_JSON).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("format") == RUN_FORMAT and names <= RUN_ENTRIES


def write_run(result: StudyResult, folder: Path) -> None:
    """Write every table, model and the provenance of a result into an empty folder.

    Parameters
    ----------
    result
        What `pipelines.run.run_study` returned.
    folder
        An existing, empty folder.

    Notes
    -----
    ``private/`` holds patient rows and is never sent anywhere; ``share/`` has small cells suppressed.
    """
    definition = result.datasets[0].registry.definition
    (folder / "study.toml").write_text(result.study.text, encoding="utf-8")
    (folder / "definition.toml").write_text(definition.text, encoding="utf-8")
    _write_share(result, folder / "share")
    _write_private(result, folder / "private")
    populations = {name: _list_population(result, name) for name, _ in result.models}
    for (outcome, model), pipeline in result.models.items():
        write_bundle(
            folder / "models" / outcome / model,
            model_name=model,
            fitted=pipeline.fitted,
            preprocessor=pipeline.preprocessor,
            forecast=pipeline.forecast,
            calibrator=pipeline.calibrator,
            further=result.further_models[outcome, model],
            population=populations[outcome],
            card=_card(result, outcome, model),
            definition_text=definition.text,
        )
    text = json.dumps(describe_run(result), indent=1, ensure_ascii=False) + "\n"
    (folder / RUN_JSON).write_text(text, encoding="utf-8")


def describe_run(result: StudyResult) -> dict[str, object]:
    """Return what ``run.json`` says: plan, data, outcomes, versions, warnings; never a patient's value."""
    definition = result.datasets[0].registry.definition
    columns = result.datasets[0].registry.columns
    return {
        "format": RUN_FORMAT,
        "spinerisk": read_own_version(),
        "seed": result.study.seed,
        "study": _describe_study(result),
        "definition": {
            "name": definition.name,
            "title": definition.title,
            "sha256": definition.sha256,
            "synthetic": result.datasets[0].registry.synthetic,
        },
        "data": [_describe_dataset(dataset) for dataset in result.datasets],
        "outcomes": list(_describe_outcomes(result)),
        "predictors": [_describe_column(columns[name]) for name in result.study.predictors],
        "models": _describe_models(result),
        "versions": read_versions(),
        "platform": read_platform(),
        "code_sha256": compute_code_sha256(),
        "timings_seconds": {stage: round(seconds, 2) for stage, seconds in result.timings_seconds.items()},
        "warnings": list(result.warnings),
        "notes": list(result.notes),
    }


def _swap(staging: Path, folder: Path) -> None:
    earlier = folder.parent / f".{folder.name}.earlier"
    shutil.rmtree(earlier, ignore_errors=True)
    if folder.exists():
        folder.rename(earlier)
    staging.rename(folder)
    shutil.rmtree(earlier, ignore_errors=True)


def _write_share(result: StudyResult, folder: Path) -> None:
    (folder / "curves").mkdir(parents=True)
    for name, columns in SHARE.items():
        _write_csv(getattr(result, name)[list(columns)], folder / f"{name}.csv")
    for name, columns in CURVES.items():
        _write_csv(result.curves[name][list(columns)], folder / "curves" / f"{name}.csv")


def _write_private(result: StudyResult, folder: Path) -> None:
    (folder / "explanations").mkdir(parents=True)
    folder.chmod(0o700)
    result.predictions.to_parquet(folder / "predictions.parquet", index=False)
    if len(result.varied_predictions):
        result.varied_predictions.to_parquet(folder / "sensitivity_predictions.parquet", index=False)
    for (outcome, model), table in result.row_explanations.items():
        table.to_parquet(folder / "explanations" / f"{outcome}__{model}.parquet", index=False)
    for (outcome, model), table in result.instability.items():
        (folder / "instability").mkdir(exist_ok=True)
        table.to_parquet(folder / "instability" / f"{outcome}__{model}.parquet", index=False)
    for name, parts in _list_quarantines(result).items():
        pd.concat(parts, ignore_index=True).to_parquet(folder / f"{name}.parquet", index=False)


def _list_quarantines(result: StudyResult) -> dict[str, list[pd.DataFrame]]:
    """Return the faulty rows of every dataset by the name of their file: the operations, then further tables."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for dataset in result.datasets:
        further = dataset.registry.further_quarantine
        files = {"quarantine": dataset.registry.quarantine} | {f"quarantine_{name}": t for name, t in further.items()}
        for name, rows in files.items():
            parts.setdefault(name, []).append(rows.astype("str").assign(dataset=dataset.name))
    return parts


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n")


def _describe_study(result: StudyResult) -> dict[str, object]:
    study = result.study
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


def _describe_dataset(dataset: Dataset) -> dict[str, object]:
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
        "tables": registry.tables.to_dict("records"),
        "faults": registry.faults[["column", "rule", "count"]].to_dict("records"),
    }


def _describe_outcomes(result: StudyResult) -> Iterator[dict[str, object]]:
    """Describe every outcome, and after a score the thresholds that are derived from it."""
    for name, outcome in result.outcomes.items():
        described = _describe_outcome(result, name)
        yield described
        yield from (_describe_derived(result, described, one) for one in list_derived([outcome]).values())


def _describe_derived(
    result: StudyResult, described: dict[str, object], derived: DerivedThreshold
) -> dict[str, object]:
    """Describe a derived threshold as an outcome like any other; its patients are those of the score."""
    rows = result.evaluation
    own = rows[(rows["outcome"] == derived.name) & (rows["validation"] == "internal") & (rows["subgroup"] == "overall")]
    counts = own[own["model"] == result.study.reference].head(1)
    decision = result.study.threshold_probabilities.get(derived.name)
    return described | {
        "name": derived.name,
        "title": derived.title,
        "kind": "threshold",
        "desirable": derived.desirable,
        "threshold_set": derived.threshold_set,
        "threshold_set_text": _describe_set(result, derived.threshold_set),
        "rule": derived.rule,
        "not_attainable": describe_derived_unattainable(derived),
        "source": "",  # the rule names that of the threshold
        "from_score": described["name"],
        **{name: _shown(counts[name].iloc[0]) if len(counts) else None for name in ("n", "events")},
        "thresholds": list(decision.values) if decision else [],
        "action": decision.action if decision else "",
        "acts_below": bool(decision and decision.acts_below(desirable=derived.desirable)),
    }


def _describe_outcome(result: StudyResult, name: str) -> dict[str, object]:
    outcome = result.outcomes[name]
    flow = result.flow[(result.flow["outcome"] == name) & (result.flow["dataset"] == DEVELOPMENT)].iloc[-1]
    decision = result.study.threshold_probabilities.get(name)
    return {
        "name": name,
        "title": outcome.title,
        "kind": outcome.kind,
        "desirable": outcome.desirable,
        "horizon": outcome.horizon,
        "threshold_set": outcome.threshold_set,
        "threshold_set_text": _describe_set(result, outcome.threshold_set),
        "rule": outcome.rule,
        "unknown": outcome.unknown,
        "unknown_patients": describe_unknown_patients(outcome, result.study),
        "not_attainable": describe_unattainable(outcome, result.study),
        "competing": outcome.competing,
        "unit": outcome.unit,
        "index_event": outcome.index_event,
        "clock": outcome.clock,
        "patient_outcome": outcome.patient_outcome,
        "components": list(outcome.components),
        "source": outcome.source,
        "n": _shown(flow["remaining"]),
        "events": _shown(flow["events"]),
        "status": "skipped" if name in result.skipped else "run",
        "reason": result.skipped.get(name, ""),
        "thresholds": list(decision.values) if decision else [],
        "action": decision.action if decision else "",
        "acts_below": bool(decision and decision.acts_below(desirable=outcome.desirable)),
    }


def _describe_set(result: StudyResult, name: str) -> str:
    """Return of whom a threshold set is, how it was found, how sure it is and whether it is disputed."""
    named = known_threshold_sets(result.datasets[0].registry.definition).get(name)
    if named is None:
        return ""
    told = (named.title, named.population, named.method, named.certainty, named.dispute)
    return "; ".join(part.rstrip(".") for part in told if part)


def _shown(count: float) -> int | None:
    """Return a count of the flow, or None where it is suppressed."""
    return None if pd.isna(count) else int(count)


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


def _describe_models(result: StudyResult) -> list[dict[str, object]]:
    study = result.study
    own: list[dict[str, object]] = [
        {
            "name": name,
            "title": MODELS[name].title,
            "text": _describe_form(result, name),
            "role": _find_role(study, name),
        }
        for name in dict.fromkeys((*study.all_models, *(model for _, model in result.models)))
    ]
    if has_arm(study.all_models):
        own.append(_describe_arm(study.all_models))
    published: list[dict[str, object]] = [
        {"name": spec.name, "title": spec.title, "text": spec.source, "role": "comparator"}
        for spec in result.comparators
    ]
    return own + published


def _find_role(study: Study, model: str) -> str:
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


def _describe_form(result: StudyResult, name: str) -> str:
    """Say what a model is; of a score only beside what it is of a risk, to which the words refer."""
    model = MODELS[name]
    has_score = any(outcome.score is not None for outcome in result.outcomes.values())
    return f"{model.risk.text} {model.score.text}" if has_score else model.risk.text


def _list_population(result: StudyResult, name: str) -> tuple[PopulationStep, ...]:
    """Return who belongs to an outcome, by what is known when it is predicted; a threshold learned from everybody."""
    study, registry = result.study, result.datasets[0].registry
    outcome = result.outcomes[name]
    if outcome.learn is not None:
        outcome = outcome.learn(build_cohort(registry, outcome, study).basis)
    known = [
        column.name
        for column in registry.columns.values()
        if column.known_by(BEFORE) or column.known_by(study.predict_at)
    ]
    return list_population(outcome, known)


def _card(result: StudyResult, outcome: str, model: str) -> dict[str, object]:
    """Return what a model bundle says of itself."""
    described = _describe_outcome(result, outcome)
    return {
        "outcome": {key: described[key] for key in ("name", "title", "horizon", "desirable", "rule")},
        "n": described["n"],
        "events": described["events"],
        "seed": result.study.seed,
        "predict_at": result.study.predict_at,
        "study_sha256": result.study.sha256,
        "data_fingerprint": result.datasets[0].registry.fingerprint,
        "synthetic": result.datasets[0].registry.synthetic,
        "role": _find_role(result.study, model),
        "settings": dict(result.models[outcome, model].tuned.params),
    }
