"""Tags, parameters and metrics of MLflow's runs: the same names in every run of a study, so that two compare."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from pipelines.logged.run_files import BUNDLE_FILE, RunFiles
from pipelines.measures.metric import Metric
from pipelines.metrics import METRICS
from pipelines.predictions import DEVELOPMENT, FINAL_FOLD

OVERALL = "overall"
RUN_TAG = "run_sha256"
DOCUMENTS_TAG = "documents_sha256"
PARENT_TAG = "mlflow.parentRunId"
NOTE_TAG = "mlflow.note.content"

MAIN_RISK = ("c_statistic", "log_loss", "brier_score", "calibration_in_the_large", "calibration_slope", "oe_ratio")
MAIN_SCORE = ("mae", "r_squared", "mean_difference", "score_slope", "interval_coverage")
MAIN = (*MAIN_RISK, *MAIN_SCORE)
"""Measures that stand in the parent run and on a model card, in the order of the card."""
LEADING = ("c_statistic", "r_squared")
"""The one measure that a model version is tagged with."""
SHORT_HASH = 8
FIRST = {
    "evaluation": ("metric", "estimate", "lower", "upper", "validation", "subgroup", "level", "n", "events", "status"),
    "verdicts": ("outcome", "model", "verdict", "gain", "lower", "upper", "margin", "text", "n", "events"),
    "comparison": ("outcome", "model", "metric", "estimate", "lower", "upper", "n", "events", "status"),
    "gaps": ("outcome", "model", "subgroup", "level", "metric", "estimate", "lower", "upper", "conclusion"),
}
"""Columns that a table begins with in MLflow's page, which has room for a few."""
STRANGE = re.compile(r"[^\w.\-]")
"""Characters of a file's name that MLflow does not take in a name of its own."""


def tag_study(run: RunFiles) -> dict[str, str]:
    """Return the tags of the parent run: which study, on which data, by which code, with which verdicts."""
    skipped = [outcome["name"] for outcome in run.record["outcomes"] if outcome.get("status", "run") != "run"]
    verdicts = run.tables["verdicts"]
    primary = verdicts[verdicts["role"] == "primary"]
    return {
        **_tag_origin(run),
        "spinerisk": run.record["spinerisk"],
        **({"skipped_outcomes": ", ".join(skipped)} if skipped else {}),
        **{f"fingerprint.{clean(data['dataset'])}": data["fingerprint"] for data in run.record["data"]},
        **{f"verdict.{row['outcome']}": str(row["verdict"]) for row in primary.to_dict("records")},
        DOCUMENTS_TAG: run.documents_sha256,
    }


def tag_model(run: RunFiles, *, outcome: str, model: str) -> dict[str, str]:
    """Return the tags of a nested run and of what belongs to it: whose model of what, and the verdict on it."""
    described = run.describe_outcome(outcome)
    return {
        **_tag_origin(run),
        "outcome": outcome,
        "model": model,
        "role": str(run.describe_model(model).get("role", "")),
        "verdict": word_verdict(run, outcome=outcome, model=model),
        **{key: str(described[key]) for key in ("kind", "horizon", "threshold_set") if described.get(key)},
        **({"bundle_sha256": found} if (found := run.kept_bundles.get((outcome, model))) else {}),
    }


def _tag_origin(run: RunFiles) -> dict[str, str]:
    record = run.record
    return {
        "study": run.title,
        "study_sha256": record["study"]["sha256"],
        "definition": record["definition"]["name"],
        "definition_sha256": record["definition"]["sha256"],
        "code_sha256": record["code_sha256"],
        "synthetic": str(run.synthetic).lower(),
        "run_kind": str(record.get("kind", "development")),
        RUN_TAG: run.sha256,
    }


def word_verdict(run: RunFiles, *, outcome: str, model: str) -> str:
    """Return the verdict on a rival in a few words; of the reference, and of what is set beside, that it is such."""
    row = run.find_verdict(outcome, model)
    if not row:
        return "reference" if run.describe_model(model).get("role") == "reference" else "none"
    return "described only" if pd.isna(row["verdict"]) else str(row["verdict"])


def name_parent(run: RunFiles) -> str:
    """Return the name of the parent run: the study, the data that locked models were evaluated on, and which run."""
    data = run.record["data"][0]["dataset"]
    where = f" on {data}" if run.record.get("kind") == "evaluation" else ""
    return f"{run.title}{where} ({run.sha256[:SHORT_HASH]})"


def list_params(run: RunFiles) -> dict[str, str]:
    """Return plan, data and code as parameters: MLflow's page of differences shows no tags."""
    record = run.record
    plan = {key: value for key, value in record["study"].items() if key not in ("title", "sha256")}
    outcomes = [one for one in record["outcomes"] if "name" in one]
    return {
        **dict(_flatten(plan)),
        "seed": str(record["seed"]),
        "definition": record["definition"]["name"],
        "spinerisk": record["spinerisk"],
        "code_sha256": record["code_sha256"],
        **{f"data.{clean(one['dataset'])}": f"{one['source']} {one['fingerprint']}" for one in record["data"]},
        "outcomes": _text([one["name"] for one in outcomes]),
        "models": _text([one["name"] for one in record["models"]]),
        **{f"{one['name']}/rule": str(one["rule"]) for one in outcomes if one.get("rule")},
    }


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def list_settings(rows: pd.DataFrame) -> dict[str, str]:
    """Return the settings of the final model, those of the first imputation where there are several."""
    final = rows[(rows["repeat"] == 0) & (rows["fold"] == FINAL_FOLD)]
    first = final[final["imputation"] == final["imputation"].min()] if final["imputation"].notna().any() else final
    return {
        row["parameter"]: str(row["choice"]) if pd.isna(row["value"]) else f"{row['value']:.10g}"
        for row in first.to_dict("records")
    }


