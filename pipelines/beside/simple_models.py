"""The table of simple comparators: one index or one score, fitted like the reference, or ranking as it is."""

from __future__ import annotations

from dataclasses import dataclass

from outcomes.outcome import Outcome
from schemas.specs import OutcomeSpec, ScoreOutcome, ThresholdOutcome


@dataclass(frozen=True, kw_only=True)
class SimpleModel:
    """What a patient's single index or score tells, for the models to be measured by.

    Parameters
    ----------
    name, title
        Name in a study's ``comparators``, and heading.
    text
        One sentence for the report.
    column
        The one column that it uses; None for the score of the outcome before the operation.
    fitted
        Whether it is fitted, by the procedure of the study's reference in the same folds; else the index itself ranks.
    source
        Where the index is from.
    """

    name: str
    title: str
    text: str
    column: str | None
    fitted: bool
    source: str = ""

    def find_column(self, spec: OutcomeSpec) -> str | None:
        """Return the column that it uses for an outcome, or None where the outcome has no score before."""
        if self.column:
            return self.column
        return spec.baseline if isinstance(spec, ThresholdOutcome | ScoreOutcome) else None

    def serves(self, outcome: Outcome, spec: OutcomeSpec) -> bool:
        """Tell whether it can stand beside an outcome: an index that only ranks says nothing of a score in points."""
        return self.find_column(spec) is not None and (self.fitted or outcome.score is None)


ASA = "ASA physical status classification"
CHARLSON = "Charlson 1987, J Chronic Dis 40:373"
MFI5 = "Subramaniam 2018, J Am Coll Surg 226:173"

ENTRIES = (
    SimpleModel(
        name="baseline_score", title="Score before the operation alone", fitted=True, column=None,
        text="Fitted like the reference on nothing but the outcome's own score before the operation.",
    ),
    SimpleModel(
        name="asa_fitted", title="ASA class alone, fitted", fitted=True, column="asa_class", source=ASA,
        text="Fitted like the reference on nothing but the class of physical status.",
    ),
    SimpleModel(
        name="charlson_fitted", title="Charlson index alone, fitted", fitted=True, column="charlson_index",
        source=CHARLSON, text="Fitted like the reference on nothing but the Charlson index.",
    ),
    SimpleModel(
        name="mfi5_fitted", title="Five-item frailty index alone, fitted", fitted=True, column="frailty_mfi5",
        source=MFI5, text="Fitted like the reference on nothing but the five-item modified frailty index.",
    ),
    SimpleModel(
        name="asa_class", title="ASA class", fitted=False, column="asa_class", source=ASA,
        text="The class itself, which only ranks; a higher class is taken to mean a worse result.",
    ),
    SimpleModel(
        name="charlson_index", title="Charlson index", fitted=False, column="charlson_index", source=CHARLSON,
        text="The index itself, which only ranks; a higher index is taken to mean a worse result.",
    ),
    SimpleModel(
        name="mfi5", title="Five-item frailty index", fitted=False, column="frailty_mfi5", source=MFI5,
        text="The index itself, which only ranks; a higher index is taken to mean a worse result.",
    ),
)  # fmt: skip

SIMPLE_MODELS: dict[str, SimpleModel] = {model.name: model for model in ENTRIES}
"""Simple comparator by the name that a study's ``comparators`` gives it."""
