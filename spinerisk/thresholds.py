"""What ``spinerisk thresholds`` does: thresholds of a score from one's own data, ready to be declared."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from outcomes.outcomes import known_instruments
from pipelines.change_scores import ChangeScores
from pipelines.intervals import FloatArray
from pipelines.own_thresholds import CREDIBLE, OVERALL, SMALLEST_GROUP, compute_own_thresholds
from reports.files import write_at_once
from schemas.column import Column
from schemas.drafts.text import quote
from schemas.errors import RunError, StudyError, suggest, unknown_name
from schemas.registry import Registry
from schemas.specs import InstrumentSpec

SHOWN = ("group", "level", "method", "estimate", "lower", "upper", "n", "events", "status")
"""Columns on the terminal."""
PURPOSES = {"threshold": "minimal_important", "measurement error": "measurement_error"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which thresholds are asked for, by names of columns; an empty text is what is not known.

    Attributes
    ----------
    instrument
        Name of the instrument.
    baseline, follow_up, repeat
        Its score before the operation, after it, and measured again while nothing had changed.
    anchor, improved, minimal
        The question on change, its answers that count as improved, and those of them that are the least improvement.
    items
        Columns of the items before the operation.
    reliability, reliability_source, anchor_reliability
        Of the score, with its source, and of the anchor question.
    """

    instrument: str
    baseline: str
    follow_up: str = ""
    repeat: str = ""
    anchor: str = ""
    improved: str = ""
    minimal: str = ""
    items: tuple[str, ...] = ()
    reliability: float | None = None
    reliability_source: str = ""
    anchor_reliability: float | None = None

    def describe_basis(self, basis: str) -> str:
        """Return in words what a threshold rests on."""
        anchor = f"anchor {self.anchor}, improved: {self.improved}"
        words = {
            "baseline": self.baseline,
            "scores": f"{self.baseline} and {self.follow_up}",
            "reliability": f"reliability {self.reliability} ({self.reliability_source or 'source not stated'})",
            "repeat": f"{self.baseline} and {self.repeat}",
            "items": f"{len(self.items)} items of {self.baseline}",
            "anchor": anchor + (f", least improvement: {self.minimal}" if self.minimal else ""),
        }
        return words[basis]


def ask(registry: Registry, **stated: Any) -> Question:
    """Return the question with what follows from the data: ``<instrument>_0`` as the baseline, and its items.

    Raises
    ------
    StudyError
        If the options do not fit one another.
    """
    given = {name: value for name, value in stated.items() if value is not None}
    for name in ("reliability", "anchor_reliability"):
        if not 0 < given.get(name, 0.5) < 1:
            raise StudyError(f"--{name.replace('_', '-')} must be above 0 and below 1, got {given[name]:g}")
    for name, other in (("anchor", "follow_up"), ("anchor", "improved"), ("improved", "anchor"), ("minimal", "anchor")):
        if given.get(name) and not given.get(other):
            raise StudyError(f"--{name} must come with --{other.replace('_', '-')}; state both, or neither")
    baseline = given.pop("baseline", "") or f"{given['instrument']}_0"
    items = tuple(name.strip() for name in given.pop("items", "").split(",") if name.strip())
    return Question(baseline=baseline, items=items or _find_items(registry, baseline), **given)


def _find_items(registry: Registry, baseline: str) -> tuple[str, ...]:
    """Return the columns of the items of a score, such as ``odi_q01_0`` of ``odi_0``; at least two, or none."""
    stem, _, ending = baseline.rpartition("_")
    pattern = re.compile(rf"{re.escape(stem)}_q\d+_{re.escape(ending)}")
    found = tuple(name for name in registry.columns if pattern.fullmatch(name) and registry.frame[name].notna().any())
    return found if len(found) > 1 else ()


