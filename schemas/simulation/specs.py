"""The words in which a simulated registry is specified: sums of terms, and what is drawn from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_ndtr

FloatArray = npt.NDArray[np.float64]
Values = Mapping[str, npt.NDArray[Any]]
"""Columns drawn so far, shape (n,) each; names that begin with an underscore are hidden and never leave."""

Condition = Callable[[Values], npt.NDArray[np.bool_]]
"""Marks rows, shape (n,)."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One term of a sum: `weight` times a shape of a column, or `weight` where a category has a level.

    `by` names a column whose values multiply the weight, so that an effect differs between sites or years.
    """

    column: str
    weight: float
    at: float = 0.0
    shape: Literal["linear", "log", "bend", "level"] = "linear"
    width: float = 1.0
    level: str = ""
    by: str = ""

    def value(self, values: Values) -> FloatArray:
        """Evaluate the term, shape (n,).

        Notes
        -----
        linear: x - at. log: log((1 + x) / (1 + at)). bend: width * log(1 + exp((x - at) / width)), flat below `at` and
        a straight line above it, smooth in between. level: 1 where x is the level.
        """
        shape = self._shape(values)
        return shape * values[self.by] if self.by else shape

    def _shape(self, values: Values) -> FloatArray:
        x = values[self.column]
        if self.shape == "level":
            return np.asarray(self.weight * (x == self.level), dtype=np.float64)
        if self.shape == "log":
            return np.asarray(self.weight * np.log((1 + x) / (1 + self.at)))
        if self.shape == "bend":
            return np.asarray(self.weight * self.width * np.logaddexp(0, (x - self.at) / self.width))
        return np.asarray(self.weight * (x - self.at))


def linear(column: str, weight: float, at: float = 0.0) -> Term:
    """Return ``weight * (x - at)``."""
    return Term(column=column, weight=weight, at=at)


def log(column: str, weight: float, at: float) -> Term:
    """Return ``weight * log((1 + x) / (1 + at))``."""
    return Term(column=column, weight=weight, at=at, shape="log")


def bend(column: str, weight: float, at: float, width: float) -> Term:
    """Return a line that bends smoothly from flat to slope `weight` around `at`."""
    return Term(column=column, weight=weight, at=at, shape="bend", width=width)


def level(column: str, name: str, weight: float) -> Term:
    """Return `weight` where the category has the level."""
    return Term(column=column, weight=weight, shape="level", level=name)


@dataclass(frozen=True)
class Sum:
    """An intercept and terms."""

    intercept: float
    terms: tuple[Term, ...] = ()

    def value(self, values: Values) -> FloatArray:
        """Evaluate the sum, shape (n,)."""
        start = np.full(len(values["patient"]), self.intercept)
        return np.asarray(sum((term.value(values) for term in self.terms), start=start))


class Draw(Protocol):
    """A column that can be drawn; `stays` says that a patient's second operation has the first one's value."""

    @property
    def name(self) -> str:
        """Name of the column."""

    @property
    def stays(self) -> bool:
        """Whether it belongs to the person rather than to the operation."""

    def draw(self, values: Values, rng: np.random.Generator) -> npt.NDArray[Any]:
        """Draw one value per row, shape (n,)."""


@dataclass(frozen=True, kw_only=True)
class Number:
    """Normal about `mean` (log-normal if `scale` is log), rounded to `step`, clipped to [`low`, `high`].

    `wider` are terms that are added to the standard deviation `sd`.
    """

    name: str
    mean: Sum
    sd: float
    low: float
    high: float
    step: float
    scale: Literal["identity", "log"] = "identity"
    wider: tuple[Term, ...] = ()
    stays: bool = False

    def draw(self, values: Values, rng: np.random.Generator) -> FloatArray:
        """Draw one number per row, shape (n,)."""
        mean = self.mean.value(values)
        raw = mean + Sum(self.sd, self.wider).value(values) * rng.standard_normal(len(mean))
        return round_to(np.exp(raw) if self.scale == "log" else raw, self.step, self.low, self.high)


@dataclass(frozen=True, kw_only=True)
class Flag:
    """1 with the probability whose log-odds are given, else 0."""

    name: str
    log_odds: Sum
    stays: bool = False

    def draw(self, values: Values, rng: np.random.Generator) -> FloatArray:
        """Draw 0 or 1 per row, shape (n,)."""
        probability = expit(self.log_odds.value(values))
        return np.asarray(rng.random(len(probability)) < probability, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Category:
    """One of several levels, with probabilities proportional to the exponential of each level's sum."""

    name: str
    levels: Mapping[str, Sum]
    stays: bool = False

    def draw(self, values: Values, rng: np.random.Generator) -> npt.NDArray[np.object_]:
        """Draw one level per row, shape (n,)."""
        weights = np.exp([log_weight.value(values) for log_weight in self.levels.values()])
        cumulative = np.cumsum(weights / weights.sum(axis=0), axis=0)[:-1]
        chosen = (rng.random(cumulative.shape[1]) > cumulative).sum(axis=0)
        return np.asarray(np.array(list(self.levels), dtype=object)[chosen])


