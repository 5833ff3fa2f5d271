"""Thresholds from one's own data in words: notes, warnings, rows, and the tables of a registry definition."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from outcomes.outcomes import known_instruments
from pipelines.deriving.own_thresholds import CREDIBLE, OVERALL, SMALLEST_GROUP
from pipelines.deriving.threshold_questions import OwnThresholds, Question
from schemas.registry import Registry
from schemas.toml_text import quote

SHOWN = ("group", "level", "method", "estimate", "lower", "upper", "n", "events", "status")
"""Columns on the terminal."""
PURPOSES = {"threshold": "minimal_important", "measurement error": "measurement_error"}


def list_notes(found: OwnThresholds) -> tuple[str, ...]:
    """Return what to know when reading the table."""
    table, question = found.table, found.question
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
    return tuple(notes)


def _describe_thirds(question: Question) -> str:
    if question.repeat:
        return f"thirds are of {question.repeat}, whose error of measurement is not in the change"
    return (
        f"thirds are of {question.baseline}, whose error of measurement is in the change too: thresholds seem to slide "
        "with the baseline where none does; a repeat measurement (--repeat) avoids it"
    )


def list_warnings(found: OwnThresholds) -> tuple[str, ...]:
    """Return what needs a person."""
    table, registry = found.table, found.registry
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
    return tuple(warnings)


def list_rows(found: OwnThresholds) -> list[dict[str, Any]]:
    """Return the table for the terminal or for machines; what is not known is None."""
    rows = found.table[list(SHOWN)].to_dict("records")
    return [{str(name): _plain(str(name), value) for name, value in row.items()} for row in rows]


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    if math.isnan(value):
        return None
    return int(value) if name in ("n", "events") else float(f"{value:.4g}")


def render_definition(found: OwnThresholds) -> str:
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


def _render_set(found: OwnThresholds, row: Mapping[Any, Any]) -> list[str]:
    question, registry = found.question, found.registry
    interval = f"95 % interval {row['lower']:.4g} to {row['upper']:.4g}" if math.isfinite(row["lower"]) else ""
    method = "; ".join(filter(None, [row["title"], _describe_basis(question, row["basis"]), interval]))
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


def _describe_basis(question: Question, basis: str) -> str:
    """Return in words what a threshold rests on."""
    anchor = f"anchor {question.anchor}, improved: {','.join(question.improved)}"
    words = {
        "baseline": question.baseline,
        "scores": f"{question.baseline} and {question.follow_up}",
        "reliability": f"reliability {question.reliability} ({question.reliability_source or 'source not stated'})",
        "repeat": f"{question.baseline} and {question.repeat}",
        "items": f"{len(question.items)} items of {question.baseline}",
        "anchor": anchor + (f", least improvement: {','.join(question.minimal)}" if question.minimal else ""),
    }
    return words[basis]


def _describe_years(registry: Registry) -> str:
    if "year" not in registry.frame or registry.frame["year"].isna().all():
        return ""
    first, last = int(registry.frame["year"].min()), int(registry.frame["year"].max())
    return f", operated in {first}" if first == last else f", operated in {first} to {last}"
