"""Which parts a report has: one view for each outcome and each way in which its models were validated."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import distinct, rows_where, whole_sample

VALIDATION_WORDS = {
    "internal": "internal validation (nested cross-validation)",
    "internal-external": "internal-external validation",
    "temporal": "temporal validation",
    "external": "external validation",
}
"""In order of display. Apparent performance is never shown alone and has no view of its own."""


@dataclass(frozen=True, kw_only=True)
class View:
    """One outcome, validated in one way on one dataset."""

    outcome: OutcomeFacts
    dataset: str
    validation: str

    @property
    def title(self) -> str:
        """How the view is called in headings and captions."""
        words = VALIDATION_WORDS[self.validation]
        place = "" if self.validation.startswith("internal") else f" on {self.dataset}"
        return f"{self.outcome.title}: {words}{place}"

    @property
    def short_title(self) -> str:
        """How the view is called under the outcome's own heading."""
        words = VALIDATION_WORDS[self.validation]
        place = "" if self.validation.startswith("internal") else f" on {self.dataset}"
        return words[0].upper() + words[1:] + place

    @property
    def slug(self) -> str:
        """Part of a table's or figure's name."""
        return make_slug(self.outcome.name, self.validation, self.dataset)

    def select(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a run's table that belong to the view."""
        return rows_where(frame, outcome=self.outcome.name, dataset=self.dataset, validation=self.validation)


def make_slug(*parts: str) -> str:
    """Join names to an identifier of lower case letters, figures and hyphens."""
    text = "-".join(parts).lower()
    return "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in text)


def views_of(run: RunFolder, outcome: OutcomeFacts) -> tuple[View, ...]:
    """Return the views of an outcome: internal first, then by dataset."""
    frame = rows_where(whole_sample(run.tables["evaluation"]), outcome=outcome.name)
    return tuple(
        View(outcome=outcome, dataset=dataset, validation=validation)
        for validation in VALIDATION_WORDS
        for dataset in distinct(frame.loc[frame["validation"] == validation, "dataset"])
    )


def models_in(run: RunFolder, frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the models that have rows, the reference first, then as in the run."""
    present = set(frame["model"])
    order = (run.facts.study.reference, *(model.name for model in run.facts.models))
    return tuple(name for name in dict.fromkeys(order) if name in present)