def build_scores(registry: Registry, question: Question) -> ChangeScores:
    """Take the columns of a question from the registry.

    Raises
    ------
    StudyError
        If a name is unknown, a column is of another kind or instrument or known at another time, or an answer is no
        answer of the anchor question. No message carries a patient's value.
    """
    instruments = known_instruments(registry.definition)
    if question.instrument not in instruments:
        raise StudyError(unknown_name("the instrument", question.instrument, instruments))
    instrument = instruments[question.instrument]
    baseline = _read_score(registry, "baseline", question.baseline, instrument, instruments)
    after: dict[str, FloatArray] = {}
    if question.follow_up:
        after["follow_up"] = _read_score(registry, "follow-up", question.follow_up, instrument, instruments)
    if question.repeat:
        after["repeat"] = _read_score(registry, "repeat", question.repeat, instrument, instruments)
    names = [question.baseline, question.follow_up, question.repeat]
    twice = [name for name in names if name and names.count(name) > 1]
    if twice:
        raise StudyError(f"the scores must be different columns, got {twice[0]!r} twice; name another one")
    items = [_read_number(registry, "an item", name) for name in question.items]
    return ChangeScores(
        patient=np.unique(registry.frame["patient"].to_numpy(dtype=object), return_inverse=True)[1].astype(np.int64),
        baseline=baseline,
        lower_is_better=instrument.direction == "lower_is_better",
        items=np.column_stack(items) if items else None,
        reliability=question.reliability,
        anchor_reliability=question.anchor_reliability if question.anchor else None,
        **after,
        **(_read_anchor(registry, question) if question.anchor else {}),
    )


def _find_column(registry: Registry, thing: str, name: str) -> Column:
    if name not in registry.columns:
        near = suggest(name, registry.columns)
        raise StudyError(f"the column of the {thing} must be in the data, got {name!r}{near}; see `spinerisk check`")
    return registry.columns[name]


def _read_number(registry: Registry, thing: str, name: str) -> FloatArray:
    column = _find_column(registry, thing.removeprefix("an "), name)
    if column.kind != "number":
        raise StudyError(f"the column of the {thing} must hold numbers, got {name!r} of kind {column.kind}")
    return registry.frame[name].to_numpy(dtype=np.float64)


def _read_score(
    registry: Registry,
    thing: str,
    name: str,
    instrument: InstrumentSpec,
    instruments: Mapping[str, InstrumentSpec],
) -> FloatArray:
    """Return the scores of a column that belongs to the instrument and to the time it is asked for."""
    values = _read_number(registry, thing, name)
    stems = sorted((stem for stem in instruments if name.startswith(f"{stem}_")), key=len)
    if stems and stems[-1] != instrument.name:
        raise StudyError(f"the {thing} must be a score of {instrument.name!r}, got {name!r} of {stems[-1]!r}")
    known_at = registry.columns[name].known_at
    if thing == "follow-up" and known_at != "followup":
        raise StudyError(f"the {thing} must be known at follow-up only, got {name!r}, known at {known_at}")
    if thing == "baseline" and known_at not in ("preop", "planned"):
        raise StudyError(f"the {thing} must be known before the operation, got {name!r}, known at {known_at}")
    outside = int(((values < instrument.low) | (values > instrument.high)).sum())
    if outside:
        raise StudyError(
            f"the {thing} must lie within the range of {instrument.title}, {instrument.low:g} to {instrument.high:g}, "
            f"{outside} values of {name!r} do not; convert the column in the definition, or name another instrument"
        )
    return values


def _read_anchor(registry: Registry, question: Question) -> dict[str, FloatArray]:
    """Return who improved, the answers as numbers where they are in order, and who improved least."""
    column = _find_column(registry, "anchor", question.anchor)
    if column.kind not in ("number", "flag", "category") or column.known_at != "followup":
        raise StudyError(
            f"the anchor must be a question asked at follow-up, got {question.anchor!r}, of kind {column.kind}, known "
            f"at {column.known_at}"
        )
    values = registry.frame[question.anchor]
    known = values.notna().to_numpy(dtype=np.bool_)
    better = values.isin(_parse_answers(question.improved, "improved", column)).to_numpy(dtype=np.bool_)
    found = {"improved": np.where(known, better.astype(np.float64), np.nan)}
    if column.kind == "number":
        found["grade"] = values.to_numpy(dtype=np.float64)
    if question.minimal:
        least = values.isin(_parse_answers(question.minimal, "minimal", column)).to_numpy(dtype=np.bool_)
        found["minimal"] = np.where(least, 1.0, np.nan)
    return found


