"""What the toolkit computes of the oracle of net benefit, leaf by leaf."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from given_samples import estimate_at, make_sample
from oracle_02 import read_case

from pipelines.intervals import Z
from pipelines.measures.sample import Sample
from pipelines.measures.utility import count_decisions
from pipelines.metrics import METRICS

ORACLE = Path(__file__).parent / "oracles" / "04_decision_curve.json"

WITHOUT: dict[str, str] = {}
"""Leaves without a counterpart: none."""


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    expected = json.loads(ORACLE.read_text(encoding="utf-8"))["expected"]
    found: dict[str, object] = {}
    for data in ("pima_te", "sim_val"):
        thresholds = expected[data]["thresholds"]["value"]
        samples = {
            model: make_sample(*read_case(f"{data}_{risk}"), thresholds=thresholds)
            for model, risk in (("model1", "p1"), ("model2", "p2"))
        }
        everyone = samples["model1"].with_risk(np.ones_like(samples["model1"].y))
        found |= {
            f"{data}/thresholds": thresholds,
            f"{data}/treat_all_nb": estimate_at("net_benefit", everyone)[:, 0],
        }
        for model, sample in samples.items():
            found |= {f"{data}/{model}/{leaf}": value for leaf, value in _trace(sample).items()}
        found |= {f"{data}/{leaf}": value for leaf, value in _compare(*samples.values()).items()}
    return found


def _trace(sample: Sample) -> dict[str, object]:
    decisions = np.array([count_decisions(sample.y, sample.p, t) for t in sample.thresholds])
    benefit, standardised = (estimate_at(name, sample) for name in ("net_benefit", "standardised_net_benefit"))
    return {
        "tp": decisions[:, 0],
        "fp": decisions[:, 1],
        "nb": benefit[:, 0],
        "se_nb": (benefit[:, 2] - benefit[:, 1]) / (2 * Z),
        "lo": benefit[:, 1],
        "hi": benefit[:, 2],
        "snb": standardised[:, 0],
        "se_snb": (standardised[:, 2] - standardised[:, 1]) / (2 * Z),
        "interventions_avoided_per_100": estimate_at("interventions_avoided", sample)[:, 0],
    }


def _compare(first: Sample, second: Sample) -> dict[str, object]:
    compare = METRICS["net_benefit"].compare
    assert compare is not None
    differences = compare(first, second)
    return {
        "diff_nb_1_minus_2": [found.estimate for found in differences],
        "diff_nb_se_paired": [(found.upper - found.lower) / (2 * Z) for found in differences],
    }
