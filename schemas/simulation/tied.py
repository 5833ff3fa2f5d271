"""Further questionnaires of a simulated registry: each follows the cohort's main score before and at every visit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.simulation.specs import Number, Sum, linear

VISITS = ("3m", "12m", "24m")


@dataclass(frozen=True, kw_only=True)
class Tied:
    """A score that follows the main one.

    Attributes
    ----------
    score
        Stem of its columns.
    centre
        Its mean before the operation, where the main score has its own.
    per
        What it changes by with one point of the main score, of which it keeps the sign.
    sd
        Standard deviation about that line before the operation.
    later
        The same at a visit, beside what stays of the patient's own distance from the line.
    low, high, step
        Limits and steps of the scale.
    mood
        What a known depression adds before the operation.
    shift
        What is added at visits, where a score changes by more than the main one tells.
    own
        Share of a patient's distance from the line before the operation that is still there at a visit.
    before
        Whether it is drawn before the operation too: some are drawn elsewhere.
    visits
        Endings of the visits at which it is asked for.
    """

    score: str
    centre: float
    per: float
    sd: float
    later: float
    low: float
    high: float
    step: float
    mood: float = 0.0
    shift: float = 0.0
    own: float = 0.4
    before: bool = True
    visits: tuple[str, ...] = VISITS


@dataclass(frozen=True, kw_only=True)
class Rating:
    """A question after the operation that follows the change of the main score, and less so where it has come to.

    `none` is the answer without any change at the centre of the main score, `per_change` what one point of improvement
    adds and `per_state` what one point above the centre at the visit adds.
    """

    score: str
    none: float
    per_change: float
    per_state: float
    sd: float
    low: float
    high: float
    step: float = 1.0
    visits: tuple[str, ...] = VISITS


@dataclass(frozen=True, kw_only=True)
class Main:
    """The score that others follow: its stem and its mean before the operation."""

    score: str
    centre: float


def draw_before(main: Main, scores: Iterable[Tied | Rating]) -> tuple[Number, ...]:
    """Return the draws before the operation."""
    return tuple(_before(main, score) for score in scores if isinstance(score, Tied) and score.before)


def _before(main: Main, tied: Tied) -> Number:
    return Number(
        name=f"{tied.score}_0", sd=tied.sd, low=tied.low, high=tied.high, step=tied.step,
        mean=Sum(tied.centre, (linear(f"{main.score}_0", tied.per, main.centre), linear("depression", tied.mood))),
    )  # fmt: skip


def draw_after(main: Main, scores: Iterable[Tied | Rating]) -> tuple[Number, ...]:
    """Return the draws at the visits; they are missing where the main score is."""
    return tuple(_after(main, score, visit) for score in scores for visit in score.visits)


def _after(main: Main, score: Tied | Rating, visit: str) -> Number:
    now, then = f"{main.score}_{visit}", f"{main.score}_0"
    name = f"{score.score}_{visit}"
    if isinstance(score, Rating):
        return Number(
            name=name, sd=score.sd, low=score.low, high=score.high, step=score.step,
            mean=Sum(
                score.none,
                (linear(now, score.per_state - score.per_change, main.centre),
                 linear(then, score.per_change, main.centre)),
            ),
        )  # fmt: skip
    return Number(
        name=name, sd=score.later, low=score.low, high=score.high, step=score.step,
        mean=Sum(
            score.centre + score.shift,
            (linear(now, score.per, main.centre), linear(f"{score.score}_0", score.own, score.centre),
             linear(then, -score.own * score.per, main.centre)),
        ),
    )  # fmt: skip
