"""What an entry of the table of metrics is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.measures.estimates import Compare, Compute

Best = Literal["higher", "lower", "0", "0.9", "1", "none"]
Subject = Literal["discrimination", "overall", "calibration", "utility", "threshold", "score"]

WALD = "Wald, from what each patient adds to the estimate, all rows of a patient together"
RATE = (
    "Wilson where all patients weigh the same and each has one row in a repeat; else Wald on the logit scale, from "
    "what each patient adds to the estimate, all rows of a patient together"
)
FITTED = (
    "Wald, with the standard error of the logistic fit; with unequal weights or several rows of a patient the robust "
    "one, by patient"
)
WILSON = "Wilson; with unequal weights or several rows of a patient, of the effective number of patients"
NO_SLOPE = (
    "Everyone in a fold has the same prediction, the fit has no solution, or it would rest on where risks of 0 and 1 "
    "are moved to"
)
NO_CURVE = "The flexible calibration curve cannot be fitted"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    Parameters
    ----------
    name, title, text
        Name in the tables, heading, and what it is in a sentence or two.
    short
        Heading of a column of the report; the title where there is no shorter one.
    subject
        What it is about: the part of the printed list where it stands.
    formula
        How it is computed, in plain text: y outcome, p prediction, n patients, t threshold probability.
    reference
        Where it is described, a name in `pipelines.measures.references.REFERENCES`, or empty.
    interval
        How its 95 % interval is made, in words; empty where it has none.
    not_assessable
        When it cannot be had, beyond what all need, in words.
    within_folds
        Whether in cross-validation it is the mean of the folds' values; every other one is taken on all held-out
        predictions of a repeat, and averaged over repeats.
    best
        The better direction, or the value that is best; none where it says nothing of a model.
    digits
        Decimals that are printed.
    compute
        Sample -> estimates: one, or one per declared threshold.
    compare
        Two samples of the same rows -> differences, first minus second; None where it is not compared.
    for_scores
        Whether it can be had from a score that only ranks.
    in_points
        Whether it is of a predicted follow-up score, and not of risks.
    needs_both
        Whether it needs events and non-events.
    least_in_subgroup
        Fewest events and non-events, or follow-up scores, with which it is given for a level of a subgroup; None: not
        by subgroup.
    fixed_by_folds
        Whether stratified folds hold the overall value at its ideal by construction.
    by_threshold
        Whether there is one value per threshold probability, in a level of a subgroup too.
    """

    name: str
    title: str
    text: str
    subject: Subject
    formula: str
    best: Best
    compute: Compute
    digits: int = 3
    short: str = ""
    reference: str = ""
    compare: Compare | None = None
    for_scores: bool = False
    in_points: bool = False
    needs_both: bool = True
    least_in_subgroup: int | None = None
    fixed_by_folds: bool = False
    by_threshold: bool = False
    within_folds: bool = False
    interval: str = ""
    not_assessable: str = ""

    @property
    def needs(self) -> str:
        """What there must be, in words."""
        if self.in_points:
            return "a predicted follow-up score"
        what = "risks or a ranking" if self.for_scores else "risks"
        return what + (", events and non-events" if self.needs_both else "")

    @property
    def has_interval(self) -> bool:
        """Whether it is printed with an interval; without one where none is known that covers."""
        return bool(self.interval)

    @property
    def neutral(self) -> float | None:
        """The value of a perfect model, where it is a number."""
        return None if self.best in ("higher", "lower", "none") else float(self.best)
