"""The whole report, made from a fabricated but realistic run folder."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from outcome_builds import make_study

from outcomes.kinds.wording import describe_unattainable, describe_unknown_patients
from outcomes.outcomes import build_outcome
from pipelines.metrics import METRICS
from reports.blocks import Block, Cell, Figure, Report, Table, Text
from reports.comparison import COMPARISON, SECTIONS
from reports.figures.canvas import PALETTE
from reports.measures import REFERENCES
from reports.render.html import render_html
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder, read_run_folder
from reports.sections.definitions import build_definitions
from reports.sections.methods import build_notes
from reports.sections.participants import build_participants
from reports.sections.summary import build_summary
from reports.tables import PLANNED
from reports.writing import write_documents
from schemas.definition import read_definition
from schemas.errors import RunError
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
KINDS = {"reoperation_24m": "event_by_horizon", "death_30d": "event"}
NO_FOLLOW_UP = {
    "odi_improved_12m": "no follow-up questionnaire between 9 and 15 months after the operation",
    "reoperation_24m": "followed for less than the horizon without an event: unknown, kept with weight 0",
    "death_30d": "not known whether dead",
}
FATES = {
    "odi_improved_12m": "patients of unknown outcome are left out, counted",
    "reoperation_24m": "patients followed for less than 730 days without any event keep weight 0",
}
VIEWS = (("development", "internal"), ("north_2023", "temporal"))
NUMBERS = ("age", "bmi", "odi_0", "symptom_duration_months")
LEVELS = {"sex": ("female", "male"), "smoking": ("never", "former", "current"), "diabetes": ("0", "1")}
SUBGROUPS = {
    "sex": ("female", "male", "unknown"),
    "age": ("under 50", "50 to under 65", "65 and over"),
    "site": ("A", "B", "C", "D"),
}
SUPPRESSED, SPARSE = ("sex", "unknown"), ("site", "D")
HIDDEN = 31337.0  # stands in suppressed cells of the fabricated files to show that it is never printed
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
        | {"n": 1990, "events": None, "status": "skipped", "reason": "fewer events than folds"},
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
        "warnings": ["10 of 2000 rows of development were quarantined"],
        "notes": ["development: 4 values of bmi are implausible and were kept"],
    }


def _outcome(name: str, title: str, *, desirable: bool) -> dict[str, Any]:
    n, events = OUTCOMES.get(name, (0, 0))
    text = "ODI change of at least 15 points (Khor 2018)" if desirable else ""
    return {
        "name": name, "title": title, "kind": KINDS.get(name, "threshold"), "desirable": desirable,
        "horizon": "12 months",
        "threshold_set": "scoap15" if desirable else None, "rule": text, "n": n, "events": events,
        "unknown_patients": FATES.get(name, ""),
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
    nothing: dict[str, list[dict[str, Any]]] = {name: [] for name in (*SHARE, *CURVES)}
    return nothing | {
        "procedures": [_procedure(o, m) for o in OUTCOMES for m in OWN[1:]],
        "verdicts": [_verdict(o, m) for o in OUTCOMES for m in OWN[1:]],
        "flow": [row for o in (*OUTCOMES, "death_30d") for d, _ in VIEWS for row in _flow(o, d)],
        "table1": [row for o in OUTCOMES for d, _ in VIEWS for row in _table1(o, d)],
        "evaluation": [row for key in keys for row in _evaluation(key, rng)],
        "comparison": [row for key in keys if key["model"] != REFERENCE for row in _comparison(key)],
        "explanations": [row for o in OUTCOMES for m in OWN for row in _explanations(o, m, rng)],
        "contributions": [row for o in OUTCOMES for m in OWN for row in _contributions(o, m, rng)],
        "tuning": [row for o in OUTCOMES for m in OWN for row in _tuning(o, m, rng)],
        "sensitivity": [row for key in keys if key["outcome"].startswith("odi") for row in _sensitivity(key)],
        "response": [row for d, _ in VIEWS for row in _response(d)],
        "unknown_outcomes": [row for d, v in VIEWS for row in _unknown_outcomes(d, v)],
        "incidence": [row for d, _ in VIEWS for row in _incidence(d)],
        "followed": [
            {
                "outcome": "reoperation_24m",
                "dataset": d,
                "statistic": "median_days",
                "value": 811.0,
                "n": 1930,
                "status": "ok",
            }
            for d, _ in VIEWS
        ],
        "calibration": [row for key in keys if key["model"] in OWN for row in _calibration(key)],
        "roc": [],
        "decision": [row for key in keys if key["outcome"] == "reoperation_24m" for row in _decision(key)],
        "risk_distribution": [row for key in keys if key["model"] in OWN for row in _risks(key)],
    }


def _sensitivity(key: dict[str, str]) -> list[dict[str, Any]]:
    if key["validation"] != "internal" or key["model"] not in OWN:
        return []
    base = {**key, "analysis": "threshold_set", "status": "ok", "interval_kind": "Wald", "n": 1812.0, "events": 1098.0}
    return [
        base | {"level": level, "text": f"Threshold of {level}", "primary": level == "scoap15", "metric": metric,
                "estimate": value, "lower": value - 0.02, "upper": value + 0.02}
        for level in ("scoap15", "zebra2020", "aardvark2001")
        for metric, value in (("event_rate", 0.6), ("c_statistic", 0.66))
    ]  # fmt: skip


def _response(dataset: str) -> list[dict[str, Any]]:
    base = {"outcome": "odi_improved_12m", "dataset": dataset, "n_known": 1812, "n_unknown": 178, "level": ""}
    shown = {"known": 58.1, "unknown": 51.2, "difference": 0.41, "lower": 0.25, "upper": 0.57, "status": "ok"}
    hidden = dict.fromkeys(("known", "unknown", "difference", "lower", "upper"), HIDDEN) | {"status": "suppressed"}
    return [
        base | shown | {"predictor": "age"},
        base | shown | {"predictor": "sex", "level": "male"},
        base | hidden | {"predictor": "smoking", "level": "current"},
    ]


def _unknown_outcomes(dataset: str, validation: str) -> list[dict[str, Any]]:
    base = {"outcome": "odi_improved_12m", "dataset": dataset, "validation": validation, "model": REFERENCE,
            "n": 1990, "n_unknown": 178, "status": "ok"}  # fmt: skip
    cases = [("known_only", np.nan, 0.61), ("weighted", np.nan, 0.6), ("shifted", -1.0, 0.58), ("shifted", 0.0, 0.6)]
    return [
        base | {"assumption": assumption, "delta": delta, "metric": "event_rate", "estimate": rate,
                "lower": rate - 0.02, "upper": rate + 0.02}
        for assumption, delta, rate in cases
    ]  # fmt: skip


def _incidence(dataset: str) -> list[dict[str, Any]]:
    base = {"outcome": "reoperation_24m", "dataset": dataset, "day": 730, "n": 1930, "events": 164, "at_risk": 900}
    shown = {"estimate": 0.085, "lower": 0.07, "upper": 0.1, "status": "ok"}
    return [
        base | shown | {"cause": "event", "method": "aalen_johansen"},
        base | shown | {"cause": "event", "method": "one_minus_kaplan_meier", "estimate": 0.09},
        base | {"cause": "competing", "method": "aalen_johansen", "status": "suppressed", "estimate": HIDDEN},
    ]


def _size(outcome: str, dataset: str) -> dict[str, float]:
    n, events = OUTCOMES.get(outcome, (1990, 2))
    share = 1.0 if dataset == "development" else 0.33
    return {"n": round(n * share), "events": round(events * share)}


def _flow(outcome: str, dataset: str) -> list[dict[str, Any]]:
    read = 2000 if dataset == "development" else 700
    size = _size(outcome, dataset)
    left = read - 10 - size["n"] - 3
    few = size["events"] < 5
    steps = [
        ("rows read", 0, read, "ok"),
        ("quarantined: faults in the data", 10, read - 10, "ok"),
        ("younger than 18 years at the operation", HIDDEN, HIDDEN, "suppressed"),
        (NO_FOLLOW_UP[outcome], left, size["n"], "ok"),
        ("analysed", 0, size["n"], "suppressed" if few else "ok"),
    ]
    return [
        {"outcome": outcome, "dataset": dataset, "step": k, "reason": reason, "excluded": out, "remaining": remaining,
         "events": size["events"] if k == len(steps) - 1 and not few else np.nan, "status": status}
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


def _procedure(outcome: str, model: str) -> dict[str, Any]:
    shift = SHIFT[model]
    return {
        "outcome": outcome, "model": model, "reference": REFERENCE, "metric": "log_loss", "n_folds": 5,
        "estimate": shift, "standard_error": 0.0009, "lower": shift - 0.0025, "upper": shift + 0.0025,
        "interval_kind": "Nadeau-Bengio", "rope": 0.0031, "p_worse": 0.01, "p_equivalent": 0.9, "p_better": 0.09,
        "n": OUTCOMES[outcome][0], "events": OUTCOMES[outcome][1], "status": "ok",
    }  # fmt: skip


def _verdict(outcome: str, model: str) -> dict[str, Any]:
    """XGBoost stands for the rival that the plan names."""
    rival, gain = model == "xgboost", -SHIFT[model]
    base = {name: value for name, value in _procedure(outcome, model).items() if name in SHARE["verdicts"]}
    text = "Undecided: XGBoost lowered the log loss by 0.0019 (95 % interval \u22120.0006 to 0.0044)."
    return base | {
        "role": "primary" if rival else "described", "verdict": "undecided" if rival else "",
        "text": text if rival else "Described only.", "gain": gain, "lower": gain - 0.0025, "upper": gain + 0.0025,
        "margin": 0.0031, "bootstrap_lower": gain - 0.0022, "bootstrap_upper": gain + 0.0022, "trials": 50,
        "late_gain": 0.0004, "detectable_gain": 0.0062, "power_at_margin": 0.05, "power_at_twice_margin": 0.79,
    }  # fmt: skip


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
        rows.append(base | {"predictor": name, "level": "missing", "mean_contribution": size / 5})
    for name, levels in LEVELS.items():
        for k, level in enumerate(levels):
            row = base | {"predictor": name, "level": level, "mean_contribution": size * (k - 0.5) / 2}
            rows.append(row | ({"status": "suppressed", "n": HIDDEN} if level == "current" else {}))
    return rows


def _tuning(outcome: str, model: str, rng: np.random.Generator) -> list[dict[str, Any]]:
    return [
        {"outcome": outcome, "model": model, "repeat": 0, "fold": fold, "parameter": parameter,
         "value": float(rng.uniform(0.001, 2)), "inner_loss": 0.611, "trials": 10,
         "validation": "internal", "imputation": 0}
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def run(folder: Path) -> RunFolder:
    return read_run_folder(folder)


@pytest.fixture(scope="module")
def report(run: RunFolder) -> Report:
    return COMPARISON.build(run)


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return render_html(report)


class Page(HTMLParser):
    """What a page holds: tags with their attributes in order, and the text that a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent = tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._silent else data

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in tags]


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def table_of(report: Report, name: str) -> Table:
    return next(table for table in report.tables() if table.name == name)


