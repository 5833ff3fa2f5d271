"""What a study gave: tables, models and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from outcomes.outcome import Outcome
from pipelines.fit import FittedPipeline
from schemas.registry import Registry
from schemas.specs import ComparatorSpec
from schemas.study import Study


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A registry in its role: development, or validation (temporal or external)."""

    name: str
    registry: Registry
    validation: str | None = None


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """The result of a study.

    Attributes
    ----------
    study
        The plan.
    datasets
        Development first, then those validated on.
    outcomes
        The outcomes of the plan by name.
    skipped
        Reason by outcome that could not be analysed.
    predictions, evaluation, comparison, flow, table1, shift, tuning, explanations, contributions, sensitivity,
    response, unknown_outcomes, incidence, followed, sample_size, procedures, verdicts, optimism, stability, sites,
    meta, case_mix, gaps, ascertainment, coefficients
        Tables with the columns of `schemas.tables`.
    varied_predictions
        Predictions under the choices of the sensitivity analyses; ``outcome`` is the variant's name. Private.
    curves
        Calibration, ROC, decision and risk distribution tables by name.
    row_explanations
        Contributions of each explained held-out row, by outcome and model. Private.
    instability
        Range of each patient's prediction over the refits, by outcome and model. Private.
    models, further_models
        Final fitted models by outcome and model, and those of the further imputations.
    comparators
        What the study sets beside its models.
    warnings
        What needs a person.
    notes
        What a reader should know but need not act upon.
    timings_seconds
        Wall time by stage.
    """

    study: Study
    datasets: tuple[Dataset, ...]
    outcomes: Mapping[str, Outcome]
    skipped: Mapping[str, str]
    predictions: pd.DataFrame
    evaluation: pd.DataFrame
    comparison: pd.DataFrame
    curves: Mapping[str, pd.DataFrame]
    flow: pd.DataFrame
    table1: pd.DataFrame
    shift: pd.DataFrame
    tuning: pd.DataFrame
    explanations: pd.DataFrame
    contributions: pd.DataFrame
    sensitivity: pd.DataFrame
    response: pd.DataFrame
    unknown_outcomes: pd.DataFrame
    incidence: pd.DataFrame
    followed: pd.DataFrame
    sample_size: pd.DataFrame
    procedures: pd.DataFrame
    verdicts: pd.DataFrame
    optimism: pd.DataFrame
    stability: pd.DataFrame
    sites: pd.DataFrame
    meta: pd.DataFrame
    case_mix: pd.DataFrame
    gaps: pd.DataFrame
    ascertainment: pd.DataFrame
    coefficients: pd.DataFrame
    varied_predictions: pd.DataFrame
    row_explanations: Mapping[tuple[str, str], pd.DataFrame]
    instability: Mapping[tuple[str, str], pd.DataFrame]
    models: Mapping[tuple[str, str], FittedPipeline]
    further_models: Mapping[tuple[str, str], tuple[FittedPipeline, ...]]
    comparators: tuple[ComparatorSpec, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    timings_seconds: Mapping[str, float]

    @property
    def needs_person(self) -> bool:
        """Whether rows were quarantined, an outcome was skipped or a guard warned."""
        return bool(self.warnings)