def _parse_answers(text: str, option: str, column: Column) -> list[str | float]:
    """Return the answers of a list separated by commas, each a possible value of the anchor question."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if column.kind == "category":
        unknown = [word for word in words if word not in column.levels]
        if unknown:
            raise StudyError(unknown_name(f"an answer under --{option}", unknown[0], column.levels))
        return list(words)
    low, high = column.hard or (0.0, 1.0)
    for word in words:
        if not re.fullmatch(r"-?\d+(\.\d+)?", word) or not low <= float(word) <= high:
            raise StudyError(
                f"an answer under --{option} must be a number from {low:g} to {high:g}, got {word!r}; separate answers "
                "by commas, such as 1,2"
            )
    return [float(word) for word in words]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was derived from which data.

    Attributes
    ----------
    table
        `schemas.tables.OWN_THRESHOLDS`.
    notes
        What to know when reading it.
    warnings
        What needs a person.
    """

    registry: Registry
    question: Question
    seed: int
    table: pd.DataFrame
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def derive_thresholds(registry: Registry, question: Question, *, seed: int) -> Found:
    """Derive thresholds of a score from a registry.

    Raises
    ------
    StudyError
        See `build_scores`.
    """
    scores = build_scores(registry, question)
    names = (question.baseline, question.follow_up, question.anchor)
    table = compute_own_thresholds(scores, seed=seed, names=names)
    return Found(
        registry=registry, question=question, seed=seed, table=table,
        notes=tuple(_list_notes(table, question)), warnings=tuple(_list_warnings(table, registry)),
    )  # fmt: skip


def _list_notes(table: pd.DataFrame, question: Question) -> list[str]:
    basis = set(table["basis"])
    whole = table[(table["group"] == OVERALL) & (table["status"] == "ok")].set_index("method")["estimate"]
    notes = [
        "improvements in the units of the score; intervals are 95 %, of resampled patients; seed and data fix them"
    ]
    if "reliability" in basis:
        source = question.reliability_source or "of which no source was stated"
        notes.append(f"the reliability of {question.reliability} ({source}) is taken as known without error")
    if "items" in basis:
        notes.append(
            "Cronbach's alpha says how the items agree on one day; what it gives is a lower bound of the error"
        )
    if "improved_percent" in whole:
        share = whole["improved_percent"]
        notes.append(
            f"{share:.0f} % improved by the anchor: the cuts of the ROC curve and the predictive threshold lie too low "
            "below 50 % and too high above, the adjusted ones are corrected for it"
        )
    if "anchor" in basis and question.anchor_reliability is None:
        notes.append(
            "the adjustment of 2017 takes the anchor question to be answered without error; that of 2022 needs its "
            "reliability (--anchor-reliability)"
        )
    if (table["group"] != OVERALL).any():
        notes.append(_describe_thirds(question))
    detectable = [name for name in ("mdc95_repeat", "mdc95_reliability", "mdc95_items") if name in whole]
    thresholds = table.loc[table["role"].eq("threshold"), "method"].unique()
    small = [name for name in thresholds if detectable and whole.get(name, math.inf) < whole[detectable[0]]]
    if small:
        notes.append(f"below {detectable[0]}, so that chance alone can bring one patient there: {', '.join(small)}")
    return notes


def _describe_thirds(question: Question) -> str:
    if question.repeat:
        return f"thirds are of {question.repeat}, whose error of measurement is not in the change"
    return (
        f"thirds are of {question.baseline}, whose error of measurement is in the change too: thresholds seem to slide "
        "with the baseline where none does; a repeat measurement (--repeat) avoids it"
    )


def _list_warnings(table: pd.DataFrame, registry: Registry) -> list[str]:
    reasons = {
        "suppressed": "too few patients to be shown",
        "not assessable": f"fewer than {SMALLEST_GROUP} patients in all or on one side of the anchor, or no number",
        "not credible": f"the change correlates below {CREDIBLE} with the anchor; left out of the definition",
    }
    warnings = []
    for status, reason in reasons.items():
        of = table[table["status"].eq(status) & table["role"].ne("support")]
        where = of["method"].where(of["level"].eq(""), of["method"] + " (" + of["level"] + " third)")
        names = [str(name) for name in where]
        if names:
            warnings.append(f"{status}, {reason}: {', '.join(names)}")
    if registry.n_quarantined:
        warnings.append(f"{registry.n_quarantined} faulty rows were left out; see `spinerisk check`")
    return warnings