def row_of(table: Table, heading: str) -> tuple[Cell, ...]:
    return next(row for row in table.rows if row[0].text == heading)


def join_texts(blocks: list[Block]) -> str:
    return "\n".join(block.text for block in blocks if isinstance(block, Text))


def paragraphs(report: Report) -> str:
    return "\n".join(text.text for text in report.texts())


def test_every_section_is_there_once_and_in_order(report: Report, page: Page) -> None:
    headings = [text for text in report.texts() if text.kind == "section"]
    assert [text.anchor for text in headings] == list(SECTIONS)
    marks = [str(attributes.get("data-test")) for attributes in page.named("h2")]
    assert [mark for mark in marks if mark.startswith("section-")] == [f"section-{name}" for name in SECTIONS]


def test_every_table_is_as_wide_as_its_head_and_every_name_is_unique(report: Report) -> None:
    names = [block.name for block in (*report.tables(), *report.figures())]
    assert len(names) == len(set(names))
    for table in report.tables():
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.name


def test_summary_says_it_in_intervals(report: Report) -> None:
    words = paragraphs(report)
    assert "1\u202f812 operations, 1\u202f098 with the event (wanted)" in words
    assert "c-statistic of 0.712 (95 % CI 0.700 to 0.724)" in words
    assert "Verdict. Undecided: XGBoost lowered the log loss by 0.0019" in words
    assert words.count("Verdict. ") == len(OUTCOMES)
    assert "does XGBoost predict better than the reference (Logistic regression, splines), by enough" in words
    assert "ODI change of at least 15 points (Khor 2018)" in words
    assert "5 models on 2 outcomes. One rival per outcome gets a verdict. The intervals are not adjusted" in words


