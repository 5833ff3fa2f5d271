"""Read a finished run's folder: the shared tables, the facts of the run and the exact study. Never ``private/``."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from reports.names import level_in_words, name_in_words
from reports.run_facts import OutcomeFacts, PredictorFacts, RunFacts
from schemas.errors import RunError
from schemas.tables import CURVES, RUN_FORMAT, SHARE

NUMBERS = frozenset({
    "late_gain", "imputation", "needed", "needed_events", "actual", "actual_events", "n_folds", "standard_error",
    "rope", "p_worse", "p_equivalent", "p_better", "gain", "margin", "bootstrap_lower", "bootstrap_upper",
    "detectable_gain", "power_at_margin", "power_at_twice_margin", "apparent", "optimism", "corrected",
    "leave_one_out", "no_information", "point_632_plus", "cross_validated", "n_resamples", "n_failed", "n_sites",
    "prediction_lower", "prediction_upper", "tau", "tau_lower", "tau_upper", "i_squared", "probability", "merged",
    "largest_compatible", "p_value", "p_adjusted", "percent_known", "percent_predictors_missing", "coefficient",
    "middle", "estimate", "lower", "upper", "n", "events", "threshold_probability", "step", "excluded",
    "remaining", "value", "predicted", "observed", "knots", "net_benefit", "bin_low", "bin_high", "count",
    "percent", "mean_absolute_contribution", "rank", "rank_lower", "rank_upper", "mean_contribution", "repeat",
    "fold", "inner_loss", "trials", "n_known", "n_unknown", "known", "unknown", "difference", "delta", "day",
    "at_risk", "expected", "precision", "developed", "n_developed",
})  # fmt: skip
"""Columns read as numbers; every other column is text, so that a level called ``NA`` stays what it is."""

TEXTS = {"coefficients": ("knots",)}
"""Columns that are text in one table, though they are numbers elsewhere."""

USED_CURVES = tuple(name for name in CURVES if name != "roc")
"""The ROC curve is kept in the run's folder; the c-statistic says what it shows."""

ADDED_LATER = ("group_calibration", "shift", "site_funnel")
"""Tables that runs of earlier versions do not have: where the file is missing, the table is empty."""

ANSWERS = "tripod.toml"
"""What only the authors can say, in the run's folder where they have begun to say it."""


@dataclass(frozen=True, kw_only=True)
class RunFolder:
    """A finished run as its reader sees it.

    Parameters
    ----------
    facts
        ``run.json``.
    study_text
        The exact text of ``study.toml``.
    facts_sha256
        SHA-256 of ``run.json`` as it stands in the folder, in hex.
    answers_text
        The text of ``tripod.toml``, empty where there is none.
    tables
        ``share/<name>.csv`` and ``share/curves/<name>.csv`` by name, columns as in ``schemas.tables``; text columns
        hold an empty string where the file is empty, number columns NaN.
    """

    facts: RunFacts
    study_text: str
    tables: dict[str, pd.DataFrame]
    facts_sha256: str = ""
    answers_text: str = ""

    @property
    def synthetic(self) -> bool:
        """Whether any of the data were simulated."""
        return self.facts.definition.synthetic or any(data.synthetic for data in self.facts.data)

    @property
    def names_patients(self) -> bool:
        """Whether the development data name patients, so that their operations can be kept together."""
        return all(data.patients_known for data in self.facts.data if data.validation is None)

    @property
    def has_scores(self) -> bool:
        """Whether a score is predicted, beside or instead of risks."""
        return any(outcome.kind == "score" for outcome in self.outcomes)

    @property
    def outcomes(self) -> tuple[OutcomeFacts, ...]:
        """The outcomes that were run, in the study's order."""
        return tuple(outcome for outcome in self.facts.outcomes if outcome.status == "run")

    @property
    def skipped(self) -> tuple[OutcomeFacts, ...]:
        """The outcomes that could not be run."""
        return tuple(outcome for outcome in self.facts.outcomes if outcome.status != "run")

    def model_title(self, name: str) -> str:
        """Return the title of a model, or its name if it has none."""
        return next((model.title for model in self.facts.models if model.name == name), name)

    def predictor_title(self, name: str) -> str:
        """Return a predictor's title with its unit, or its name in words."""
        found = self._predictor(name)
        unit = found.unit if found and found.kind == "number" else None
        return (found.title if found else "") or name_in_words(name, unit)

    def level_title(self, predictor: str, level: str) -> str:
        """Return a level of a predictor in words."""
        found = self._predictor(predictor)
        return level_in_words(level, kind=found.kind if found else "category")

    def order_levels(self, predictor: str, levels: tuple[str, ...]) -> tuple[str, ...]:
        """Return levels in the dictionary's order, bands of a number upwards, what is unknown last."""
        found = self._predictor(predictor)
        declared = {level: k for k, level in enumerate(found.levels if found else ())}
        return tuple(
            sorted(levels, key=lambda v: (v == "unknown", declared.get(v, len(declared)), not v.startswith("under ")))
        )

    def in_words(self, text: str) -> str:
        """Return a note of the run with titles in the place of the names of outcomes, models and predictors.

        A predictor's name may be a word, such as age: it is replaced where it is called a predictor, or is no word.
        """
        titles = {outcome.name: outcome.title for outcome in self.facts.outcomes}
        titles |= {model.name: model.title for model in self.facts.models}
        for name in (predictor.name for predictor in self.facts.predictors):
            titles[f"predictor {name}"] = f"predictor {self.predictor_title(name)}"
            if "_" in name:
                titles[name] = self.predictor_title(name)
        names = "|".join(re.escape(name) for name in sorted(titles, key=len, reverse=True))
        return re.sub(rf"(?<![\w.])({names})(?![\w])", lambda found: titles[found[0]], text) if names else text

    def outcome_title(self, name: str) -> str:
        """Return the title of an outcome, or its name if it has none."""
        return next((outcome.title for outcome in self.facts.outcomes if outcome.name == name), name)

    def _predictor(self, name: str) -> PredictorFacts | None:
        return next((predictor for predictor in self.facts.predictors if predictor.name == name), None)