def list_rows(found: Found) -> list[dict[str, Any]]:
    """Return the table for the terminal or for machines; what is not known is None."""
    rows = found.table[list(SHOWN)].to_dict("records")
    return [{str(name): _plain(str(name), value) for name, value in row.items()} for row in rows]


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    if math.isnan(value):
        return None
    return int(value) if name in ("n", "events") else float(f"{value:.4g}")


def render_definition(found: Found) -> str:
    """Return the thresholds as ``[threshold_sets.*]`` of a registry definition, to be pasted there."""
    question, registry = found.question, found.registry
    head = [
        f"# Thresholds of {question.instrument}, derived from {registry.source} by `spinerisk thresholds`.",
        "# Paste what is needed into a registry definition. As `derived_from` says, no study of the same data may use",
        "# them as a label: run it on other data, such as a later period.",
    ]
    whole = found.table[found.table["group"].eq(OVERALL) & found.table["role"].isin(list(PURPOSES))]
    high_low = known_instruments(registry.definition)[question.instrument]
    span = high_low.high - high_low.low
    for row in whole.to_dict("records"):
        usable = row["status"] == "ok" and 0 < row["estimate"] <= span
        reason = row["status"] if row["status"] != "ok" else "no improvement within the range of the score"
        head += _render_set(found, row) if usable else [f"\n# {row['method']}: left out, {reason}"]
    return "\n".join(head) + "\n"


def _render_set(found: Found, row: Mapping[Any, Any]) -> list[str]:
    question, registry = found.question, found.registry
    interval = f"95 % interval {row['lower']:.4g} to {row['upper']:.4g}" if math.isfinite(row["lower"]) else ""
    method = "; ".join(filter(None, [row["title"], question.describe_basis(row["basis"]), interval]))
    texts = {
        "title": f"{question.instrument}: {row['title']}, own data",
        "purpose": PURPOSES[row["role"]],
        "population": f"{registry.definition.title}{_describe_years(registry)}, n = {int(row['n'])}",
        "method": method,
        "source": f"own data, {registry.source}, seed {found.seed}",
        "certainty": "set by the toolkit",
        "derived_from": registry.fingerprint,
    }
    threshold = (
        f'{{ instrument = {quote(question.instrument)}, kind = "absolute_change", value = {row["estimate"]:.4g} }}'
    )
    lines = [f"\n[threshold_sets.own_{question.instrument}_{row['method']}]", f"thresholds = [{threshold}]"]
    return lines + [f"{name} = {quote(text)}" for name, text in texts.items()]


def _describe_years(registry: Registry) -> str:
    if "year" not in registry.frame or registry.frame["year"].isna().all():
        return ""
    first, last = int(registry.frame["year"].min()), int(registry.frame["year"].max())
    return f", operated in {first}" if first == last else f", operated in {first} to {last}"


def check_output(out: Path) -> Sequence[Path]:
    """Return the files to be written, TOML and CSV.

    Raises
    ------
    StudyError
        If the file has another ending or one is there: it may have been edited.
    """
    if out.suffix.lower() != ".toml":
        raise StudyError(f"the thresholds must be written to a TOML file, got {str(out)!r}; name one such as my.toml")
    files = (out, out.with_suffix(".csv"))
    for path in files:
        if path.exists():
            raise StudyError(
                f"the thresholds must not replace a file, got {str(path)!r}; name another, or delete it first"
            )
    return files


def write_thresholds(found: Found, out: Path) -> dict[str, str]:
    """Write the definition's tables (TOML) and all numbers (CSV, beside it).

    Returns
    -------
    dict
        ``definition`` and ``table``: the files.

    Raises
    ------
    StudyError
        See `check_output`.
    RunError
        If they cannot be written.
    """
    definition, table = check_output(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"the folder of the thresholds must be writable, got {str(out)!r}: {error.strerror}") from None
    write_at_once(table, found.table.to_csv(index=False, lineterminator="\n"))
    write_at_once(definition, render_definition(found))
    return {"definition": str(definition), "table": str(table)}