def test_summary_of_a_hidden_sample_has_words_for_its_counts(run: RunFolder) -> None:
    evaluation = run.tables["evaluation"]
    hidden = evaluation.assign(n=np.nan, events=np.nan, status="suppressed")
    few = evaluation.assign(events=np.nan)
    said = [
        join_texts(build_summary(replace(run, tables=run.tables | {"evaluation": frame}))) for frame in (hidden, few)
    ]
    assert ": fewer than 5 operations, or fewer than 5 with or without the event (wanted), window" in said[0]
    assert ": 1\u202f812 operations, fewer than 5 with or without the event (wanted), window" in said[1]


def test_choices_are_traced_to_the_plan_without_a_number_that_only_one_document_has(html: str) -> None:
    assert PLANNED == "stated in the study plan"
    assert PLANNED in html
    assert "study plan (section" not in html
    assert "before the results" not in html


def test_what_needs_a_person_is_said(report: Report) -> None:
    warnings = [text.text for text in report.texts() if text.kind == "warning"]
    assert any("quarantined" in text for text in warnings)
    assert (
        "Death within 30 days was skipped (1\u202f990 operations, fewer than 5 with or without the event): "
        "fewer events than folds." in warnings
    )


def test_measures_stand_with_interval_n_and_events(report: Report) -> None:
    table = table_of(report, "performance-overall-odi-improved-12m-internal-development")
    row = row_of(table, "XGBoost")
    assert [cell.text for cell in row] == ["XGBoost", "1\u202f812", "1\u202f098", "0.716", "0.6094", "0.2114", "0.118"]
    assert row[3].detail == "0.704 to 0.728"
    assert table.notes[0].endswith(
        "about the fold models as fitted (how models differ when they are developed again is left out)."
    )
    assert "conditional on" not in table.notes[0]
    assert table.caption.endswith(
        "Improvement of disability at 12 months: internal validation (nested cross-validation)."
    )


