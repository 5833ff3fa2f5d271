"""The verdict on each rival of the reference: one measure, one margin, one rule, all fixed before the results."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import pandas as pd
from scipy.optimize import brentq
from scipy.stats import nct
from scipy.stats import t as student

from pipelines.evaluate import finish_table
from pipelines.procedures import PRIMARY
from schemas.study import MarginPlan, Study
from schemas.tables import VERDICTS

WANTED_POWER = 0.8
"""Power at which the detectable gain is stated."""
LEAST_FOR_FLAT = 20
"""A shorter search is never called flat: its second half would be fewer than ten trials, too few to find much."""
VERDICT_NAMES = (
    "better", "no worthwhile gain", "practically equivalent", "worse", "undecided", "budget-limited", "not assessable",
)  # fmt: skip
MEASURE_WORDS = {"log_loss": "log loss", "mean_squared_error": "mean squared error"}


@dataclass(frozen=True, kw_only=True)
class Search:
    """How far a model's settings were searched inside the outer folds.

    Parameters
    ----------
    trials
        Fewest trials of any outer fold; NaN for a model without settings, such as a published one.
    late_gain
        Mean over the outer folds of the share by which the second half of the trials lowered the inner loss.
    has_space
        Whether there was anything to search: False where all candidates were fitted in one go.
    """

    trials: float = math.nan
    late_gain: float = math.nan
    has_space: bool = False

    def is_enough(self, margin: MarginPlan) -> bool:
        """Tell whether more trials would hardly have found better settings."""
        if not self.has_space or self.trials >= margin.least_trials:
            return True
        return self.trials >= LEAST_FOR_FLAT and self.late_gain < margin.flat


@dataclass(frozen=True, kw_only=True)
class Gain:
    """By how much the rival's loss is below the reference's (above 0: the rival is better), and how sure that is."""

    metric: str
    estimate: float
    lower: float
    upper: float
    standard_error: float
    df: int
    margin: float
    p_worse: float
    p_equivalent: float
    p_better: float
    bootstrap_lower: float = math.nan
    bootstrap_upper: float = math.nan


def reach_verdicts(
    procedures: pd.DataFrame,
    comparison: pd.DataFrame,
    tuning: pd.DataFrame,
    *,
    study: Study,
    rivals: Mapping[str, str],
    titles: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Reach a verdict on the rival of each outcome, and describe the other models beside it.

    Parameters
    ----------
    procedures
        The PROCEDURES columns of `schemas.tables`.
    comparison
        The COMPARISON columns: the paired bootstrap of patients is carried over from there.
    tuning
        The TUNING columns: how far each model was searched.
    study
        The plan, whose `margin` holds the rule.
    rivals
        The one model that gets a verdict, by outcome of the study. An outcome that is not named gets none: the
        thresholds that are derived from a score (``score__set``) are described, or one question would have several
        answers, the most favourable of which would be chosen.
    titles
        Words for models inside a sentence, by name; by default the name with spaces.

    Returns
    -------
    DataFrame
        The VERDICTS columns, one row per outcome and model.

    Notes
    -----
    With the margin m, the study's probability and the 95 % interval of the gain, the first that holds:

    1. *better*, if P(gain > m) > probability;
    2. *worse*, if P(gain < -m) > probability;
    3. *practically equivalent*, if P(-m <= gain <= m) > probability;
    4. *no worthwhile gain*, if the upper end of the interval is below m;
    5. *undecided*.

    A rival that was searched too little makes 2 to 5 *budget-limited*: more search might have helped it. It may still
    be called better, since what was shown to be better is the procedure as it was run; for that the reference must
    have been searched enough. A model is searched enough with `least_trials` trials in every outer fold, with at least
    `LEAST_FOR_FLAT` trials of which the second half lowered the inner loss by less than `flat` (mean over the outer
    folds), or where it has nothing to search.
    """
    words = {**{name: name.replace("_", " ") for name in procedures["model"].unique()}, **(titles or {})}
    primary = procedures[procedures["metric"].isin(PRIMARY)]
    rows: list[dict[str, object]] = []
    for row in ({str(name): value for name, value in one.items()} for one in primary.to_dict("records")):
        outcome, model = str(row["outcome"]), str(row["model"])
        key = {name: row[name] for name in ("outcome", "model", "reference", "metric", "n", "events", "status")}
        search = _find_search(tuning, outcome, model)
        key |= {"trials": search.trials, "late_gain": search.late_gain}
        role = "primary" if rivals.get(outcome) == model else "described"
        gain = _read_gain(row, comparison) if row["status"] == "ok" else None
        if gain is None:
            rows.append(key | {"role": role, **_refuse(str(row["status"]), role)})
            continue
        key |= {"role": role, **_describe_gain(gain), **_describe_power(gain, study.margin)}
        if role == "primary":
            base = _find_search(tuning, outcome, str(row["reference"]))
            verdict = decide(gain, study.margin, rival=search, reference=base)
            rows.append(key | {"verdict": verdict, "text": word_verdict(verdict, gain, search, study, words[model])})
        else:
            rows.append(key | {"verdict": "", "text": _word_described(gain, words[model])})
    return finish_table(rows, VERDICTS)


