"""One estimate from the estimates of several imputations, by Rubin's rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import t as student

from pipelines.intervals import FloatArray, Z, compute_wilson
from schemas.errors import InputError

VALUES = ("estimate", "lower", "upper", "interval_kind", "n", "events", "status")
"""Columns of an evaluation that are pooled or described; all others say what a row is about."""
WORST = ("suppressed", "not assessable", "not informative")
"""Statuses of which one imputation is enough, the gravest first."""
FIXED_PARAMETERS = {"calibration_slope": 2, "score_slope": 2}
"""Parameters fitted by a measure, for its degrees of freedom; 1 of every other."""
ON_THE_LOGIT = ("c_statistic", "average_precision", "event_rate")
"""Measures between 0 and 1 that are pooled as log-odds."""
SHARES = ("sensitivity", "specificity", "ppv", "npv", "share_acted_on", "interval_coverage")
DISTANCES = ("ici", "ici_null", "e50", "e90", "e_max")
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys((*ON_THE_LOGIT, *SHARES, *DISTANCES, "brier_score"), (0.0, 1.0)),
    **dict.fromkeys(("oe_ratio", "log_loss", "mae", "rmse", "interval_width"), (0.0, math.inf)),
    **dict.fromkeys(("scaled_brier", "nagelkerke_r2", "r_squared"), (-math.inf, 1.0)),
    **dict.fromkeys(("net_benefit", "standardised_net_benefit"), (-math.inf, 1.0)),
    "interventions_avoided": (-math.inf, 100.0),
    "discrimination_slope": (-1.0, 1.0),
}
"""What a measure can be; pooled limits stay inside. Every other has no bounds."""


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """An estimate pooled over m imputations.

    Attributes
    ----------
    estimate
        Mean of the m estimates.
    within, between
        Mean of their variances, and variance between them.
    total
        ``within + (1 + 1 / m) * between``.
    df_rubin, df
        Degrees of freedom by Rubin (1987), and by Barnard and Rubin (1999), which heed the size of the data.
    """

    m: int
    estimate: float
    within: float
    between: float
    total: float
    df_rubin: float
    df: float

    @property
    def standard_error(self) -> float:
        """Square root of the total variance."""
        return math.sqrt(self.total)

    @property
    def relative_increase(self) -> float:
        """Relative increase of the variance by what is missing (riv)."""
        added = (1 + 1 / self.m) * self.between
        return added / self.within if self.within > 0 else math.inf if added > 0 else 0.0

    @property
    def share_missing(self) -> float:
        """Share of the total variance that comes from what is missing (lambda)."""
        return (1 + 1 / self.m) * self.between / self.total if self.total > 0 else 0.0

    @property
    def fraction_missing(self) -> float:
        """Fraction of missing information (fmi), which heeds that there are m imputations only."""
        increase = self.relative_increase
        return (increase + 2 / (self.df + 3)) / (1 + increase) if math.isfinite(increase) else 1.0

    @property
    def t_statistic(self) -> float:
        """Estimate over standard error."""
        return self.estimate / self.standard_error

    @property
    def p_value(self) -> float:
        """Two-sided p value of an estimate of 0."""
        return float(2 * student.sf(abs(self.t_statistic), self.df))

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval by the t distribution."""
        half = float(student.ppf(0.975, self.df)) * self.standard_error
        return self.estimate - half, self.estimate + half


def pool_estimates(estimates: npt.ArrayLike, variances: npt.ArrayLike, *, df_complete: float = math.inf) -> Pooled:
    """Pool the estimates of one quantity, on a scale on which they are about normal.

    Parameters
    ----------
    estimates, variances
        Estimate and its variance in each imputation, shape (m,), m at least 2.
    df_complete
        Degrees of freedom that the complete data would have: n less the number of parameters.

    Raises
    ------
    InputError
        If there are fewer than two imputations, or not as many variances.

    Notes
    -----
    ``T = U + (1 + 1/m) B`` with the mean variance U within and the variance B between imputations. With
    ``lambda = (1 + 1/m) B / T``, Rubin's degrees of freedom are ``(m - 1) / lambda**2``; Barnard and Rubin combine them
    with ``(df + 1) / (df + 3) * df * (1 - lambda)`` of the observed data.

    References
    ----------
    Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley 1987. Barnard J, Rubin DB. Biometrika
    1999;86:948-955.

    Examples
    --------
    >>> pooled = pool_estimates([1.0, 1.2, 0.8], [0.01, 0.01, 0.01], df_complete=98)
    >>> round(pooled.estimate, 3), round(pooled.total, 4), round(pooled.df, 2)
    (1.0, 0.0633, 2.38)
    """
    q, u = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if q.size < 2 or q.shape != u.shape:
        raise InputError(f"there must be a variance for each of at least 2 estimates, got {q.size} and {u.size}")
    m, within, between = q.size, float(u.mean()), float(q.var(ddof=1))
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total if total > 0 else 0.0
    df_rubin = (m - 1) / share**2 if share > 0 else math.inf
    observed = (
        (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share) if math.isfinite(df_complete) else math.inf
    )
    return Pooled(
        m=m,
        estimate=float(q.mean()),
        within=within,
        between=between,
        total=total,
        df_rubin=df_rubin,
        df=_join(df_rubin, observed),
    )