def test_reasons_of_the_flow_name_no_columns(run: RunFolder) -> None:
    flow = run.tables["flow"].replace({"reason": {"quarantined: faults in the data": "oks_0 or odi_0 not recorded"}})
    blocks = build_participants(replace(run, tables=run.tables | {"flow": flow}))
    steps = [row[1].text for block in blocks if isinstance(block, Table) for row in block.rows]
    assert "OKS at baseline or ODI at baseline not recorded" in steps
    pictures = [block for block in blocks if isinstance(block, Figure)]
    assert all("OKS at baseline" in one.description and "oks_0" not in one.description + one.svg for one in pictures)


def test_without_faults_a_sentence_stands_in_the_place_of_the_table(run: RunFolder) -> None:
    sound = [data.model_copy(update={"faults": (), "n_quarantined": 0}) for data in run.facts.data[:1]]
    last = build_participants(replace(run, facts=run.facts.model_copy(update={"data": tuple(sound)})))[-1]
    assert isinstance(last, Text)
    expected = "No row broke a rule of the data dictionary (development: 2\u202f000 rows read, 0 quarantined)."
    assert last.text == expected
    table = build_participants(run)[-1]
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[0]] == ["development", "age", "between 0 and 120", "10"]


def test_what_cross_validation_fixes_earns_no_credit(report: Report) -> None:
    table = table_of(report, "performance-calibration-odi-improved-12m-internal-development")
    row = dict(zip(table.columns, row_of(table, "Elastic net"), strict=True))
    assert row["O:E"].text == row["Calibration in the large"].text == "not informative internally"
    assert (row["ICI"].text, row["ICI if perfect"].text) == ("0.018", "0.012")
    assert (row["ICI"].detail, row["ICI if perfect"].detail) == ("", "95th pct 0.024")
    assert not any("ICI: " in note for note in table.notes)
    assert any("The ICI stands without an interval" in note for note in table.notes)
    temporal = table_of(report, "performance-calibration-odi-improved-12m-temporal-north-2023")
    assert dict(zip(temporal.columns, row_of(temporal, "Elastic net"), strict=True))["O:E"].text == "1.06"


def test_score_only_comparator_is_ranked_and_not_calibrated(report: Report) -> None:
    overall = table_of(report, "performance-overall-odi-improved-12m-internal-development")
    assert [cell.text for cell in row_of(overall, "Published point score")][3:5] == ["0.672", "not assessable"]
    differences = table_of(report, "differences-odi-improved-12m-internal-development")
    assert [cell.text for cell in row_of(differences, "Published point score")][1:3] == ["\u2013", "\u22120.041"]


def test_suppressed_cells_never_print_their_number(report: Report, html: str) -> None:
    first = table_of(report, "characteristics-odi-improved-12m-development")
    assert [cell.text for cell in row_of(first, "current")][2:] == ["suppressed", "suppressed"]
    flow = table_of(report, "flow-table-odi-improved-12m")
    hidden = next(row for row in flow.rows if "younger" in row[1].text)
    assert [cell.text for cell in hidden[2:]] == ["suppressed"] * 3
    assert not re.search("31\u202f?337", html)


