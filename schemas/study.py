"""The study: the pre-specified plan, read from TOML, unknown keys refused."""

from __future__ import annotations

import hashlib
import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from schemas.errors import StudyError, suggest
from schemas.specs import Name, Spec

Probability = Annotated[float, Field(gt=0, lt=1)]
BeforeVisit = Literal["fail", "exclude", "weight", "as_scored"]
"""What a reoperation or a death before the visit of a score makes of its outcome: the failure, a patient who is left
out, one of unknown outcome, or nothing."""


class SplitPlan(Spec):
    """How the outer and inner folds are made. Patients are never split between folds."""

    name: str = "nested_cv"
    outer_folds: Annotated[int, Field(ge=2, le=20)] = 5
    repeats: Annotated[int, Field(ge=1, le=50)] = 1
    inner_folds: Annotated[int, Field(ge=2, le=20)] = 5


class TuningPlan(Spec):
    """How much search each model gets inside each training fold: by log loss, of a score by squared error."""

    trials: Annotated[int, Field(ge=1, le=1000)] = 50


class MarginPlan(Spec):
    """The smallest gain worth having, and the rule of the verdict, fixed before the results.

    `relative` is the margin of the primary measure, log loss (of a score squared error), relative to the reference's;
    `c_statistic`, `brier_relative` and `net_benefit` are the regions of practical equivalence of the measures beside
    it. A verdict needs `probability`, and of a tuned rival `least_trials` trials or a search in which the second half
    of the trials lowered the inner loss by less than `flat` (relative).
    """

    relative: Annotated[float, Field(gt=0, lt=1)] = 0.005
    c_statistic: Annotated[float, Field(gt=0, lt=0.5)] = 0.01
    brier_relative: Annotated[float, Field(gt=0, lt=1)] = 0.005
    net_benefit: Annotated[float, Field(gt=0, lt=1)] = 0.002
    probability: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    least_trials: Annotated[int, Field(ge=1)] = 50
    flat: Annotated[float, Field(gt=0, lt=1)] = 0.001


class BootstrapPlan(Spec):
    """Refits of the whole pipeline on resamples of patients: for the optimism, and on request for the stability.

    `resamples` refits the reference (empty: 200 times where the outcome has at most 5,000 patients, else never). With
    `stability` the other models are refitted too, the regression models as often, the others `resamples_of_others`
    times. `tuning` is repeated in every resample, or fixed for all models alike at the settings of the final models,
    which understates.
    """

    resamples: Annotated[int, Field(ge=0, le=2000)] | None = None
    resamples_of_others: Annotated[int, Field(ge=20, le=2000)] = 20
    stability: bool = False
    tuning: Literal["repeated", "fixed"] = "repeated"


class InternalExternalPlan(Spec):
    """Every site left out in turn, the whole pipeline refitted and retuned on the others.

    `models` are refitted (empty: the reference and what the verdict is about: all machine-learning models where there
    are several). Sites with fewer than
    `least_events` events or non-events are merged, by a rule that looks at nothing else.
    """

    models: tuple[str, ...] = ()
    least_events: Annotated[int, Field(ge=1, le=1000)] = 10


class AuditPlan(Spec):
    """The margin within which a group's calibration in the large may differ from that of the others."""

    margin: Annotated[float, Field(gt=0, lt=2)] = 0.2


class ExpectedPerformance(Spec):
    """What an earlier study lets one expect of the model of an outcome: either number, or none."""

    c_statistic: Annotated[float, Field(gt=0.5, lt=1)] | None = None
    r_squared: Annotated[float, Field(gt=0, lt=1)] | None = None


class DecisionPlan(Spec):
    """Threshold probabilities of one outcome and the action among operated patients that they belong to.

    `act` says who is acted on: patients whose predicted probability is at or above the threshold, or those below it.
    Empty: below for an outcome that is wanted, since help is for those who are unlikely to have it, else at or above.
    """

    values: Annotated[tuple[Probability, ...], Field(min_length=1)]
    action: Annotated[str, Field(min_length=3)]
    act: Literal["at_or_above", "below"] | None = None

    def acts_below(self, *, desirable: bool) -> bool:
        """Tell whether patients below the threshold are acted on; `desirable` says whether the outcome is wanted."""
        return desirable if self.act is None else self.act == "below"