def list_metrics(rows: pd.DataFrame) -> dict[str, float]:
    """Return estimates and limits of the whole group (no subgroup) under one name each."""
    whole = rows[(rows["subgroup"] == OVERALL) & (rows["status"] == "ok")]
    values: dict[str, float] = {}
    for row in whole.to_dict("records"):
        values |= _with_limits(_name_metric(row), row, "estimate")
    return _finite(values)


def list_main_metrics(run: RunFiles) -> dict[str, float]:
    """Return the main measures of every outcome and model, the gains over the reference, and the counts.

    Notes
    -----
    ``<outcome>/<model>.<validation>.<metric>``, with ``.lower`` and ``.upper``: MLflow's page groups by what stands
    before the slash. Apparent performance is left to the nested runs.
    """
    evaluation, verdicts = run.tables["evaluation"], run.tables["verdicts"]
    main = evaluation[evaluation["metric"].isin(MAIN) & (evaluation["validation"] != "apparent")]
    values: dict[str, float] = {}
    for (outcome, model), rows in main.groupby(["outcome", "model"], sort=False):
        values |= {f"{outcome}/{model}.{name}": value for name, value in list_metrics(rows).items()}
    for row in verdicts[verdicts["status"] == "ok"].to_dict("records"):
        values |= _with_limits(f"{row['outcome']}/{row['model']}.gain", row, "gain")
    for one in run.record["outcomes"]:
        counts = {name: one.get(name) for name in ("n", "events")}
        values |= {f"{one['name']}/{name}": count for name, count in counts.items() if count is not None}
    return _finite(values)


def _with_limits(name: str, row: Mapping[Hashable, Any], estimate: str) -> dict[str, float]:
    return {name: row[estimate], f"{name}.lower": row["lower"], f"{name}.upper": row["upper"]}


def _finite(values: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}


def _name_metric(row: Mapping[Hashable, Any]) -> str:
    data = str(row["dataset"])
    where = [row["validation"]] if data == DEVELOPMENT else [row["validation"], clean(data)]
    at = row["threshold_probability"]
    return ".".join([*where, row["metric"]]) + (f".at_{at:g}" if math.isfinite(at) else "")


def clean(name: str) -> str:
    """Return a name of the user's without the characters that MLflow refuses.

    Examples
    --------
    >>> clean("export (1)")
    'export__1_'
    """
    return STRANGE.sub("_", name)


def read_bundle_file(run: RunFiles, outcome: str, model: str) -> dict[str, Any]:
    """Return what a model bundle says of itself."""
    bundle = run.folder / "models" / outcome / model / BUNDLE_FILE
    written: dict[str, Any] = json.loads(bundle.read_text(encoding="utf-8"))
    return written


def word_estimate(row: Mapping[Hashable, Any]) -> str:
    """Return an estimate with its interval, as many decimals as the measure is printed with; else the status.

    Examples
    --------
    >>> word_estimate({"metric": "c_statistic", "status": "ok", "estimate": 0.71, "lower": 0.66, "upper": 0.76})
    '0.710 (0.660 to 0.760)'
    >>> word_estimate({"metric": "c_statistic", "status": "suppressed", "estimate": float("nan")})
    'suppressed'
    """
    if row["status"] != "ok" or pd.isna(row["estimate"]):
        return str(row["status"])
    digits = _find_metric(str(row["metric"])).digits
    estimate, lower, upper = (_number(row[name], digits) for name in ("estimate", "lower", "upper"))
    return estimate if pd.isna(row["lower"]) or pd.isna(row["upper"]) else f"{estimate} ({lower} to {upper})"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


def _find_metric(name: str) -> Metric:
    return METRICS[name]


def word_measure(name: str) -> str:
    """Return how a measure is called."""
    metric = _find_metric(name)
    return metric.short or metric.title


def lead_measure(rows: pd.DataFrame) -> tuple[str, str]:
    """Return name and words of the measure that a model version is tagged with, on the development data."""
    own = rows[
        (rows["subgroup"] == OVERALL) & (rows["validation"] == "internal") & rows["metric"].isin(LEADING)
    ].sort_values("metric")
    if own.empty:
        return LEADING[0], "none"
    row = own.iloc[0].to_dict()
    return str(row["metric"]), word_estimate(row)


def arrange(rows: pd.DataFrame, *, table: str) -> pd.DataFrame:
    """Return rows for MLflow's page: what is read first stands first, and the whole group before its parts."""
    first = FIRST[table]
    columns = [*first, *(name for name in rows.columns if name not in first)]
    if table != "evaluation":
        return rows[columns]
    order = (rows["subgroup"] != OVERALL) * 2 + (rows["validation"] == "apparent")
    return rows.loc[order.sort_values(kind="stable").index, columns]
