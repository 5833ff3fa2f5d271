"""The facts of a run, as ``run.json`` tells them: plan, data, outcomes, models, versions."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Facts(BaseModel):
    """Base of what ``run.json`` holds; keys that a report does not need are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class RuleFacts(Facts):
    """The numbers of the verdict's rule.

    `probability` is what a verdict needs; a search is enough with `least_trials` trials, or with `least_for_flat` of
    which the second half lowered the inner loss by a share below `flat`.
    """

    probability: float
    least_trials: int
    flat: float
    least_for_flat: int


class StudyFacts(Facts):
    """The study's settings as they were used."""

    title: str
    sha256: str
    reference: str
    margin_relative_log_loss: float
    rule: RuleFacts | None = None
    predictors: tuple[str, ...]
    predict_at: str
    missing: str
    imputations: int = 1
    calibration: str = "none"
    internal_external: bool = False
    unattainable: str = "exclude"
    outer_folds: int
    repeats: int
    inner_folds: int
    trials: int
    suppress_below: int
    subgroups: tuple[str, ...] = ()
    reoperated: str = ""
    died: str = ""
    non_response: str = ""
    censoring: str = ""
    split: str = ""


class DefinitionFacts(Facts):
    """The registry definition that was used."""

    name: str
    title: str
    sha256: str
    synthetic: bool = False


class FaultFacts(Facts):
    """How many rows broke one rule of one column."""

    column: str
    rule: str
    count: int


class DatasetFacts(Facts):
    """One data file; `validation` is None for the development data.

    `patients_known` says whether the data name patients, so that operations of one person are known as such;
    `n_sites` is None where they name no site.
    """

    dataset: str
    source: str
    fingerprint: str
    n_read: int
    n_valid: int
    n_quarantined: int
    synthetic: bool = False
    patients_known: bool = True
    n_sites: int | None = None
    faults: tuple[FaultFacts, ...] = ()
    validation: str | None = None


class OutcomeFacts(Facts):
    """One outcome of the study; `status` is run or skipped, `n` and `events` are None where they are hidden.

    `acts_below` says that the action is for patients below the thresholds, else for those at or above them.
    """

    name: str
    title: str
    kind: str
    desirable: bool
    horizon: str
    threshold_set: str | None = None
    threshold_set_text: str = ""
    rule: str | None = None
    unknown: str = ""
    unknown_patients: str = ""
    not_attainable: str = ""
    from_score: str | None = None
    competing: str = ""
    unit: str = "operation"
    index_event: str = "the operation"
    clock: str = "operation"
    patient_outcome: bool = True
    components: tuple[str, ...] = ()
    source: str = ""
    n: int | None = None
    events: int | None = None
    status: str = "run"
    reason: str | None = None
    thresholds: tuple[float, ...] = ()
    action: str | None = None
    acts_below: bool = False


class PredictorFacts(Facts):
    """One predictor, from the data dictionary."""

    name: str
    title: str = ""
    text: str = ""
    kind: str = "number"
    unit: str | None = None
    known_at: str = "preop"
    levels: tuple[str, ...] = ()


class ModelFacts(Facts):
    """One model; `role` is reference, candidate, arm (the best of each fold), sensitivity or comparator."""

    name: str
    title: str
    text: str = ""
    role: str


class BundleFacts(Facts):
    """One model bundle: the hash of its ``bundle.json``, which itself names the hashes of all its files."""

    outcome: str
    model: str
    sha256: str


class DevelopmentDataFacts(Facts):
    """Data on which locked models were developed; only the fingerprint is known of a bundle that stands alone."""

    fingerprint: str
    dataset: str = ""
    source: str = ""
    n_valid: int | None = None
    synthetic: bool = False


class DevelopedFacts(Facts):
    """The study in which locked models were developed."""

    title: str
    study_sha256: str
    data: tuple[DevelopmentDataFacts, ...] = ()


class RunFacts(Facts):
    """The whole of ``run.json``.

    `kind` is development (a study was run; the default) or evaluation (locked models on other data, and then
    `developed` says where they come from).
    """

    spinerisk: str
    kind: Literal["development", "evaluation"] = "development"
    developed: DevelopedFacts | None = None
    seed: int
    study: StudyFacts
    definition: DefinitionFacts
    data: tuple[DatasetFacts, ...]
    outcomes: tuple[OutcomeFacts, ...]
    predictors: tuple[PredictorFacts, ...]
    models: tuple[ModelFacts, ...]
    bundles: tuple[BundleFacts, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    platform: str = ""
    code_sha256: str | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