def read_run_folder(folder: Path) -> RunFolder:
    """Read a run's folder.

    Parameters
    ----------
    folder
        The run's folder, with ``run.json``, ``study.toml`` and ``share/``.

    Returns
    -------
    RunFolder
        Checked: every table has its columns.

    Raises
    ------
    RunError
        If a file is missing or damaged, or the format is not the one that this version reads.
    """
    folder = Path(folder)
    text = _read_text(folder / "run.json")
    tables = {name: _read_table(folder / "share" / f"{name}.csv", columns) for name, columns in SHARE.items()}
    for name in USED_CURVES:
        tables[name] = _read_table(folder / "share" / "curves" / f"{name}.csv", CURVES[name])
    answers = folder / ANSWERS
    return RunFolder(
        facts=_read_facts(folder / "run.json", text),
        facts_sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        study_text=_read_text(folder / "study.toml"),
        tables=tables,
        answers_text=_read_text(answers) if answers.exists() else "",
    )


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise RunError(
            f"a run's folder must hold a readable {path.name}, got {str(path)!r}: {error.strerror}; "
            "give the folder of a finished run"
        ) from None
    except UnicodeDecodeError:
        raise RunError(f"{str(path)!r} must be text in UTF-8; the run is damaged, run the study again") from None


def _read_facts(path: Path, text: str) -> RunFacts:
    try:
        values: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise RunError(f"{str(path)!r} must be JSON: {error.msg} in line {error.lineno}; run the study again") from None
    found = values.get("format") if isinstance(values, dict) else None
    if found != RUN_FORMAT:
        raise RunError(f"the run's format must be {RUN_FORMAT}, got {found!r}; use the version that wrote the run")
    try:
        return RunFacts.model_validate(values)
    except ValidationError as error:
        faults = [
            f"  {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        ]
        raise RunError(f"{str(path)!r} must hold the facts of a run:\n" + "\n".join(faults)) from None


def _read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    if path.stem in ADDED_LATER and not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=float if name in NUMBERS else str) for name in columns})
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"a run's folder must hold a readable {path.name}, got {str(path)!r}: {error.strerror}; "
            "the run is not finished, run the study again"
        ) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise RunError(f"{str(path)!r} must be a table in CSV with a header; run the study again") from None
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        raise RunError(f"{str(path)!r} must have the columns {', '.join(lacking)}; run the study again")
    text = TEXTS.get(path.stem, ())
    numbers = {
        name: pd.to_numeric(frame[name], errors="coerce").astype(float)
        for name in columns
        if name in NUMBERS and name not in text
    }
    return frame.loc[:, list(columns)].assign(**numbers)