class SensitivityPlan(Spec):
    """Further analyses that say how far a result hangs on a choice; none of them is the result.

    `threshold_sets` names, per outcome, the sets under which the whole pipeline is fitted again, in the order given.
    `unattainable` and `unadjudicated` fit the reference again under the other choice, where there is one.
    `deltas` are shifts of the log-odds (or of the score, in standard deviations of its residuals) by which patients of
    unknown outcome may differ from others like them.
    """

    threshold_sets: dict[str, Annotated[tuple[Name, ...], Field(min_length=1)]] = Field(default_factory=dict)
    unattainable: bool = True
    unadjudicated: bool = True
    deltas: tuple[float, ...] = (-1.0, -0.5, 0.0, 0.5, 1.0)

    @field_validator("deltas")
    @classmethod
    def _with_none(cls, deltas: tuple[float, ...]) -> tuple[float, ...]:
        if 0.0 not in deltas or any(a >= b for a, b in pairwise(deltas)):
            raise ValueError("deltas must be increasing and hold 0, the analysis itself")
        return deltas


class Study(Spec):
    """A pre-specified analysis.

    Every key that shapes a prediction is fitted inside each outer training fold, so that what is deployed is what
    was evaluated. `unattainable` says what becomes of patients whose baseline leaves no room for a threshold (``flag``:
    as ``fail``, and they are a subgroup of the evaluation), `reoperated` and `died` of those to whom that happened
    before the visit of a score, `non_response` and `censoring` how patients of unknown outcome are stood for.
    `derived_thresholds` names, per outcome that is a score, the sets whose probability is derived from it.
    `subgroups` name categories, flags, sites, or numbers that have cut points in `bands`.
    `missing` says how missing predictors are filled: ``chained`` regressions, ``multiple`` imputation (`imputations`
    draws), chained with ``indicators`` of what was missing, or ``native`` to the trees. `calibration` is a last step
    of every model, learned from its own inner held-out predictions. `text` is the exact file and `sha256` its hash.
    """

    title: str
    definition: str
    outcomes: Annotated[tuple[str, ...], Field(min_length=1)]
    predictors: Annotated[tuple[Name, ...], Field(min_length=1)]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    data: str | None = None
    predict_at: Literal["preop", "planned", "intraop", "discharge"] = "preop"
    reference: str = "spline_logistic"
    models: tuple[str, ...] = ("elastic_net", "random_forest", "xgboost", "lightgbm")
    comparators: tuple[str, ...] = ()
    missing: Literal["chained", "multiple", "indicators", "native"] = "chained"
    imputations: Annotated[int, Field(ge=2, le=100)] = 20
    calibration: Literal["none", "logistic"] = "none"
    unattainable: Literal["exclude", "fail", "flag"] = "exclude"
    reoperated: BeforeVisit = "fail"
    died: BeforeVisit = "fail"
    non_response: Literal["weight", "complete_cases"] = "weight"
    censoring: Literal["kaplan_meier", "by_predictors"] = "kaplan_meier"
    sensitivity: SensitivityPlan = SensitivityPlan()
    margin: MarginPlan = MarginPlan()
    bootstrap: BootstrapPlan = BootstrapPlan()
    internal_external: InternalExternalPlan | None = None
    audit: AuditPlan = AuditPlan()
    sample_size: dict[str, ExpectedPerformance] = Field(default_factory=dict)
    split: SplitPlan = SplitPlan()
    tuning: TuningPlan = TuningPlan()
    threshold_sets: dict[str, str] = Field(default_factory=dict)
    derived_thresholds: dict[str, tuple[Name, ...]] = Field(default_factory=dict)
    threshold_probabilities: dict[str, DecisionPlan] = Field(default_factory=dict)
    subgroups: tuple[Name, ...] = ()
    bands: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    suppress_below: Annotated[int, Field(ge=5, le=100)] = 5

    _text: str = PrivateAttr(default="")
    _folder: Path = PrivateAttr(default=Path())

    @field_validator("outcomes", "predictors", "models", "comparators", "subgroups")
    @classmethod
    def _distinct(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each name must stand once, got twice: {', '.join(twice)}")
        return names

    @field_validator("bands")
    @classmethod
    def _increasing(cls, bands: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        for name, cuts in bands.items():
            if not cuts or any(a >= b for a, b in pairwise(cuts)):
                raise ValueError(f"the cut points of {name!r} must be increasing, one at least")
        return bands

    @model_validator(mode="after")
    def _bands_are_of_subgroups(self) -> Study:
        for name in self.bands:
            if name not in self.subgroups:
                raise ValueError(f"bands must be of a subgroup, got {name!r}{suggest(name, self.subgroups)}")
        return self

    @property
    def text(self) -> str:
        """The exact text of the study."""
        return self._text

    @property
    def folder(self) -> Path:
        """The folder against which relative paths of the study are read."""
        return self._folder

    @property
    def sha256(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    @property
    def all_models(self) -> tuple[str, ...]:
        """The reference first, then the other models in the study's order."""
        return (self.reference, *(name for name in self.models if name != self.reference))


def read_study(path: str | Path) -> Study:
    """Read a study from a TOML file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Study
        The checked plan.

    Raises
    ------
    StudyError
        If the file is missing, is no TOML, has an unknown key or a value out of its rule; all faults are named.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise StudyError(f"the study must be a readable TOML file, got {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StudyError(f"the study {str(path)!r} must be text in UTF-8; save it as UTF-8") from None
    return parse_study(text, folder=path.parent, name=str(path))


def parse_study(text: str, *, folder: Path, name: str = "study") -> Study:
    """Build a study from TOML text; see `read_study`."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{name} must be TOML: {error}") from None
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        raise StudyError(f"{name} must follow the plan of a study:\n" + describe_faults(error, Study)) from None
    study._text = text
    study._folder = folder
    return study


def describe_faults(error: ValidationError, model: type[Spec]) -> str:
    """Return one line per fault of a TOML file, with the nearest key for an unknown one."""
    return "\n".join(f"  {_where(fault)}: {_what(fault, model)}" for fault in error.errors(include_url=False))


def _where(fault: Any) -> str:
    return ".".join(str(part) for part in fault["loc"]) or "file"


def _what(fault: Any, model: type[Spec]) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return "is not a known key" + suggest(str(fault["loc"][-1]), _keys_at(model, fault["loc"][:-1]))
        case "missing":
            return "must be given"
        case "value_error":
            return str(fault["ctx"]["error"])
        case "too_short":
            least = fault["ctx"]["min_length"]
            return f"must have at least {least} item{'s' * (least > 1)}, got {fault['ctx']['actual_length']}"
        case "model_type" | "dict_type":
            return "must be a table"
        case "tuple_type":
            return 'must be a list in brackets, such as ["a", "b"]' + _got(fault["input"])
        case "string_type":
            return "must be a text in quotes" + _got(fault["input"])
    return _rule(str(fault["msg"])) + _got(fault["input"])


def _rule(message: str) -> str:
    """Turn "Input should be ..." into "must be ...", without the remarks of the parser."""
    return re.sub(r"^\w+ should ", "must ", message).partition(", unable to parse")[0]


def _got(given: Any) -> str:
    return f", got {given!r}" if isinstance(given, str | int | float) else ""


def _keys_at(model: type[Spec], loc: tuple[Any, ...]) -> list[str]:
    """Keys of the table at `loc`; a nested plan, or one among several, is found by the name of its field."""
    for part in loc:
        field = model.model_fields.get(str(part))
        inner = [kind for kind in _kinds_in(field.annotation) if issubclass(kind, Spec)] if field else []
        model = inner[0] if inner else model
    return list(model.model_fields)


def _kinds_in(annotation: Any) -> list[type]:
    """Classes that stand in an annotation, also inside a tuple or dict."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation]
    return [kind for argument in get_args(annotation) for kind in _kinds_in(argument)]