@dataclass(frozen=True, kw_only=True)
class Computed:
    """Worked out from other columns, without chance."""

    name: str
    value: Callable[[Values], npt.NDArray[Any]]
    stays: bool = False

    def draw(self, values: Values, rng: np.random.Generator) -> npt.NDArray[Any]:
        """Work out one value per row, shape (n,)."""
        return self.value(values)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A flag that is 1 only where the flag `of` is; unknown where that is unknown."""

    name: str
    of: str
    log_odds: Sum
    stays: bool = False

    def draw(self, values: Values, rng: np.random.Generator) -> FloatArray:
        """Draw 0, 1 or NaN per row, shape (n,)."""
        return Flag(name=self.name, log_odds=self.log_odds).draw(values, rng) * values[self.of]


@dataclass(frozen=True, kw_only=True)
class Given:
    """A draw that is recorded only where a condition holds, else missing."""

    drawn: Draw
    where: Condition

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.drawn.name

    @property
    def stays(self) -> bool:
        """Whether it belongs to the person rather than to the operation."""
        return self.drawn.stays

    def draw(self, values: Values, rng: np.random.Generator) -> npt.NDArray[Any]:
        """Draw one value per row, shape (n,), and leave it out where the condition fails."""
        return blank(self.drawn.draw(values, rng), ~self.where(values))


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A score at several visits: logistic noise of the given `scale` about `mean` plus the visit's shift, rounded.

    `loading` in (-1, 1) is the correlation of the noise with the patient's hidden recovery, which all scores and
    visits share; it leaves the noise of each of them exactly logistic. Positive recovery is a worse course, so the
    loading of a score of which more is better is negative.
    """

    score: str
    mean: Sum
    visits: Mapping[str, float]
    scale: float
    step: float
    low: float
    high: float
    loading: float

    def centre(self, values: Values, visit: str) -> FloatArray:
        """Return the centre of the score at a visit, before noise, rounding and clipping; shape (n,)."""
        return self.mean.value(values) + self.visits[visit]

    def draw(self, values: Values, visit: str, rng: np.random.Generator) -> FloatArray:
        """Draw the score at a visit, shape (n,)."""
        recovery = values["_recovery"]
        own = rng.standard_normal(len(recovery))
        normal = self.loading * recovery + np.sqrt(1 - self.loading**2) * own
        logistic = log_ndtr(normal) - log_ndtr(-normal)
        return round_to(self.centre(values, visit) + self.scale * logistic, self.step, self.low, self.high)