def test_levels_stand_in_the_order_of_the_dictionary(run: RunFolder) -> None:
    assert run.order_levels("smoking", ("unknown", "current", "never")) == ("never", "current", "unknown")
    bands = ("50 to under 65", "65 and over", "under 50")
    assert run.order_levels("age", bands) == ("under 50", "50 to under 65", "65 and over")


def test_subgroups_are_two_sentences_and_a_pointer(report: Report) -> None:
    assert not any(table.name.startswith("subgroups") for table in report.tables())
    said = paragraphs(report)
    assert "Subgroups stated in the study plan: Sex, Age (years) and Site." in said
    assert "the subgroup calibration audit (share/audit.html)" in said
    assert "No gap of a group was judged" in said


def test_few_events_of_a_skipped_outcome_are_hidden(report: Report) -> None:
    flow = table_of(report, "flow-table-death-30d")
    analysed = [[cell.text for cell in row[2:]] for row in flow.rows if row[1].text == "analysed"]
    assert analysed == [["0", "1\u202f990", "suppressed"], ["0", "657", "suppressed"]]
    assert not any("death-30d" in table.name for table in report.tables() if table.name.startswith("performance"))


def test_those_kept_with_weight_zero_are_not_called_left_out(report: Report) -> None:
    heads = [table_of(report, f"flow-table-{name.replace('_', '-')}").columns[2] for name in NO_FOLLOW_UP]
    assert heads == ["Left out", "Left out, or weight 0", "Left out"]
    flows = {figure.name: figure for figure in report.figures() if figure.name.startswith("flow")}
    assert "The dashed box: not left out, but kept with weight 0." in flows["flow-reoperation-24m"].caption
    assert "not left out: followed for less than the horizon" in flows["flow-reoperation-24m"].description
    assert "weight 0" not in flows["flow-odi-improved-12m"].caption


def test_methods_say_of_each_outcome_what_became_of_its_patients_of_unknown_outcome(run: RunFolder) -> None:
    notes = join_texts(build_notes(run))
    assert f"Reoperation within 24 months: {FATES['reoperation_24m']}." in notes
    assert f"Improvement of disability at 12 months: {FATES['odi_improved_12m']}." in notes
    assert "Reoperation within 24 months: a competing event" in notes
    plain = tuple(outcome.model_copy(update={"kind": "event"}) for outcome in run.facts.outcomes)
    without = replace(run, facts=run.facts.model_copy(update={"outcomes": plain}))
    assert "competing event" not in join_texts(build_notes(without))


def test_methods_say_what_is_averaged_over_imputations_where_there_are_several(run: RunFolder) -> None:
    words = "are averaged over the draws: their intervals do not hold how the draws differ."
    assert words not in join_texts(build_notes(run))
    study = run.facts.study.model_copy(update={"missing": "multiple", "imputations": 20})
    notes = join_texts(build_notes(replace(run, facts=run.facts.model_copy(update={"study": study}))))
    assert "Missing predictors are drawn 20 times by chained regressions" in notes
    assert "pooled by Rubin's rules. Gaps between groups" in notes
    assert words in notes


def test_only_what_the_run_used_is_cited(run: RunFolder, report: Report) -> None:
    listed = [row[0].text for row in table_of(report, "references").rows]
    found = [METRICS[name] for name in run.tables["evaluation"]["metric"].unique() if name in METRICS]
    cited = {metric.reference for metric in found} | {"Vickers 2023", "Lundberg 2020"}
    assert listed == [name for name in REFERENCES if name in cited]
    assert {row[2].text for row in table_of(report, "measures").rows} - {"\u2013"} <= set(listed)
    evaluation = run.tables["evaluation"]
    some = evaluation[evaluation["metric"] == "c_statistic"].assign(interval_kind="DeLong, logit scale")
    tables = run.tables | {"evaluation": some, "explanations": run.tables["explanations"].iloc[:0]}
    bare = next(b for b in build_notes(replace(run, tables=tables)) if isinstance(b, Table) and b.name == "references")
    assert [row[0].text for row in bare.rows] == ["Hanley and McNeil 1982", "DeLong 1988"]