def pool_shares(shares: npt.ArrayLike, numbers: npt.ArrayLike) -> tuple[Pooled, tuple[float, float]]:
    """Pool shares, and set Wilson's interval around the pooled one.

    Parameters
    ----------
    shares
        Share in each imputation, in [0, 1], shape (m,), m at least 2.
    numbers
        How many patients each is of, or the effective number, above 0, shape (m,).

    Returns
    -------
    Pooled, (float, float)
        The variances are of the share itself; the 95 % limits never leave 0 to 1.

    Notes
    -----
    With the pooled share q, the variances ``p (1 - p) / n`` within and Rubin's total variance T, the interval is
    Wilson's for ``q (1 - q) / T`` patients, with the t quantile of Rubin's degrees of freedom. That quantile is the
    normal one where imputations agree, so that they have the interval of one of them. (Lott and Reiter have the mean of
    ``p (1 - p)`` in place of ``q (1 - q)``; that is 0 where some shares are 0 and all others 1.) Where all are 0, or
    all 1, there is no variance; then it is the widest of the imputations' own intervals.

    References
    ----------
    Lott A, Reiter JP. Am Stat 2020;74:109-115.

    Examples
    --------
    >>> pooled, (lower, upper) = pool_shares([0.96, 0.95, 0.97, 0.96], [100, 100, 100, 100])
    >>> round(pooled.estimate, 3), round(lower, 3), round(upper, 3)
    (0.96, 0.892, 0.986)
    """
    p, n = np.clip(np.asarray(shares, dtype=np.float64), 0.0, 1.0), np.asarray(numbers, dtype=np.float64)
    pooled = pool_estimates(p, p * (1 - p) / n)
    if not pooled.total > 0:
        found = compute_wilson(pooled.estimate, float(n.min()), kind="")
        return pooled, (found.lower, found.upper)
    effective = pooled.estimate * (1 - pooled.estimate) / pooled.total
    # Wilson's limits depend on quantile^2 / n alone, so another quantile is another n
    quantile = float(student.ppf(0.975, pooled.df))
    found = compute_wilson(pooled.estimate, effective * (Z / quantile) ** 2, kind="")
    return pooled, (found.lower, found.upper)


