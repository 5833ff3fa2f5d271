"""Case mix: whether other patients are other patients, before their results are laid to a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.by_site.sites import INTERNAL_EXTERNAL, list_parts
from pipelines.evaluate import SUPPRESSED, finish_table
from pipelines.intervals import (
    NOT_ASSESSABLE,
    BoolArray,
    Estimate,
    FloatArray,
    IntArray,
    compute_log_wald,
    compute_logit_wald,
    compute_standard_error,
    compute_wald,
)
from pipelines.learners.linear_models import fit_ridge
from pipelines.measures.calibration import compute_logit
from pipelines.measures.overall import linearise_mean
from pipelines.measures.placements import linearise_c_statistic
from pipelines.measures.sample import code_groups, select_usable, split_groups
from pipelines.predictions import DEVELOPMENT
from pipelines.preprocess import fit_preprocessor
from pipelines.seeds import child_seed
from pipelines.suppression import find_small
from schemas.column import Column
from schemas.tables import CASE_MIX

FOLDS = 5
PENALTY = 0.01
"""Ridge penalty of the membership model, on the scale of the mean log loss: mild, fixed, the same everywhere."""
MOST_ROWS = 5000
"""At most this many operations of either side enter the membership model: enough for two decimals."""
LEAST = 50
"""Fewest patients of either side; below, a membership model says nothing."""
LEAST_KNOTS = 3
"""Of no consequence: the membership model has straight lines."""
ALL = "all"
MEMBERSHIP = "membership_c_statistic"
MEMBERSHIP_KIND = "within folds; DeLong, cluster-robust by patient, logit scale"
WALD = "Wald, cluster-robust by patient"


@dataclass(frozen=True, kw_only=True)
class Side:
    """Patients who are told from others: predictors, one row per operation, the patient of each, and the dictionary."""

    X: pd.DataFrame
    patient: pd.Series
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.X)

    def draw(self, rng: np.random.Generator) -> Side:
        """Return at most `MOST_ROWS` of the rows."""
        if len(self) <= MOST_ROWS:
            return self
        kept = np.sort(rng.choice(len(self), size=MOST_ROWS, replace=False))
        return replace(self, X=self.X.iloc[kept], patient=self.patient.iloc[kept])


@dataclass(frozen=True, kw_only=True)
class _Level:
    """A dataset or a site: its name, the predictions of all models, whether it is hidden, and with whom it compares."""

    name: str
    rows: pd.DataFrame
    hidden: bool
    own: Side | None = None
    others: Side | None = None


def tabulate_case_mix(
    predictions: pd.DataFrame,
    cohorts: Mapping[str, Mapping[str, Cohort]],
    sites: pd.DataFrame,
    *,
    reference: str,
    seed: int,
    suppress_below: int = 5,
) -> pd.DataFrame:
    """Describe how other datasets, and sites, differ from what the models were developed on.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`.
    cohorts
        By dataset and outcome, development among them where it is at hand; outcomes that are derived from a score have
        none and no rows.
    sites
        The SITES columns of `schemas.tables`: sites that are hidden there are hidden here.
    reference
        The model whose predictions say who is counted.
    seed
        The study's seed.
    suppress_below
        Counts from 1 to one less are not shown.

    Returns
    -------
    DataFrame
        The CASE_MIX columns of `schemas.tables`; ``level`` is all, or a site.

    Notes
    -----
    The membership model tells the patients of a dataset from those of development, or of a site from all others, by
    the study's predictors (`compute_membership`). The linear predictor is the logit of the predicted risk, of a score
    the prediction itself: its standard deviation says how unlike each other patients are, its mean how high their risk
    is. Counted are patients with a known outcome, as in the evaluation, and they weigh as they do there; in the
    membership model all weigh the same. Where the patients of the development are not at hand, there is none.

    References
    ----------
    Debray TPA, et al. J Clin Epidemiol 2015;68:279-289.
    """
    rows: list[dict[str, object]] = []
    honest = predictions[predictions["validation"] != "apparent"].reset_index(drop=True)
    for (outcome, dataset, validation), analysis in split_groups(honest, ["outcome", "dataset", "validation"]):
        cohort = cohorts[dataset].get(outcome)
        if cohort is None:
            continue  # derived from a score, which stands for it
        if validation == INTERNAL_EXTERNAL:
            levels = _list_sites(analysis, cohort, sites, reference)
        else:
            levels = _list_dataset(analysis, cohorts, reference, suppress_below)
        for level in levels:
            frame = {"outcome": outcome, "dataset": dataset, "level": level.name}
            rng = np.random.default_rng(child_seed(seed, "membership", outcome, dataset, level.name))
            rows += [frame | row for row in _describe(level, reference, rng)]
    return finish_table(rows, CASE_MIX)


def _list_sites(analysis: pd.DataFrame, cohort: Cohort, sites: pd.DataFrame, reference: str) -> Iterator[_Level]:
    """Yield the sites that were left out in turn, each against all others."""
    counted = select_usable(analysis[analysis["model"] == reference])
    own_sites = sites[(sites["outcome"] == analysis["outcome"].iloc[0]) & (sites["reference"] == "")]
    shown = set(own_sites.loc[own_sites["n"].notna(), "site"])
    everyone = _take(cohort, counted["row_id"])
    fold = counted.drop_duplicates("row_id").sort_values("row_id")["fold"].to_numpy()
    for part in list_parts(analysis):
        held = fold == part.fold
        yield _Level(
            name=part.name,
            rows=analysis[analysis["fold"] == part.fold],
            hidden=part.name not in shown,
            own=_split(everyone, held),
            others=_split(everyone, ~held),
        )


def _list_dataset(
    analysis: pd.DataFrame, cohorts: Mapping[str, Mapping[str, Cohort]], reference: str, suppress_below: int
) -> Iterator[_Level]:
    """Yield a dataset as a whole; development is what others are held against and has no membership itself."""
    outcome, dataset = str(analysis["outcome"].iloc[0]), str(analysis["dataset"].iloc[0])
    counted = select_usable(analysis[analysis["model"] == reference])
    compared = dataset != DEVELOPMENT and DEVELOPMENT in cohorts
    yield _Level(
        name=ALL,
        rows=analysis,
        hidden=_is_small(counted, suppress_below),
        own=_take(cohorts[dataset][outcome], counted["row_id"]) if compared else None,
        others=_take_counted(cohorts[DEVELOPMENT][outcome]) if compared else None,
    )


def _is_small(rows: pd.DataFrame, suppress_below: int) -> bool:
    kinds = [rows] if (rows["scale"] == "points").any() else [rows[rows["y_true"] == value] for value in (0, 1)]
    counts = np.array([len(rows["patient"].unique()), *(len(kind["patient"].unique()) for kind in kinds)])
    return bool(find_small(counts, suppress_below).any())


def _take(cohort: Cohort, row_id: pd.Series) -> Side:
    """Return rows of a cohort in the order of their identifiers, whatever the order of the data."""
    position = pd.Series(np.arange(len(cohort.row_id)), index=cohort.row_id.astype(str))
    at = position.loc[sorted(set(row_id.astype(str)))].to_numpy()
    return Side(X=cohort.X.iloc[at], patient=pd.Series(cohort.patient[at]).astype(str), columns=cohort.columns)


def _take_counted(cohort: Cohort) -> Side:
    return _take(cohort, pd.Series(cohort.row_id[cohort.counted]))


def _split(side: Side, rows: BoolArray) -> Side:
    return replace(side, X=side.X[rows], patient=side.patient[rows])


def _describe(level: _Level, reference: str, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    if level.own is not None and level.others is not None:
        found = SUPPRESSED if level.hidden else compute_membership(level.own, level.others, rng=rng)
        yield _write("", MEMBERSHIP, found, pd.NA if level.hidden else len(level.own))
    for (model,), rows in split_groups(level.rows, ["model"]):
        counted = select_usable(rows)
        if (rows["scale"] == "score").any():
            continue  # a score that only ranks has no linear predictor
        n = pd.NA if level.hidden else counted["row_id"].nunique()
        for statistic, found in zip(("sd", "mean"), _describe_predictor(counted), strict=True):
            yield _write(model, f"{statistic}_linear_predictor", SUPPRESSED if level.hidden else found, n)


def _write(model: str, statistic: str, found: Estimate, n: object) -> dict[str, object]:
    return {
        "model": model, "statistic": statistic, "estimate": found.estimate, "lower": found.lower, "upper": found.upper,
        "interval_kind": found.interval_kind, "n": n, "status": found.status,
    }  # fmt: skip


def _describe_predictor(rows: pd.DataFrame) -> tuple[Estimate, Estimate]:
    """Estimate the standard deviation and the mean of the linear predictor."""
    if rows["patient"].nunique() < 2:
        return NOT_ASSESSABLE, NOT_ASSESSABLE
    in_points = bool((rows["scale"] == "points").any())
    predicted = rows["y_pred" if in_points else "y_prob"].to_numpy(dtype=np.float64)
    values = predicted if in_points else compute_logit(predicted)
    weights = rows["weight"].to_numpy(dtype=np.float64)
    replicate, patient = code_groups(rows, ["repeat", "imputation"]), code_groups(rows, ["patient"])
    mean = linearise_mean(values, weights, replicate)
    spread = linearise_mean((values - mean.estimate) ** 2, weights, replicate)
    of_mean = compute_wald(mean.estimate, compute_standard_error(mean.influence, patient), kind=WALD)
    if not spread.estimate > 0:
        return NOT_ASSESSABLE, of_mean
    error = compute_standard_error(spread.influence, patient) / (2 * spread.estimate)
    return compute_log_wald(float(np.sqrt(spread.estimate)), error, kind=f"{WALD}, log scale"), of_mean


def compute_membership(own: Side, others: Side, *, rng: np.random.Generator) -> Estimate:
    """Compute how well predictors tell some patients from others: a c-statistic, 0.5 where nothing differs.

    Parameters
    ----------
    own, others
        The two sides, with the same predictors; one patient may be on both.
    rng
        Draws the folds, and `MOST_ROWS` operations where a side has more.

    Returns
    -------
    Estimate
        Not assessable with fewer than `LEAST` patients on a side.

    Notes
    -----
    A ridge logistic regression on straight lines, the two sides weighing the same in all; missing values are imputed,
    so that it does not count what is not recorded. The c-statistic is the mean of five folds grouped by patient, each
    told by a model of the other four: without a difference it is 0.5 on average, and not above as on the model's own
    rows. The interval is conditional on those models, and somewhat narrow for it.
    """
    if min(own.patient.nunique(), others.patient.nunique()) < LEAST:
        return NOT_ASSESSABLE
    sides = own.draw(rng), others.draw(rng)
    X = pd.concat([side.X for side in sides], ignore_index=True)
    patient = pd.factorize(pd.concat([side.patient for side in sides]), sort=True)[0].astype(np.int64)
    member = np.repeat([1.0, 0.0], [len(side) for side in sides])
    preprocessor = fit_preprocessor(X, others.columns, n_knots=LEAST_KNOTS)
    design = preprocessor.design("linear", preprocessor.encode(X))
    fold = _assign_folds(member, patient, rng)
    score = np.empty(len(member))
    for k in range(FOLDS):
        held = fold == k
        score[held] = _fit(design[~held], member[~held], design[held])
    value, influence = linearise_c_statistic(member, score, np.ones_like(score), fold)
    if not 0 < value < 1:
        return Estimate(estimate=value)
    error = compute_standard_error(influence, patient, ddof=0)
    return compute_logit_wald(value, error, kind=MEMBERSHIP_KIND)


def _fit(X: FloatArray, member: FloatArray, held: FloatArray) -> FloatArray:
    weights = np.where(member == 1, 0.5 / member.mean(), 0.5 / (1 - member.mean()))
    return np.asarray(fit_ridge(X, member, weights, {"penalty": PENALTY}, 0).output(held))


def _assign_folds(member: FloatArray, patient: IntArray, rng: np.random.Generator) -> IntArray:
    """Assign patients to folds at random, those on either side in equal shares."""
    side = np.zeros(int(patient.max()) + 1)
    np.maximum.at(side, patient, member)
    fold = np.empty(side.size, dtype=np.int64)
    for kind in (0.0, 1.0):
        who = rng.permutation(np.flatnonzero(side == kind))
        fold[who] = np.arange(who.size) % FOLDS
    return np.asarray(fold[patient])