@dataclass(frozen=True, kw_only=True)
class Improvement:
    """The outcome "the score at `visit` is at least `points` below its baseline", or above it: `more` is better."""

    outcome: str
    score: str
    visit: str
    points: float
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Risk:
    """The outcome that a flag is 1, whose risk is its log-odds; without meaning where the condition `among` fails.

    The flag may depend on nothing but what is known before the operation, the site and the year.
    """

    outcome: str
    flag: Flag
    among: Condition | None = None


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """A cause of an event: `log_yearly` is the logarithm of the events per year where the `pace` is 1.

    `pace` says from which day on the hazard is multiplied by what; it begins at day 0 and is constant between its days.
    """

    column: str
    log_yearly: Sum
    pace: tuple[tuple[int, float], ...] = ((0, 1.0),)

    def spent(self, days: FloatArray) -> FloatArray:
        """Return the days that count until `days`: the integral of the pace, which the cumulative hazard follows."""
        starts, factors = np.array(self.pace, dtype=np.float64).T
        ends = np.append(starts[1:], np.inf)
        parts = np.clip(np.asarray(days, dtype=np.float64)[..., None], starts, ends) - starts
        return np.asarray((factors * parts).sum(axis=-1))

    def reached(self, spent: FloatArray) -> FloatArray:
        """Return the day until which so many days count: the inverse of `spent`."""
        starts, factors = np.array(self.pace, dtype=np.float64).T
        at = self.spent(starts)
        piece = np.searchsorted(at, spent, side="right") - 1
        return np.asarray(starts[piece] + (spent - at[piece]) / factors[piece])


@dataclass(frozen=True, kw_only=True)
class FirstEvent:
    """Outcomes "the event came first by the horizon", among causes that compete; death always does.

    `horizons` gives the days by the name of the outcome. An event before `from_day` is another outcome (a herniation
    that was never gone), and competes.
    """

    horizons: Mapping[str, int]
    event: Hazard
    competing: tuple[Hazard, ...]
    from_day: int = 0


@dataclass(frozen=True, kw_only=True)
class Reoperation:
    """Days to the first unplanned spine operation: further disease, or what an earlier event comes to.

    Notes
    -----
    Without another event F(t) = 1 - exp(-h * (t / year) ** `shape`), h the hazard's `log_yearly` exponentiated: with a
    shape below 1 most come early. An event of `follows` leads to an operation with the given probability, on its day;
    a complication of `returns` to one on any of the first 30 days.
    """

    further: Hazard
    shape: float
    follows: Mapping[str, float] = field(default_factory=dict)
    returns: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Columns that are missing together in about `share` of rows, as the scenario has it."""

    columns: tuple[str, ...]
    share: float


@dataclass(frozen=True, kw_only=True)
class SyntheticCohort:
    """All that is needed to simulate one registry.

    Draws happen in order and may use what is drawn before them: `predictors`, then complication, death, `first_event`,
    `reoperation`, then `course` (what is known during and after the operation, which depends on how the patient will
    do: hence a leak shows), follow-up scores and `later`, flags that are unknown where the visit was not answered. Last
    comes `aftermath`, which nothing depends on.
    """

    name: str
    predictors: tuple[Draw, ...]
    complication: Sum
    components: Mapping[str, float]
    death: Hazard
    scores: tuple[FollowUp, ...]
    improvements: tuple[Improvement, ...]
    course: tuple[Draw, ...]
    missing: tuple[Missing, ...]
    reoperation: Reoperation
    later: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)
    first_event: FirstEvent | None = None
    aftermath: tuple[Draw, ...] = ()
    risks: tuple[Risk, ...] = ()


def round_to(raw: FloatArray, step: float, low: float, high: float) -> FloatArray:
    """Round to multiples of `step` and clip; a step of 0 leaves the value as it is."""
    rounded = np.round(raw / step) * step if step else raw
    # Multiples of 0.001 and the like are made the nearest decimal, so that text and number agree; -0.0 becomes 0.0.
    return np.asarray(np.clip(np.round(rounded, 6), low, high) + 0.0)


def blank(held: npt.NDArray[Any], hidden: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Return a copy that is missing where it is hidden: NaN, or None among levels."""
    left = held.copy()
    left[hidden] = None if held.dtype == object else np.nan
    return left
