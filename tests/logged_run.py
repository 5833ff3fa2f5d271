"""A fabricated finished run for the tests of logging, with a patient planted in what is private."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

from pipelines.bundles.artifact import write_bundle
from pipelines.models import MODELS
from pipelines.preprocess import fit_preprocessor
from schemas.columns import COLUMNS
from schemas.tables import COMPARISON, EVALUATION, FLOW, GAPS, TUNING, VERDICTS

PATIENT = "PATIENT-VALUE-7f3d19c2"
AGE = 61.987654321
OUTCOME = "odi_mcid_12m"
REFERENCE, LEARNER, ARM = "spline_logistic", "elastic_net", "machine_learning"
MODEL_NAMES = (REFERENCE, LEARNER, ARM)
TITLE = "A fabricated study: does it log?"
REGISTERED = "a-fabricated-study-does-it-log.odi_mcid_12m"
OTHER_DATA = "later (1)"
"""A name with characters that MLflow refuses."""
SUPPRESSED = 0.987654


def write_csv(path: Path, columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=list(columns)).to_csv(path, index=False)


def evaluation_row(model: str, metric: str, estimate: float, **more: object) -> dict[str, object]:
    row = {"outcome": OUTCOME, "model": model, "dataset": "development", "validation": "internal", "metric": metric}
    row |= {"subgroup": "overall", "level": "all"}
    limits = {"estimate": estimate, "lower": estimate - 0.05, "upper": estimate + 0.05}
    return row | limits | {"n": 1500, "events": 900, "status": "ok"} | more


def evaluation_rows(model: str) -> list[dict[str, object]]:
    nothing = {"lower": np.nan, "upper": np.nan, "n": np.nan, "events": np.nan}
    return [
        evaluation_row(model, "c_statistic", 0.80, validation="apparent"),
        evaluation_row(model, "c_statistic", 0.71),
        evaluation_row(model, "c_statistic", 0.68, dataset=OTHER_DATA, validation="temporal"),
        evaluation_row(model, "net_benefit", 0.30, threshold_probability=0.5),
        evaluation_row(model, "c_statistic", 0.99, subgroup="sex", level="female"),
        evaluation_row(model, "calibration_slope", np.nan, status="not assessable"),
        evaluation_row(model, "brier_score", np.nan, **nothing | {"status": "suppressed"}),
    ]


def verdict_row(model: str, role: str, verdict: str | None, text: str, gain: float) -> dict[str, object]:
    row = {"outcome": OUTCOME, "model": model, "reference": REFERENCE, "role": role, "verdict": verdict, "text": text}
    limits = {"gain": gain, "lower": gain - 0.01, "upper": gain + 0.01, "margin": 0.003}
    return row | limits | {"metric": "log_loss", "n": 1500, "events": 900, "status": "ok"}


def record() -> dict[str, object]:
    outcome = {
        "name": OUTCOME,
        "title": "Disability improved | at 12 months",
        "kind": "threshold",
        "horizon": "12 months",
        "threshold_set": "set_a",
        "rule": "Oswestry Disability Index: improvement of at least 15 points",
        "unknown_patients": "patients of unknown outcome keep weight 0",
        "n": 1500,
        "events": 900,
        "status": "run",
    }
    models = [
        {"name": REFERENCE, "title": "Logistic regression with splines", "text": "Ridge.", "role": "reference"},
        {"name": LEARNER, "title": "Elastic net", "text": "Penalised.", "role": "candidate"},
        {"name": ARM, "title": "Machine learning", "text": "The learner of lowest inner loss.", "role": "arm"},
    ]
    return {
        "format": 1,
        "spinerisk": "0.1.0",
        "seed": 7,
        "study": {
            "title": TITLE,
            "sha256": "s" * 64,
            "predictors": ["age", "sex"],
            "outer_folds": 5,
            "internal_external": False,
            "rule": {"probability": 0.95},
        },
        "definition": {"name": "lumbar", "title": "Lumbar", "sha256": "d" * 64, "synthetic": True},
        "data": [
            {"dataset": "development", "source": "lumbar.csv", "fingerprint": "f" * 64, "synthetic": True},
            {"dataset": OTHER_DATA, "source": "later (1).csv", "fingerprint": "e" * 64, "synthetic": True},
        ],
        "outcomes": [
            outcome,
            {"name": "reoperation_90d", "kind": "event", "horizon": "90 days", "n": None, "status": "skipped"},
        ],
        "models": models,
        "code_sha256": "c" * 64,
    }


def write_logged_run(folder: Path) -> Path:
    """Write a finished run with two real bundles, and one unmistakable value in each private file."""
    share = folder / "share"
    write_csv(share / "evaluation.csv", EVALUATION, [row for model in MODEL_NAMES for row in evaluation_rows(model)])
    difference = evaluation_row(LEARNER, "log_loss", -0.004, reference=REFERENCE)
    write_csv(share / "comparison.csv", COMPARISON, [difference])
    gap = evaluation_row(REFERENCE, "log_oe_ratio", 0.1, subgroup="sex", level="female", conclusion="inconclusive")
    write_csv(share / "gaps.csv", GAPS, [gap])
    primary = verdict_row(ARM, "primary", "undecided", "Undecided: it may be better or worse.", 0.004)
    described = verdict_row(LEARNER, "described", None, "Described only: it lowered the log loss.", 0.002)
    write_csv(share / "verdicts.csv", VERDICTS, [described, primary])
    steps = [
        {"step": 0, "reason": "rows read", "excluded": 0, "remaining": 1600, "status": "ok"},
        {"step": 1, "reason": "died", "status": "suppressed"},
        {"step": 2, "reason": "analysed", "excluded": 0, "remaining": 1500, "events": 900, "status": "ok"},
    ]
    write_csv(share / "flow.csv", FLOW, [{"outcome": OUTCOME, "dataset": "development"} | step for step in steps])
    chosen = {"outcome": OUTCOME, "model": LEARNER, "parameter": "l1_ratio"}
    folds = [{"repeat": 1, "fold": 0, "value": 0.7}, {"repeat": 0, "fold": -1, "value": 0.3}]
    arm = {"outcome": OUTCOME, "model": ARM, "parameter": "learner"}
    picked = [{"repeat": 0, "fold": 0, "choice": REFERENCE}, {"repeat": 0, "fold": -1, "choice": LEARNER}]
    write_csv(share / "tuning.csv", TUNING, [*(chosen | fold for fold in folds), *(arm | fold for fold in picked)])
    (share / "report.html").write_text("<html></html>")
    (share / "report.pdf").write_bytes(b"%PDF-1.7")
    (share / "report.docx").write_bytes(b"PK")
    (share / "figures").mkdir()
    (share / "figures/calibration.svg").write_text("<svg/>")
    (folder / "study.toml").write_text(f'title = "{TITLE}"\n')
    (folder / "definition.toml").write_text('name = "lumbar"\n')
    (folder / "run.json").write_text(json.dumps(record()))
    for model in (REFERENCE, LEARNER):
        write_small_bundle(folder / "models" / OUTCOME / model, model)
    (folder / "private").mkdir()
    pd.DataFrame({"patient": [PATIENT], "age": [AGE]}).to_parquet(folder / "private/predictions.parquet")
    (folder / "private/notes.txt").write_text(f"{PATIENT} {AGE}")
    return folder


def write_small_bundle(bundle: Path, name: str) -> None:
    """Write a real model bundle of two predictors."""
    rng = np.random.default_rng(np.random.SeedSequence([20261121]))
    X = pd.DataFrame({"age": rng.normal(60, 12, 300), "sex": rng.choice(["female", "male"], 300)})
    X.loc[::17, "age"] = np.nan
    X.loc[1, "age"] = AGE
    y = (rng.uniform(size=300) < 0.4).astype(float)
    preprocessor = fit_preprocessor(X, {name: COLUMNS[name] for name in X}, n_knots=3)
    model, weights = MODELS[name], np.ones(300)
    design = preprocessor.design(model.design, preprocessor.encode(X))
    settings = {"l1_ratio": 0.3} if name == LEARNER else {}
    write_bundle(
        bundle,
        model_name=name,
        fitted=model.risk.fit(design, y, weights, settings | {model.path_name: model.path_values[0]}, 1),
        preprocessor=preprocessor,
        card={
            "outcome": {"name": OUTCOME},
            "n": 1500,
            "events": 900,
            "predict_at": "preop",
            "data_fingerprint": "f" * 64,
            "synthetic": True,
        },
        definition_text='name = "two"\ntitle = "Two columns"\nbase = "lumbar"\n',
    )


def runs_of(uri: str, title: str = TITLE) -> tuple[mlflow.entities.Run, dict[str, mlflow.entities.Run]]:
    """Return the parent run and its nested runs by model, read back through MLflow's own client: all there are."""
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(title)
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert len(parents) == 1
    nested = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
    assert len(nested) == len(runs) - 1
    by_model = {run.data.tags["model"]: run for run in nested}
    assert len(by_model) == len(nested)
    return parents[0], by_model


