"""A fabricated, realistic run folder for the tests of the reports, and the check that it follows the contract."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from schemas.tables import CURVES, SHARE

STUDY_TEXT = """# Which model, and <b>why</b>?
title = "Lumbar surgery: improvement & reoperation"
definition = "lumbar"
seed = 20240517
"""
MODELS = (
    ("spline_logistic", "Logistic regression, splines", "reference"),
    ("elastic_net", "Elastic net", "candidate"),
    ("random_forest", "Random forest", "candidate"),
    ("xgboost", "XGBoost", "candidate"),
    ("lightgbm", "LightGBM", "candidate"),
    ("published_score", "Published point score", "comparator"),
)
OWN = tuple(name for name, _, _ in MODELS[:-1])
REFERENCE = OWN[0]
OUTCOMES = {"odi_improved_12m": (1812, 1098), "reoperation_24m": (1930, 164)}
VIEWS = (("development", "internal"), ("north_2023", "temporal"))
NUMBERS = ("age", "bmi", "odi_0", "symptom_duration_months")
LEVELS = {"sex": ("female", "male"), "smoking": ("never", "former", "current"), "diabetes": ("0", "1")}
SUBGROUPS = {
    "sex": ("female", "male", "unknown"),
    "age": ("under 50", "50 to under 65", "65 and over"),
    "site": ("A", "B", "C", "D"),
}
SUPPRESSED, SPARSE = ("sex", "unknown"), ("site", "D")
HIDDEN = 3.0  # stands in suppressed rows of the fabricated files to show that it is never printed
SHIFT = {
    "spline_logistic": 0.0,
    "elastic_net": 0.0004,
    "random_forest": 0.0091,
    "xgboost": -0.0019,
    "lightgbm": 0.0012,
    "published_score": 0.0,
}
INTERVAL = {"interval_kind": "Wald", "interval_target": "the procedure, conditional on the fitted fold models"}


def write_run(folder: Path, **changes: Any) -> Path:
    """Write the fabricated run into `folder`; `changes` replace parts of ``run.json``."""
    (folder / "share" / "curves").mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY_TEXT, encoding="utf-8")
    (folder / "run.json").write_text(json.dumps({**make_facts(), **changes}), encoding="utf-8")
    for name, rows in make_tables().items():
        columns = SHARE.get(name) or CURVES[name]
        path = folder / "share" / ("curves" if name in CURVES else "") / f"{name}.csv"
        pd.DataFrame(rows, columns=list(columns)).to_csv(path, index=False)
    return folder


def make_facts() -> dict[str, Any]:
    outcomes = [
        _outcome("odi_improved_12m", "Improvement of disability at 12 months", desirable=True),
        _outcome("reoperation_24m", "Reoperation within 24 months", desirable=False)
        | {"thresholds": [0.05, 0.1], "action": "an extra visit at six weeks", "horizon": "24 months"},
        _outcome("death_30d", "Death within 30 days", desirable=False)
        | {"n": 1990, "events": 2, "status": "skipped", "reason": "2 events are fewer than 5 folds"},
    ]
    study = {
        "title": "Lumbar surgery: improvement & <script>alert(1)</script> reoperation",
        "sha256": "a" * 64,
        "reference": REFERENCE,
        "margin_relative_log_loss": 0.005,
        "predictors": [*NUMBERS, *LEVELS],
        "predict_at": "preop",
        "missing": "chained",
        "calibration": "none",
        "outer_folds": 5,
        "repeats": 1,
        "inner_folds": 5,
        "trials": 10,
        "suppress_below": 5,
        "subgroups": list(SUBGROUPS),
    }
    return {
        "format": 1,
        "spinerisk": "0.1.0",
        "seed": 20240517,
        "study": study,
        "definition": {"name": "lumbar", "title": "Lumbar", "sha256": "b" * 64, "synthetic": True},
        "data": [_dataset("development", 2000, None), _dataset("north_2023", 700, "temporal")],
        "outcomes": outcomes,
        "predictors": [_predictor(name) for name in (*NUMBERS, *LEVELS)],
        "models": [{"name": n, "title": t, "text": f"{t}, tuned.", "role": r} for n, t, r in MODELS],
        "versions": {"python": "3.11.7", "numpy": "2.4.0"},
        "platform": "Linux x86_64",
        "code_sha256": "c" * 64,
        "timings_seconds": {"folds": 12.5},
        "warnings": ["10 of 2000 rows of development were quarantined"],
        "notes": ["development: 4 values of bmi are implausible and were kept"],
    }


def _outcome(name: str, title: str, *, desirable: bool) -> dict[str, Any]:
    n, events = OUTCOMES.get(name, (0, 0))
    text = "ODI change of at least 15 points (Khor 2018)" if desirable else ""
    return {
        "name": name, "title": title, "kind": "threshold", "desirable": desirable, "horizon": "12 months",
        "threshold_set": "scoap15" if desirable else None, "threshold_text": text, "n": n, "events": events,
        "status": "run", "reason": "", "thresholds": [], "action": "",
    }  # fmt: skip


def _dataset(name: str, n: int, validation: str | None) -> dict[str, Any]:
    return {
        "dataset": name, "source": f"{name}.csv", "fingerprint": "d" * 64, "n_read": n, "n_valid": n - 10,
        "n_quarantined": 10, "synthetic": True, "validation": validation,
        "faults": [{"column": "age", "rule": "between 0 and 120", "count": 10}],
    }  # fmt: skip


def _predictor(name: str) -> dict[str, Any]:
    kind = "number" if name in NUMBERS else "flag" if name == "diabetes" else "category"
    unit = {"age": "years", "bmi": "kg/m2", "odi_0": "percent", "symptom_duration_months": "months"}.get(name)
    return {"name": name, "text": f"Definition of {name}.", "kind": kind, "unit": unit, "known_at": "preop",
            "levels": list(LEVELS.get(name, ()))}  # fmt: skip


def make_tables() -> dict[str, list[dict[str, Any]]]:
    rng = np.random.default_rng(7)
    keys = [
        {"outcome": o, "dataset": d, "validation": v, "model": m}
        for (o, (d, v), m) in product(OUTCOMES, VIEWS, [name for name, _, _ in MODELS])
    ]
    return {
        "flow": [row for o in (*OUTCOMES, "death_30d") for d, _ in VIEWS for row in _flow(o, d)],
        "table1": [row for o in OUTCOMES for d, _ in VIEWS for row in _table1(o, d)],
        "evaluation": [row for key in keys for row in _evaluation(key, rng)],
        "comparison": [row for key in keys if key["model"] != REFERENCE for row in _comparison(key)],
        "explanations": [row for o in OUTCOMES for m in OWN for row in _explanations(o, m, rng)],
        "contributions": [row for o in OUTCOMES for m in OWN for row in _contributions(o, m, rng)],
        "tuning": [row for o in OUTCOMES for m in OWN for row in _tuning(o, m, rng)],
        "calibration": [row for key in keys if key["model"] in OWN for row in _calibration(key)],
        "roc": [],
        "decision": [row for key in keys if key["outcome"] == "reoperation_24m" for row in _decision(key)],
        "risk_distribution": [row for key in keys if key["model"] in OWN for row in _risks(key)],
    }


def _size(outcome: str, dataset: str) -> dict[str, float]:
    n, events = OUTCOMES.get(outcome, (1990, 2))
    share = 1.0 if dataset == "development" else 0.33
    return {"n": round(n * share), "events": round(events * share)}


def _flow(outcome: str, dataset: str) -> list[dict[str, Any]]:
    read = 2000 if dataset == "development" else 700
    size = _size(outcome, dataset)
    left = read - 10 - size["n"] - HIDDEN
    steps = [
        ("rows read", 0, read, "ok"),
        ("quarantined: faults in the data", 10, read - 10, "ok"),
        ("younger than 18 years at the operation", HIDDEN, read - 10 - HIDDEN, "suppressed"),
        ("no follow-up questionnaire between 9 and 15 months after the operation", left, size["n"], "ok"),
        ("analysed", 0, size["n"], "ok"),
    ]
    return [
        {"outcome": outcome, "dataset": dataset, "step": k, "reason": reason, "excluded": out, "remaining": remaining,
         "events": size["events"] if k == len(steps) - 1 else np.nan, "status": status}
        for k, (reason, out, remaining, status) in enumerate(steps)
    ]  # fmt: skip


def _table1(outcome: str, dataset: str) -> list[dict[str, Any]]:
    size = _size(outcome, dataset)
    sizes = {"all": size["n"], "event": size["events"], "no_event": size["n"] - size["events"]}
    rows: list[dict[str, Any]] = []
    for group, n in sizes.items():
        base = {"outcome": outcome, "dataset": dataset, "group": group, "n": n, "status": "ok", "level": ""}
        for name in NUMBERS:
            values = {"mean": 58.44, "sd": 12.1, "median": 59.0, "q1": 49.0, "q3": 68.0, "missing": 41.0}
            rows += [base | {"predictor": name, "statistic": s, "value": v} for s, v in values.items()]
        for name, levels in LEVELS.items():
            for level in levels:
                hidden = name == "smoking" and level == "current" and group != "all"
                status = "suppressed" if hidden else "ok"
                values = {"count": HIDDEN if hidden else n // len(levels), "percent": 100 / len(levels)}
                rows += [
                    base | {"predictor": name, "level": level, "statistic": s, "value": v, "status": status}
                    for s, v in values.items()
                ]
            rows.append(base | {"predictor": name, "statistic": "missing", "value": 0.0})
    return rows


def _evaluation(key: dict[str, str], rng: np.random.Generator) -> list[dict[str, Any]]:
    score = key["model"] == "published_score"
    size = _size(key["outcome"], key["dataset"])
    base_loss = 0.6113 if key["outcome"].startswith("odi") else 0.2811
    values = {
        "c_statistic": 0.712 - 2 * SHIFT[key["model"]] - 0.04 * score, "log_loss": base_loss + SHIFT[key["model"]],
        "brier_score": 0.2114, "scaled_brier": 0.118, "calibration_in_the_large": -0.08, "calibration_slope": 0.97,
        "oe_ratio": 1.06, "ici": 0.0184, "ici_null": 0.0121,
    }  # fmt: skip
    rows = []
    for metric, value in values.items():
        fixed = key["validation"] == "internal" and metric in ("oe_ratio", "calibration_in_the_large")
        status = "not assessable" if score and metric != "c_statistic" else "not informative" if fixed else "ok"
        half = 0.012 if metric in ("c_statistic", "log_loss", "brier_score", "ici", "ici_null") else 0.09
        rows.append(_row(key, metric, value, half, status) | size | {"subgroup": "overall", "level": "all"})
    if not score and key["outcome"] == "reoperation_24m":
        for threshold in (0.05, 0.1):
            row = _row(key, "net_benefit", 0.06 - 0.4 * threshold, 0.008, "ok")
            rows.append(row | size | {"threshold_probability": threshold, "subgroup": "overall", "level": "all"})
    return rows if score else rows + _subgroups(key, size, rng)


def _row(key: dict[str, str], metric: str, value: float, half: float, status: str) -> dict[str, Any]:
    shown = status == "ok"
    limits = {"lower": value - half, "upper": value + half} if shown else {}
    return {**key, "metric": metric, "estimate": value if shown else np.nan, **limits, "status": status,
            **(INTERVAL if shown else {})}  # fmt: skip


def _subgroups(key: dict[str, str], size: dict[str, float], rng: np.random.Generator) -> list[dict[str, Any]]:
    rows = []
    for subgroup, levels in SUBGROUPS.items():
        for level, metric in product(levels, ("oe_ratio", "calibration_in_the_large", "calibration_slope")):
            place = {"subgroup": subgroup, "level": level}
            value = {"oe_ratio": 1.0, "calibration_in_the_large": 0.0, "calibration_slope": 1.0}[metric]
            value += rng.normal(0, 0.08)
            if (subgroup, level) == SUPPRESSED:
                hidden = {"n": HIDDEN, "events": HIDDEN, "estimate": HIDDEN, "lower": HIDDEN, "upper": HIDDEN}
                rows.append(_row(key, metric, value, 0.1, "suppressed") | place | hidden)
                continue
            status = "not assessable" if (subgroup, level) == SPARSE else "ok"
            counts = {"n": size["n"] // len(levels), "events": size["events"] // len(levels)}
            rows.append(_row(key, metric, value, 0.2, status) | place | counts)
    return rows


def _comparison(key: dict[str, str]) -> list[dict[str, Any]]:
    size = _size(key["outcome"], key["dataset"]) | {"reference": REFERENCE}
    shift = SHIFT[key["model"]]
    values = {"c_statistic": (-2 * shift, 0.009), "log_loss": (shift, 0.0022), "brier_score": (shift / 3, 0.0011)}
    if key["model"] == "published_score":
        values = {"c_statistic": (-0.041, 0.015)}
    return [_row(key, metric, value, half, "ok") | size for metric, (value, half) in values.items()]


def _explanations(outcome: str, model: str, rng: np.random.Generator) -> list[dict[str, Any]]:
    names = rng.permutation([*NUMBERS, *LEVELS])
    sizes = np.sort(rng.uniform(0.02, 0.6, len(names)))[::-1] * (0.2 if model == "random_forest" else 1.0)
    return [
        {"outcome": outcome, "model": model, "scale": _scale(model), "predictor": name, "n": 1812, "rank": k + 1,
         "mean_absolute_contribution": size, "lower": size * 0.8, "upper": size * 1.25, "rank_lower": max(1, k),
         "rank_upper": min(len(names), k + 3)}
        for k, (name, size) in enumerate(zip(names, sizes, strict=True))
    ]  # fmt: skip


def _scale(model: str) -> str:
    return "probability" if model == "random_forest" else "log_odds"


def _contributions(outcome: str, model: str, rng: np.random.Generator) -> list[dict[str, Any]]:
    size = 0.1 if model == "random_forest" else 0.5
    base = {"outcome": outcome, "model": model, "scale": _scale(model), "n": 181, "status": "ok", "level": ""}
    rows = []
    for name in NUMBERS:
        for x in np.linspace(20, 80, 10):
            y = size * np.tanh((x - 50) / 20) + rng.normal(0, size / 15)
            rows.append(base | {"predictor": name, "value": x, "mean_contribution": y})
    for name, levels in LEVELS.items():
        for k, level in enumerate(levels):
            row = base | {"predictor": name, "level": level, "mean_contribution": size * (k - 0.5) / 2}
            rows.append(row | ({"status": "suppressed", "n": HIDDEN} if level == "current" else {}))
    return rows


def _tuning(outcome: str, model: str, rng: np.random.Generator) -> list[dict[str, Any]]:
    return [
        {"outcome": outcome, "model": model, "repeat": 0, "fold": fold, "parameter": parameter,
         "value": float(rng.uniform(0.001, 2)), "inner_log_loss": 0.611, "trials": 10}
        for fold, parameter in product((0, 1, 2, 3, 4, -1), ("penalty", "max_depth"))
    ]  # fmt: skip


def _calibration(key: dict[str, str]) -> list[dict[str, Any]]:
    p = np.linspace(0.02, 0.4, 40) if key["outcome"] == "reoperation_24m" else np.linspace(0.15, 0.92, 40)
    observed = p + 0.05 * np.sin(6 * p)
    return [
        {**key, **_size(key["outcome"], key["dataset"]), "predicted": a, "observed": b, "lower": max(0, b - 0.06),
         "upper": min(1, b + 0.06), "knots": 5}
        for a, b in zip(p, observed, strict=True)
    ]  # fmt: skip


def _decision(key: dict[str, str]) -> list[dict[str, Any]]:
    if key["model"] == "published_score":
        return []
    names = {"model": key["model"]}
    also = [{"model": "treat_all"}, {"model": "treat_none"}] if key["model"] == REFERENCE else []
    rows = []
    for name, t in product([names, *also], np.round(np.linspace(0.01, 0.2, 39), 4)):
        everyone = 0.085 - 0.915 * t / (1 - t)
        value = {"treat_all": everyone, "treat_none": 0.0}.get(name["model"], 0.086 * np.exp(-14 * t))
        value -= SHIFT.get(name["model"], 0.0) / 2
        rows.append({**key, **name, **_size(key["outcome"], key["dataset"]), "threshold_probability": t,
                     "net_benefit": value, "lower": value - 0.006, "upper": value + 0.006,
                     "declared": bool(np.isclose(t, 0.05) or np.isclose(t, 0.1))})  # fmt: skip
    return rows


def _risks(key: dict[str, str]) -> list[dict[str, Any]]:
    centre, width = (0.1, 0.06) if key["outcome"] == "reoperation_24m" else (0.6, 0.17)
    rows = []
    for group, k in product(("event", "no_event"), range(20)):
        middle = 0.05 * k + 0.025
        percent = 30 * np.exp(-(((middle - centre - 0.05 * (group == "event")) / width) ** 2))
        status = "suppressed" if percent < 0.2 and percent > 0.001 else "ok"
        rows.append({**key, "group": group, "bin_low": 0.05 * k, "bin_high": 0.05 * (k + 1), "status": status,
                     "percent": np.nan if status != "ok" else percent, "count": round(10 * percent)})  # fmt: skip
    return rows


@pytest.mark.parametrize("name", [*SHARE, *CURVES])
def test_fabricated_rows_have_no_column_outside_the_contract(name: str) -> None:
    columns = set(SHARE.get(name) or CURVES[name])
    assert all(set(row) <= columns for row in make_tables()[name])
