"""What an entry of the table of metrics is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.measures.estimates import Compare, Compute

Best = Literal["higher", "lower", "0", "0.9", "1", "none"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    Parameters
    ----------
    name, title, text
        Name in the tables, heading, and what it is in a sentence or two.
    short
        Heading of a column of the report; the title where there is no shorter one.
    formula
        How it is computed, in plain text: y outcome, p prediction, n patients, t threshold probability.
    reference
        Where it is described, a name in `pipelines.measures.references.REFERENCES`, or empty.
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
    has_interval
        Whether it is printed with an interval; without one where none is known that covers.
    """

    name: str
    title: str
    text: str
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
    has_interval: bool = True

    @property
    def needs(self) -> str:
        """What there must be, in words."""
        if self.in_points:
            return "a predicted follow-up score"
        what = "risks or a ranking" if self.for_scores else "risks"
        return what + (", events and non-events" if self.needs_both else "")

    @property
    def neutral(self) -> float | None:
        """The value of a perfect model, where it is a number."""
        return None if self.best in ("higher", "lower", "none") else float(self.best)