def test_decision_curves_need_a_declared_action(report: Report) -> None:
    names = [figure.name for figure in report.figures() if figure.name.startswith("decision")]
    assert names == ["decision-reoperation-24m-internal-development", "decision-reoperation-24m-temporal-north-2023"]
    assert "Action at or above the threshold: an extra visit at six weeks" in paragraphs(report)
    assert "after surgery, among patients who were operated on; it says nothing about not operating" in paragraphs(
        report
    )


def test_explanations_name_their_scale_and_are_no_causes(report: Report) -> None:
    captions = {figure.name: figure.caption for figure in report.figures()}
    assert "log-odds scale" in captions["contribution-odi-improved-12m-log-odds"]
    assert "another scale: Random forest (share/contrib" in captions["contribution-odi-improved-12m-log-odds"]
    assert "contribution-odi-improved-12m-probability" not in captions
    assert all("path-dependent" in captions[name] for name in captions if name.startswith(("contribution", "ranking")))
    assert "not a cause" in paragraphs(report)


def test_plan_is_printed_to_the_letter(report: Report, html: str) -> None:
    assert [text.text for text in report.texts() if text.kind == "code"] == [STUDY_TEXT]
    assert "&lt;b&gt;why&lt;/b&gt;" in html


def test_text_from_the_run_is_escaped_everywhere(html: str) -> None:
    assert "<script>alert(1)</script>" not in html
    assert "<h1>Lumbar surgery: improvement &amp; &lt;script&gt;alert(1)&lt;/script&gt; reoperation</h1>" in html
    assert "<b>why</b>" not in html


def test_page_loads_nothing_from_outside(page: Page, html: str) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "audio", "video")
        for name in ("src", "href", "xlink:href", "action", "data", "poster"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
    assert not re.search(r"url\((?!#)|@import|//[a-z0-9-]+\.", html)
    assert len(html.encode()) < 5_000_000


def test_page_is_accessible(page: Page, report: Report) -> None:
    assert len(page.named("h1")) == 1
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    drawings = page.named("svg")
    assert len(drawings) == len(list(report.figures()))
    assert all(svg["role"] == "img" and re.search(r"\d", str(svg["aria-label"])) for svg in drawings)
    assert len(page.named("caption")) == len(page.named("table")) == len(list(report.tables()))
    assert all(cell["scope"] in ("col", "row") for cell in page.named("th"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(link["href"])[1:] for link in page.named("a")}
    assert targets <= set(ids)


def test_synthetic_data_are_marked_on_page_tables_and_figures(report: Report, page: Page) -> None:
    assert any(attributes.get("data-test") == "synthetic-banner" for _, attributes in page.tags)
    assert "Synthetic data: no patient." in page.text
    assert page.text.count("Synthetic data") > len(list(report.tables()))
    assert all("Synthetic data" in figure.svg for figure in report.figures())


def test_folded_tables_are_marked_where_they_are_closed(html: str) -> None:
    summaries = re.findall(r"<summary>.*?</summary>", html, flags=re.DOTALL)
    assert summaries
    assert all("Synthetic data" in summary for summary in summaries)


def test_colours_of_figures_follow_light_and_dark(html: str) -> None:
    drawings = "".join(re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL))
    assert not [color for color in PALETTE.values() if color in drawings]
    assert all(f"--figure-{name}:" in html for name in PALETTE)


def test_real_data_have_no_banner(folder: Path, tmp_path: Path) -> None:
    copy = copy_run(folder, tmp_path)
    text = (copy / "run.json").read_text(encoding="utf-8").replace('"synthetic": true', '"synthetic": false')
    (copy / "run.json").write_text(text, encoding="utf-8")
    assert not read_run_folder(copy).synthetic


def copy_run(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


@pytest.mark.slow
def test_same_run_gives_the_same_bytes(folder: Path, tmp_path: Path, html: str) -> None:
    copy = copy_run(folder, tmp_path)
    path = write_documents(copy, names=["comparison"], formats=["html"])[0]
    assert path == copy / "share" / "comparison.html"
    assert path.read_bytes() == html.encode()
    assert not list((copy / "share").glob(".*"))


@pytest.mark.slow
def test_figures_are_written_for_a_journal(folder: Path, tmp_path: Path, report: Report) -> None:
    paths = write_documents(copy_run(folder, tmp_path), names=["comparison"], formats=[])
    assert [path.stem for path in paths] == [figure.name for figure in report.figures()]
    assert all(path.read_text(encoding="utf-8").startswith("<?xml") for path in paths)


@pytest.mark.parametrize("name", ["run.json", "study.toml", "share/evaluation.csv", "share/curves/decision.csv"])
def test_missing_file_is_named(folder: Path, tmp_path: Path, name: str) -> None:
    copy = copy_run(folder, tmp_path)
    (copy / name).unlink()
    with pytest.raises(RunError, match=rf"must hold a readable {re.escape(Path(name).name)}, got .*No such file"):
        read_run_folder(copy)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": 2}', "the run's format must be 1, got 2; use the version that wrote the run"),
        ('{"format": 1}', r"must hold the facts of a run:\n  spinerisk: Field required"),
        ("{", "must be JSON: .* in line 1; run the study again"),
        ("[]", "the run's format must be 1, got None"),
    ],
)
def test_unreadable_facts_are_refused(folder: Path, tmp_path: Path, text: str, message: str) -> None:
    copy = copy_run(folder, tmp_path)
    (copy / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=message):
        read_run_folder(copy)


