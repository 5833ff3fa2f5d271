"""Everything that an audit says as one table: a row per group and measure, numbers only where they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.groups.held_groups import UNKNOWN
from reports.audit.scope import Analysis, by_group, list_analyses
from reports.run_folder import RunFolder
from reports.sections.subgroup_words import ANY, GAP_TITLES
from reports.tables import distinct, first_row, rows_where
from schemas.tables import AUDIT

ESTIMATES = ("estimate", "lower", "upper", "largest_compatible", "p_value", "p_adjusted")
COUNTS = ("n", "events")
SUPPRESSED = "suppressed"
KNOWN, N_KNOWN, MISSING = "percent_known", "n_known", "percent_predictors_missing"
"""Measures of what is known of a group, before any model."""
PRIMARY = ("calibration_in_the_large", "mean_difference")
"""Measures on which a group is concluded about: of risks by the margin; of scores, in points, there is none."""
NOT_JUDGED = "no margin in points"
HELD = "not informative internally"
UNMADE = {"not informative": HELD, "not assessable": "not assessable"}
"""What is said by status of a gap of scores that has no number."""
NOTHING_KNOWN = (HELD, "not assessable", SUPPRESSED)
"""Conclusions that say that nothing is known of a group."""


def build_rows(run: RunFolder) -> pd.DataFrame:
    """Return the audit as one table.

    Parameters
    ----------
    run
        A finished run, possibly cut to some of its attributes.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.AUDIT`, text and numbers as they stand in the run's tables: first what is known
        of every group, then by model the measures of the groups, then their gaps to all others.

    Notes
    -----
    A suppressed row holds no number at all; one that is not assessable or not informative its counts alone.
    """
    parts = [_describe_known(run.tables["ascertainment"])]
    for analysis in list_analyses(run):
        models = (*analysis.models, *analysis.others)
        own = by_group(analysis.view.select(run.tables["evaluation"]))
        gaps = analysis.view.select(run.tables["gaps"])
        for model in models:
            parts += [rows_where(own, model=model), rows_where(gaps, model=model)]
    table = pd.concat([part for part in parts if len(part)] or [pd.DataFrame()], ignore_index=True)
    return _hide(table.rename(columns={"metric": "measure"}).reindex(columns=list(AUDIT)))


def _describe_known(table: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of each group as rows of measures."""
    shared = table[["outcome", "dataset", "subgroup", "level", "n", "status"]]
    known = shared.assign(
        metric=KNOWN, estimate=table["percent_known"], lower=table["lower"], upper=table["upper"],
        interval_kind="Wilson",
    )  # fmt: skip
    counted = shared.assign(metric=N_KNOWN, estimate=table["n_known"])
    share = table["percent_predictors_missing"]
    missing = shared.assign(
        metric=MISSING, estimate=share, status=shared["status"].where(share.notna(), SUPPRESSED), n=shared["n"]
    )
    joined = pd.concat([known, counted, missing]).assign(place=[*range(len(table))] * 3)
    return joined.sort_values("place", kind="stable").drop(columns="place")


def _hide(table: pd.DataFrame) -> pd.DataFrame:
    """Leave numbers only where they are shown, and an empty text where a column has none."""
    numbers = {name: table[name].where(table["status"] == "ok").astype(float) for name in ESTIMATES}
    counts = {name: table[name].where(table["status"] != SUPPRESSED).astype(float) for name in COUNTS}
    texts = {
        name: table[name].astype(object).fillna("").astype(str)
        for name in AUDIT
        if name not in (*ESTIMATES, *COUNTS, "margin", "threshold_probability")
    }
    kinds = {"interval_kind": texts["interval_kind"].where(table["status"] == "ok", "")}
    return table.assign(**numbers, **counts, **texts | kinds)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is concluded of one group for one model.

    `conclusion` is equivalent, outside, inconclusive, not assessable, not informative internally, suppressed, or
    that there is no margin in points; numbers are NaN where there are none.
    """

    analysis: Analysis
    model: str
    subgroup: str
    level: str
    n: float
    events: float
    gap: float
    lower: float
    upper: float
    conclusion: str

    @property
    def shown_only(self) -> bool:
        """Whether a gap is shown of which it is open if it exceeds the margin."""
        return is_shown_only(self.conclusion, self.lower, self.upper)


def is_shown_only(conclusion: str, lower: float, upper: float) -> bool:
    """Tell whether an interval leaves 0 out and yet reaches from inside the margin to beyond it.

    Examples
    --------
    >>> is_shown_only("inconclusive", 0.05, 0.4), is_shown_only("inconclusive", -0.1, 0.4)
    (True, False)
    """
    return conclusion == "inconclusive" and (lower > 0 or upper < 0)


def list_judgements(run: RunFolder) -> tuple[Judgement, ...]:
    """Return what is concluded of every group, for the models that are printed, in the order of the document."""
    return tuple(found for analysis in list_analyses(run) for found in judge(run, analysis))


def list_unanswerable(run: RunFolder) -> Iterator[tuple[str, dict[str, bool]]]:
    """Yield every outcome with the attributes of which nothing can be concluded, since the models know them.

    Of each it says whether patients of whom it is not recorded are judged all the same: the models do not know these.
    """
    found = list_judgements(run)
    for outcome in run.outcomes:
        own = [one for one in found if one.analysis.view.outcome.name == outcome.name]
        names: dict[str, bool] = {}
        for name in distinct(one.subgroup for one in own):
            said = {one.conclusion for one in own if one.subgroup == name and one.level != UNKNOWN}
            if HELD in said and said <= set(NOTHING_KNOWN):
                unknown = {one.conclusion for one in own if one.subgroup == name and one.level == UNKNOWN}
                names[name] = not unknown <= set(NOTHING_KNOWN)
        if names:
            yield outcome.name, names


def judge(run: RunFolder, analysis: Analysis) -> Iterator[Judgement]:
    """Yield what is concluded in one analysis, model by model."""
    gaps = select_gaps(run, analysis)
    metric = find_primary(gaps)
    for model in analysis.models:
        own = rows_where(gaps, model=model, metric=metric)
        for subgroup in distinct(own["subgroup"]):
            part = rows_where(own, subgroup=subgroup)
            for level in run.order_levels(subgroup, distinct(part["level"])):
                row = first_row(part, level=level)
                if row is not None:
                    yield _read(analysis, row)


def select_gaps(run: RunFolder, analysis: Analysis) -> pd.DataFrame:
    """Return the gaps of single groups to all others, of all models."""
    gaps = analysis.view.select(run.tables["gaps"])
    return gaps[(gaps["against"] == "rest") & (gaps["level"] != ANY)]


def find_primary(gaps: pd.DataFrame) -> str:
    """Return the measure that conclusions are about; an empty text where there are none."""
    return next((name for name in GAP_TITLES if name in PRIMARY and name in set(gaps["metric"])), "")


def _read(analysis: Analysis, row: pd.Series) -> Judgement:
    status = str(row["status"])
    hidden, shown = status == SUPPRESSED, status == "ok"
    conclusion = SUPPRESSED if hidden else str(row["conclusion"]) or UNMADE.get(status, NOT_JUDGED)
    gap, lower, upper = (float(row[name]) if shown else np.nan for name in ("estimate", "lower", "upper"))
    n, events = (np.nan if hidden else float(row[name]) for name in COUNTS)
    return Judgement(
        analysis=analysis, model=str(row["model"]), subgroup=str(row["subgroup"]), level=str(row["level"]), n=n,
        events=events, gap=gap, lower=lower, upper=upper, conclusion=conclusion,
    )  # fmt: skip