def evaluate_imputed(predictions: pd.DataFrame, evaluate: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """Evaluate each imputation's predictions by themselves and pool the results.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`.
    evaluate
        From the predictions of one imputation to a table of the EVALUATION or COMPARISON columns.

    Returns
    -------
    DataFrame
        The same columns; of a single imputation what `evaluate` returns.
    """
    parts = [rows for _, rows in predictions.groupby("imputation", sort=True)]
    return evaluate(predictions) if len(parts) < 2 else pool_imputations([evaluate(rows) for rows in parts])


def pool_imputations(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Pool evaluations or comparisons, one table per imputation.

    Parameters
    ----------
    tables
        Tables of the EVALUATION or COMPARISON columns of `schemas.tables`, or others with `VALUES` among their columns.

    Returns
    -------
    DataFrame
        The same columns, and a row for each row that the tables have in common or alone.

    Notes
    -----
    The c-statistic, the average precision and the event rate are pooled on the logit scale, observed over expected
    events on the log scale; every other measure and every difference as it is. Variances are those that the 95 %
    intervals imply: ``((upper - lower) / (2 Z))**2`` on that scale, exact for a Wald interval and a normal
    approximation for percentiles. Where an interval ends at the end of the scale, its other half is taken. Limits stay
    in the range of the measure. Estimates without an interval are averaged. A row that one imputation suppresses or
    cannot assess is suppressed or not assessable.

    Shares with Wilson's interval have one after pooling too; see `pool_shares`.

    References
    ----------
    Marshall A, Altman DG, Holder RL, Royston P. BMC Med Res Methodol 2009;9:57. Lott A, Reiter JP. Am Stat
    2020;74:109-115.
    """
    return describe_pooling(tables)[list(tables[0].columns)]


def describe_pooling(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return what `pool_imputations` returns with the columns ``m``, ``df`` and ``fraction_missing``."""
    joined = pd.concat([table.assign(imputation_=at) for at, table in enumerate(tables)], ignore_index=True)
    keys = [name for name in tables[0].columns if name not in VALUES]
    numbers = joined.groupby(keys, sort=False, dropna=False).ngroup()
    groups = [rows.sort_values("imputation_") for _, rows in joined.groupby(numbers, sort=True)]
    if any(rows["imputation_"].duplicated().any() for rows in groups):
        raise InputError(f"each imputation must have one row for each of {', '.join(keys)}; give one table for each")
    records = [_pool_rows(rows) for rows in groups]
    table = pd.DataFrame(records, columns=[*tables[0].columns, "m", "df", "fraction_missing"])
    return table.astype({name: tables[0][name].dtype for name in ("n", "events")})


def _pool_rows(rows: pd.DataFrame) -> dict[str, object]:
    first = {str(name): value for name, value in rows.iloc[0].items()}
    m = len(rows)
    if m < 2:
        return first | {"m": m}
    status = next((name for name in WORST if (rows["status"] == name).any()), "ok")
    bare = {"estimate": math.nan, "lower": math.nan, "upper": math.nan, "interval_kind": "", "status": status, "m": m}
    if status in ("suppressed", "not assessable"):
        counts = {"n": pd.NA, "events": pd.NA} if status == "suppressed" else {}
        return first | bare | counts
    values = {name: rows[name].to_numpy(dtype=np.float64) for name in ("estimate", "lower", "upper")}
    scale = _find_scale(str(first["metric"]), values["estimate"], is_difference="reference" in rows)
    errors = _imply_errors(values, scale)
    lacking = int((~np.isfinite(errors)).sum())
    if lacking or status != "ok":
        means = {name: float(scale.back(scale.to(column).mean())) for name, column in values.items()}
        kind = f"none: {lacking} of {m} imputations gave none" if 0 < lacking < m else first["interval_kind"]
        return first | bare | means | {"interval_kind": kind}
    if rows["interval_kind"].str.startswith("Wilson").all():
        pooled, (lower, upper) = pool_shares(values["estimate"], _imply_numbers(values))
        estimate = pooled.estimate
    else:
        pooled = pool_estimates(scale.to(values["estimate"]), errors**2, df_complete=_count_complete(rows))
        estimate, lower, upper = (float(scale.back(np.float64(x))) for x in (pooled.estimate, *pooled.interval))
    return first | {
        "estimate": estimate,
        "lower": max(lower, scale.lowest),
        "upper": min(upper, scale.highest),
        "interval_kind": _name_interval(str(first["interval_kind"]), pooled),
        "m": m,
        "df": pooled.df,
        "fraction_missing": pooled.fraction_missing,
    }


def _count_complete(rows: pd.DataFrame) -> float:
    """Return the degrees of freedom of a measure of complete data; infinite where the operations are not counted."""
    n = float(rows["n"].iloc[0]) if rows["n"].notna().iloc[0] else math.inf
    return max(n - FIXED_PARAMETERS.get(str(rows["metric"].iloc[0]), 1), 1.0)


def _name_interval(kind: str, pooled: Pooled) -> str:
    if kind.startswith("Wilson") and not pooled.total > 0:
        return f"{kind}; the widest of {pooled.m} imputations, which give the same 0 or 1"
    return f"{kind}; pooled over {pooled.m} imputations by Rubin's rules"


@dataclass(frozen=True, kw_only=True)
class _Scale:
    to: Callable[[FloatArray], FloatArray]
    back: Callable[[np.float64], np.float64]
    lowest: float = -math.inf
    highest: float = math.inf


def _same(values: FloatArray) -> FloatArray:
    return values


def _log(values: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values))


def _find_scale(metric: str, estimates: FloatArray, *, is_difference: bool) -> _Scale:
    """Return the scale on which a measure is pooled; as it is where an estimate lies at the end of its range."""
    lowest, highest = RANGES.get(metric, (-math.inf, math.inf))
    if is_difference:
        return _Scale(to=_same, back=np.float64, lowest=lowest - highest, highest=highest - lowest)
    inside = ((estimates > lowest) & (estimates < highest)).all()
    if metric in ON_THE_LOGIT and inside:
        return _Scale(to=logit, back=expit, lowest=lowest, highest=highest)
    if metric == "oe_ratio" and inside:
        return _Scale(to=_log, back=np.exp, lowest=lowest, highest=highest)
    return _Scale(to=_same, back=np.float64, lowest=lowest, highest=highest)


def _imply_errors(values: dict[str, FloatArray], scale: _Scale) -> FloatArray:
    """Return the standard error that each interval implies, shape (m,); NaN where there is no interval."""
    estimate, lower, upper = (scale.to(values[name]) for name in ("estimate", "lower", "upper"))
    below = np.where(values["lower"] > scale.lowest, estimate - lower, math.nan)
    above = np.where(values["upper"] < scale.highest, upper - estimate, math.nan)
    below, above = np.where(np.isnan(below), above, below), np.where(np.isnan(above), below, above)
    both_given = np.isfinite(values["lower"]) & np.isfinite(values["upper"])
    return np.where(both_given, (below + above) / (2 * Z), math.nan)


def _imply_numbers(values: dict[str, FloatArray]) -> FloatArray:
    """Return of how many patients each share with Wilson's interval is, shape (m,).

    A limit t solves ``(p - t)^2 = Z^2 t (1 - t) / n``; taken is the one towards the middle, never at 0 or 1.
    """
    share = values["estimate"]
    limit = np.where(share > 0.5, values["lower"], values["upper"])
    return np.asarray(Z**2 * limit * (1 - limit) / (share - limit) ** 2)


def _join(first: float, second: float) -> float:
    """Combine degrees of freedom, of which either may be infinite."""
    if math.isinf(first) or math.isinf(second):
        return min(first, second)
    return first * second / (first + second)