def decide(gain: Gain, margin: MarginPlan, *, rival: Search, reference: Search) -> str:
    """Return the verdict on a gain; see `reach_verdicts` for the rule and its order."""
    if gain.p_better > margin.probability:
        return "better" if reference.is_enough(margin) else "budget-limited"
    if not rival.is_enough(margin):
        return "budget-limited"
    if gain.p_worse > margin.probability:
        return "worse"
    if gain.p_equivalent > margin.probability:
        return "practically equivalent"
    return "no worthwhile gain" if gain.upper < gain.margin else "undecided"


def compute_power(true_gain: float, *, margin: float, standard_error: float, df: int, probability: float) -> float:
    """Compute how often a study like this one would call a true gain better.

    Parameters
    ----------
    true_gain, margin
        On the scale of the loss.
    standard_error, df
        Of the gain, as this study found them.
    probability
        That of the rule, in (0.5, 1).

    Returns
    -------
    float
        In [0, 1]; at the margin itself ``1 - probability``, the type I error if the standard error were right.

    Notes
    -----
    Better means ``(gain - margin) / se > t_probability``; that ratio has a noncentral t-distribution with noncentrality
    ``(true_gain - margin) / se``. It holds as far as the standard error does, a heuristic that was 1.35 to 1.8 times
    too large in simulation (``benchmarks/README.md``): better is said less often than this at small gains, wrongly too,
    and more often at gains far beyond the margin. Without a standard error it is 0 or 1.
    """
    if not standard_error:
        return float(true_gain > margin)
    if true_gain == margin:
        return 1 - probability
    return float(nct.sf(student.ppf(probability, df), df, (true_gain - margin) / standard_error))


@lru_cache(maxsize=256)
def _find_noncentrality(df: int, probability: float) -> float:
    """Return the noncentrality with which `WANTED_POWER` of the t-statistics exceed the rule's bound."""
    bound = float(student.ppf(probability, df))
    return float(brentq(lambda shift: nct.sf(bound, df, shift) - WANTED_POWER, 0.0, 20.0 + 5 * bound))


def find_detectable(gain: Gain, margin: MarginPlan) -> float:
    """Find the smallest true gain that a study like this one would have called better in about 80 % of runs."""
    return gain.margin + _find_noncentrality(gain.df, margin.probability) * gain.standard_error


def _read_gain(row: Mapping[str, Any], comparison: pd.DataFrame) -> Gain:
    """Turn a difference in loss, model minus reference, into a gain."""
    found = comparison[(comparison["validation"] == "internal") & (comparison["status"] == "ok")]
    for name in ("outcome", "model", "metric"):
        found = found[found[name] == row[name]]
    ends = (math.nan, math.nan) if found.empty else (float(found["lower"].iloc[0]), float(found["upper"].iloc[0]))
    return Gain(
        metric=row["metric"],
        # from 0, so that no gain is 0 and not -0
        estimate=0.0 - row["estimate"],
        lower=0.0 - row["upper"],
        upper=0.0 - row["lower"],
        standard_error=float(row["standard_error"]),
        df=int(row["n_folds"]) - 1,
        margin=float(row["rope"]),
        p_worse=float(row["p_worse"]),
        p_equivalent=float(row["p_equivalent"]),
        p_better=float(row["p_better"]),
        bootstrap_lower=0.0 - ends[1],
        bootstrap_upper=0.0 - ends[0],
    )


def _describe_gain(gain: Gain) -> dict[str, object]:
    names = ("lower", "upper", "margin", "p_worse", "p_equivalent", "p_better", "bootstrap_lower", "bootstrap_upper")
    return {"gain": gain.estimate, **{name: getattr(gain, name) for name in names}}


def _describe_power(gain: Gain, margin: MarginPlan) -> dict[str, object]:
    power = partial(
        compute_power,
        margin=gain.margin,
        standard_error=gain.standard_error,
        df=gain.df,
        probability=margin.probability,
    )
    return {
        "detectable_gain": find_detectable(gain, margin),
        "power_at_margin": power(gain.margin),
        "power_at_twice_margin": power(2 * gain.margin),
    }


def _find_search(tuning: pd.DataFrame, outcome: str, model: str) -> Search:
    """Read how far a model was searched in the outer folds of an outcome, or of the score that it is derived from."""
    outer = tuning[(tuning["model"] == model) & (tuning["validation"] == "internal") & (tuning["fold"] >= 0)]
    own = outer[outer["outcome"] == outcome]
    own = own if len(own) else outer[outer["outcome"] == outcome.partition("__")[0]]
    if own.empty:
        return Search()
    by_fold = own.drop_duplicates(["repeat", "fold", "imputation"])
    trials = float(by_fold["trials"].min())
    # one candidate setting and one trial: a path, all of which is fitted; the arm always has learners to choose from
    path_only = bool((by_fold["trials"] == 1).all()) and own["parameter"].nunique() == 1
    is_arm = bool((own["parameter"] == "learner").any())
    return Search(trials=trials, late_gain=float(by_fold["late_gain"].mean()), has_space=is_arm or not path_only)