def test_lacking_column_is_named(folder: Path, tmp_path: Path) -> None:
    copy = copy_run(folder, tmp_path)
    (copy / "share" / "flow.csv").write_text("outcome,dataset\n", encoding="utf-8")
    with pytest.raises(RunError, match="must have the columns step, reason, excluded, remaining, events, status"):
        read_run_folder(copy)


def test_level_that_looks_missing_stays_text(folder: Path, tmp_path: Path) -> None:
    copy = copy_run(folder, tmp_path)
    path = copy / "share" / "evaluation.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",site,A,", ",site,NA,"), encoding="utf-8")
    assert "NA" in set(read_run_folder(copy).tables["evaluation"]["level"])


def test_run_without_comparison_or_explanation_still_reports(run: RunFolder) -> None:
    bare = {name: frame.iloc[:0] for name, frame in run.tables.items()}
    report = COMPARISON.build(RunFolder(facts=run.facts, study_text="", tables=bare))
    assert not list(report.figures())
    assert [text.anchor for text in report.texts() if text.kind == "section"] == list(SECTIONS)


def _find_table(run: RunFolder, name: str) -> Table:
    return next(block for block in COMPARISON.build(run).blocks if isinstance(block, Table) and block.name == name)


def test_what_all_choices_share_is_said_once(tmp_path: Path):
    run = read_run_folder(write_run(tmp_path))
    frame = run.tables["sensitivity"]
    shared = "patients who died before the visit count as failures; the last answer counts"
    text = "ODI: improvement (" + frame["level"] + ": A 2008; figure seen in the source); " + shared
    tables = run.tables | {"sensitivity": frame.assign(text=text)}
    table = _find_table(replace(run, tables=tables), "sensitivity-odi-improved-12m-threshold-set")
    assert table.notes[:4] == (
        "scoap15: ODI: improvement (scoap15: A 2008; figure seen in the source).",
        "zebra2020: ODI: improvement (zebra2020: A 2008; figure seen in the source).",
        "aardvark2001: ODI: improvement (aardvark2001: A 2008; figure seen in the source).",
        f"In all of them: {shared}.",
    )


def test_sensitivity_stands_in_the_order_of_the_plan_without_a_verdict(tmp_path: Path):
    table = _find_table(read_run_folder(write_run(tmp_path)), "sensitivity-odi-improved-12m-threshold-set")
    heads = [row[0].text for row in table.rows if row[0].style == "group"]
    assert heads == ["scoap15 (the study's own)", "zebra2020", "aardvark2001"]
    assert table.notes[:3] == tuple(
        f"{name}: Threshold of {name}." for name in ("scoap15", "zebra2020", "aardvark2001")
    )
    text = " ".join(cell.text + cell.detail for row in table.rows for cell in row) + table.caption
    assert not re.search(r"\bbest\b|\bbetter\b|\bsuperior\b|\*", text)


def test_every_outcome_is_defined_also_the_skipped_one(tmp_path: Path):
    run = read_run_folder(write_run(tmp_path))
    for outcome in run.facts.outcomes:
        names = [row[0].text for row in _find_table(run, f"definition-{outcome.name.replace('_', '-')}").rows]
        assert names[:4] == ["Unit", "Window", "Rule", "Unknown"]


def _define(run: RunFolder, facts: dict[str, Any]) -> tuple[dict[str, str], str]:
    """Return the rows of the only outcome's definition, and all that the section says."""
    outcomes = (OutcomeFacts.model_validate(facts),)
    blocks = build_definitions(replace(run, facts=run.facts.model_copy(update={"outcomes": outcomes})))
    table = next(block for block in blocks if isinstance(block, Table))
    rows = {row[0].text: row[1].text for row in table.rows}
    return rows, join_texts(blocks) + " ".join(rows.values())


