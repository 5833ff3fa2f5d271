"""What the sites say together: a random-effects summary of every measure, and what a new site may expect."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from pipelines.by_site.meta import IDENTITY, LEAST_FOR_PREDICTION, Scale, Summary, summarise
from pipelines.by_site.sites import INTERNAL_EXTERNAL, MEASURES, list_values
from schemas.study import MarginPlan
from schemas.tables import META

KEY = ["outcome", "model", "reference", "metric", "threshold_probability"]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What is asked of a new site: its value from `low` to `high`, in words."""

    text: str = ""
    low: float = -math.inf
    high: float = math.inf


LEAST_C = 0.7
SLOPES = Statement(text="slope from 0.9 to 1.1", low=0.9, high=1.1)
STATEMENTS = {
    "c_statistic": Statement(text=f"c-statistic above {LEAST_C}", low=LEAST_C),
    "calibration_slope": SLOPES,
    "score_slope": SLOPES,
    "oe_ratio": Statement(text="observed over expected events from 0.8 to 1.25", low=0.8, high=1.25),
}
"""Fixed here for every study, so that none is chosen for its answer. Measures that hang on the event rate have none."""


NEVER_NEGATIVE = ("brier_score", "log_loss", "mae")


def summarise_sites(sites: pd.DataFrame, *, margin: MarginPlan, calibration_margin: float) -> pd.DataFrame:
    """Summarise the results of sites by random effects.

    Parameters
    ----------
    sites
        The SITES columns of `schemas.tables`. Nothing but what they show goes in, so that nothing hidden comes out.
    margin
        The smallest gains worth having, for the statements on differences to the reference.
    calibration_margin
        Within how much of 0 the calibration in the large of a new site should lie.

    Returns
    -------
    DataFrame
        The META columns of `schemas.tables`, one row per outcome, model (and reference), measure and threshold.

    Notes
    -----
    The c-statistic is summarised on the logit scale, the ratio of observed to expected events on the log scale,
    everything else as it is (Snell 2018, Debray 2019). Sites whose estimate is not assessable, hidden or without a
    standard error cannot be weighed; nor is a part of operations without a recorded site a site.
    """
    rows = []
    for key, part in sites.groupby(KEY, sort=False, dropna=False):
        named = dict(zip(KEY, key, strict=True))
        compared = bool(named["reference"])
        scale = IDENTITY if compared else MEASURES[str(named["metric"])].scale
        found = summarise(*list_values(part, scale))
        asked = (
            _ask_gain(sites, named, margin) if compared else _ask(str(named["metric"]), calibration_margin)
        )  # fmt: skip
        lowest = 0.0 if named["metric"] in NEVER_NEGATIVE and not compared else -math.inf
        written = dict(_write(found, scale, asked, lowest=lowest))
        rows.append(named | {"validation": INTERNAL_EXTERNAL, "scale": scale.name} | written)
    return pd.DataFrame(rows, columns=list(META)).astype({"n_sites": "Int64"})


def _ask(metric: str, calibration_margin: float) -> Statement:
    if metric == "calibration_in_the_large":
        limit = f"{calibration_margin:g}"
        text = f"calibration in the large from -{limit} to {limit}"
        return Statement(text=text, low=-calibration_margin, high=calibration_margin)
    return STATEMENTS.get(metric, Statement())


def _ask_gain(sites: pd.DataFrame, named: dict[str, object], margin: MarginPlan) -> Statement:
    """Return the statement that a new site has a gain over the reference above the study's margin."""
    if named["metric"] == "c_statistic":
        return Statement(text=f"higher by more than {margin.c_statistic:g}", low=margin.c_statistic)
    own = sites[
        (sites["outcome"] == named["outcome"]) & (sites["model"] == named["reference"]) & (sites["reference"] == "")
    ]
    level = summarise(*list_values(own[own["metric"] == named["metric"]], IDENTITY)).estimate
    if not math.isfinite(level):
        return Statement()
    least = margin.relative * level
    return Statement(text=f"lower by more than {100 * margin.relative:g} % ({least:.4g})", high=-least)


def _write(found: Summary, scale: Scale, asked: Statement, *, lowest: float) -> Iterator[tuple[str, object]]:
    # of two sites the t distribution has one degree of freedom: limits that say nothing
    told = found.n_sites >= LEAST_FOR_PREDICTION
    few = f"{found.n_sites} sites with a standard error: no summary over fewer than {LEAST_FOR_PREDICTION}"
    few += f"; {found.n_left_out} without a standard error left out" if found.n_left_out else ""
    yield "n_sites", found.n_sites
    yield "interval_kind", found.describe() if told or not found.is_assessable else few
    yield "status", "ok" if told else "not assessable"
    yield "statement", asked.text
    if not told:
        return
    yield "estimate", scale.back(found.estimate)
    low, high = map(scale.back, found.interval)
    yield from (("lower", max(low, lowest)), ("upper", high))
    low, high = map(scale.back, found.prediction_interval)
    yield from (("prediction_lower", max(low, lowest)), ("prediction_upper", high))
    yield from (
        ("tau", found.tau),
        ("tau_lower", math.sqrt(found.tau2_lower)),
        ("tau_upper", math.sqrt(found.tau2_upper)),
    )
    yield "i_squared", found.i_squared
    if asked.text:
        yield "probability", found.compute_probability(_forth(scale, asked.low), _forth(scale, asked.high))


def _forth(scale: Scale, value: float) -> float:
    return scale.forth(value) if math.isfinite(value) else value