def _refuse(status: str, role: str) -> dict[str, object]:
    reason = "a count is too small to be shown" if status == "suppressed" else "too few outer folds have a result"
    return {"verdict": "not assessable" if role == "primary" else "", "text": f"Not assessable: {reason}."}


def word_verdict(verdict: str, gain: Gain, search: Search, study: Study, rival: str) -> str:
    """Say a verdict in one or two sentences for a reader who knows the question and no statistics of ours.

    Parameters
    ----------
    verdict
        One of `VERDICT_NAMES`.
    gain, search, study
        What it rests on.
    rival
        The rival inside a sentence.
    """
    words = _Words(gain=gain, rival=rival)
    match verdict:
        case "better":
            return words.better(study.margin)
        case "worse":
            return words.worse()
        case "practically equivalent":
            return words.equivalent()
        case "no worthwhile gain":
            return words.no_gain()
        case "budget-limited":
            return words.budget(search, study.margin)
    return words.undecided(study.margin)


@dataclass(frozen=True, kw_only=True)
class _Words:
    gain: Gain
    rival: str

    @property
    def loss(self) -> str:
        return MEASURE_WORDS[self.gain.metric]

    def number(self, value: float) -> str:
        """Round so that the margin has two figures."""
        digits = 1 - math.floor(math.log10(self.gain.margin)) if self.gain.margin > 0 else 4
        text = f"{value:.{max(0, digits)}f}"
        return (text.lstrip("-") if float(text) == 0 else text).replace("-", "\u2212")

    @property
    def margin(self) -> str:
        return f"the margin of {self.number(self.gain.margin)}"

    @property
    def interval(self) -> str:
        return f"95 % interval {self.number(self.gain.lower)} to {self.number(self.gain.upper)}"

    def change(self) -> str:
        """Say what the rival did to the loss, with the interval in the same direction."""
        low, high, size = self.gain.lower, self.gain.upper, abs(self.gain.estimate)
        if self.gain.estimate >= 0:
            return f"lowered the {self.loss} by {self.number(size)} ({self.interval})"
        interval = f"95 % interval {self.number(-high)} to {self.number(-low)}"
        return f"raised the {self.loss} by {self.number(size)} ({interval})"

    def better(self, margin: MarginPlan) -> str:
        return (
            f"Better: {self.rival} {self.change()}. The probability that the gain is larger than {self.margin} is "
            f"{percent(self.gain.p_better)}, above the {100 * margin.probability:.4g} % that the study asks for."
        )

    def worse(self) -> str:
        return (
            f"Worse: {self.rival} {self.change()}. The probability that the rise is larger than {self.margin} is "
            f"{percent(self.gain.p_worse)}."
        )

    def equivalent(self) -> str:
        if not self.gain.standard_error:
            return f"Practically equivalent: {self.rival} had the same {self.loss} as the reference in every fold."
        return (
            f"Practically equivalent: {self.rival} {self.change()}. The probability that the two differ by less than "
            f"{self.margin}, in either direction, is {percent(self.gain.p_equivalent)}."
        )

    def no_gain(self) -> str:
        if self.gain.upper <= 0:
            return (
                f"No worthwhile gain: {self.rival} {self.change()}; even the favourable end of the interval is no gain."
            )
        return (
            f"No worthwhile gain: {self.rival} lowers the {self.loss} by no more than {self.number(self.gain.upper)} "
            f"at the upper end of the 95 % interval, less than {self.margin}."
        )

    def budget(self, search: Search, margin: MarginPlan) -> str:
        if self.gain.p_better > margin.probability:
            return (
                f"Budget-limited: {self.rival} {self.change()}, but the reference itself was not searched far enough "
                f"({margin.least_trials} trials) for that to count."
            )
        trials = f"{search.trials:.0f} trial{'s' * (search.trials != 1)}"
        short = search.trials < LEAST_FOR_FLAT
        settled = "too few to tell whether the search had settled" if short else "and the search had not settled"
        return (
            f"Budget-limited: {self.rival} was tuned with {trials} in each fold, fewer than the {margin.least_trials} "
            f"that the study asks for, {settled}. As tuned it {self.change()}. That a better tuned one gains more than "
            f"{self.margin} is not ruled out."
        )

    def undecided(self, margin: MarginPlan) -> str:
        return (
            f"Undecided: {self.rival} {self.change()}. The probability that the gain is larger than {self.margin} is "
            f"{percent(self.gain.p_better)}: too little to call it better, too much to rule it out. A study like this "
            f"one would have called a true gain of {self.number(find_detectable(self.gain, margin))} better in about "
            f"{percent(WANTED_POWER)} of runs; a smaller one needs more patients."
        )


def _word_described(gain: Gain, rival: str) -> str:
    return f"Described only: {rival} {_Words(gain=gain, rival=rival).change()}."


def percent(probability: float) -> str:
    """Return a probability in per cent; what rounds to 0 or 100 says so."""
    if 0.995 < probability < 1:
        return "more than 99 %"
    return "less than 1 %" if 0 < probability < 0.005 else f"{100 * probability:.0f} %"