def _facts_of(name: str, **choices: Any) -> dict[str, Any]:
    """Return what a run writes of an outcome that nobody has been analysed for."""
    study = make_study(outcomes=(name,), **choices)
    outcome = build_outcome(name, study, read_definition("lumbar"))
    kept = {key: getattr(outcome, key) for key in ("name", "title", "kind", "desirable", "horizon", "rule", "unknown")}
    return kept | {
        "unknown_patients": describe_unknown_patients(outcome, study),
        "not_attainable": describe_unattainable(outcome, study),
    }


def test_of_a_score_nobody_is_said_to_have_failed(run: RunFolder) -> None:
    rows, said = _define(run, _facts_of("odi_12m_score", derived_thresholds={"odi_12m_score": ("scoap15_2_2",)}))
    assert "a score has no failure" in rows["Rule"]
    assert "has not reached" not in said
    assert "counts as a failure" not in said
    assert "Not attainable" not in rows


def test_of_a_worsening_a_reoperation_is_the_event(run: RunFolder) -> None:
    rows, said = _define(run, _facts_of("odi_worse_12m", unattainable="fail"))
    assert "patients who were reoperated before the visit count as failures" in rows["Rule"]
    assert "has not reached the outcome" not in said
    assert rows["Not attainable"] == (
        "Patients whose baseline leaves no room for the threshold stay, as not having reached it."
    )


def test_a_derived_threshold_names_its_score(run: RunFolder) -> None:
    facts = {"title": "Reached", "desirable": True, "horizon": "12 months", "kind": "threshold"}
    score = OutcomeFacts.model_validate(facts | {"name": "odi_12m_score", "title": "Score", "kind": "score"})
    derived = OutcomeFacts.model_validate(facts | {"name": "odi_12m_score__set", "from_score": "odi_12m_score"})
    both = replace(run, facts=run.facts.model_copy(update={"outcomes": (score, derived)}))
    tables = [block for block in build_definitions(both) if isinstance(block, Table)]
    assert ("Derived from", "Score") in [tuple(cell.text for cell in row) for row in tables[1].rows]


def test_without_competing_events_nothing_is_said_of_them(tmp_path: Path):
    run = read_run_folder(write_run(tmp_path))
    incidence = run.tables["incidence"]
    alone = incidence[(incidence["cause"] == "event")]
    table = _find_table(
        replace(run, tables={**run.tables, "incidence": alone}), "incidence-reoperation-24m-development"
    )
    assert [row[0].text for row in table.rows] == ["The event"]


def test_patients_of_unknown_outcome_are_described_and_what_they_could_change(tmp_path: Path):
    run = read_run_folder(write_run(tmp_path))
    table = _find_table(run, "unknown-odi-improved-12m-development")
    assert [row[0].text for row in table.rows] == [
        "left out (right only if they are missing by pure chance)",
        "like the patients who stand for them (the analysis)",
        "shifted by \u22121",
        "as expected of patients like them (shift 0)",
    ]
    respondents = _find_table(run, "respondents-odi-improved-12m-development")
    hidden = next(row for row in respondents.rows if "current" in row[0].text)
    assert [cell.text for cell in hidden[1:]] == ["suppressed"] * 3


@pytest.mark.parametrize(("truncated", "words"), [(0.0, "none truncated"), (1.25, "1.2 % truncated")])
def test_weights_of_those_of_known_outcome_are_told_in_words(tmp_path: Path, truncated: float, words: str):
    run = read_run_folder(write_run(tmp_path))
    frame = run.tables["unknown_outcomes"]
    row = frame[(frame["assumption"] == "weighted") & (frame["dataset"] == "development")].iloc[[0]]
    values = {"mean_weight": 1.1, "largest_weight": 3.24, "effective_n": 1436.2, "percent_truncated": truncated}
    weights = pd.concat([row.assign(metric=name, estimate=value) for name, value in values.items()])
    tables = run.tables | {"unknown_outcomes": pd.concat([frame, weights])}
    table = _find_table(replace(run, tables=tables), "unknown-odi-improved-12m-development")
    assert table.notes[0].startswith("Operations: 1\u202f990, of unknown outcome: 178. Predictions of ")
    assert table.notes[1] == (
        "Weights of the operations of known outcome: mean 1.10, largest 3.2, together worth 1\u202f436 operations of "
        f"equal weight, {words}."
    )