def assert_whole_and_once(uri: str, parent_id: str, *, title: str = TITLE, registered: str = REGISTERED) -> None:
    """Everything of the fabricated run is in the store, and nothing of it twice."""
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    parent, nested = runs_of(uri, title)
    assert (parent.info.run_id, parent.info.status) == (parent_id, "FINISHED")
    assert set(nested) == set(MODEL_NAMES)
    assert {run.info.status for run in nested.values()} == {"FINISHED"}
    versions = client.search_model_versions(f"name = '{registered}'")
    assert sorted(one.tags["model"] for one in versions) == [LEARNER, REFERENCE]
    models = client.search_logged_models([parent.info.experiment_id])
    assert sorted(one.tags["model"] for one in models) == [LEARNER, REFERENCE]
    aliases = client.get_registered_model(registered).aliases
    by_version = {str(one.version): one.tags["model"] for one in versions}
    assert {alias: by_version[str(number)] for alias, number in aliases.items()} == {
        "reference": REFERENCE,
        "candidate": LEARNER,
    }
    logged = {entry.path for entry in client.list_artifacts(parent_id, "share")}
    assert {"share/evaluation.csv", "share/report.html", "share/report.pdf", "share/report.docx"} <= logged
    for model, run in nested.items():
        assert "internal.c_statistic.upper" in run.data.metrics, model


def assert_no_patient(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert PATIENT.encode() not in content, path
        assert str(AGE).encode() not in content, path
        assert path.suffix not in {".parquet", ".pkl", ".pickle"}, path
