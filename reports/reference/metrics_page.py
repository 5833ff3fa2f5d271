"""The methods page: each measure with its formula, its interval and its limits, as rows, in Markdown and in HTML."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.measures.bootstrap import COMPARED
from pipelines.measures.metric import Metric
from pipelines.measures.references import REFERENCES
from pipelines.metrics import METRICS
from reports.blocks import Block, Report, Table, Text
from reports.render.html import render_html
from reports.tables import plain_rows

TITLE = "Measures"
DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "none": "describes only"}
INTRODUCTION = (
    "Every number that is said of a model. In the formulas y is the outcome (1 or 0, or a follow-up score), p the "
    "prediction, n the number of patients, t a threshold probability that the study declares; TP, FP, TN and FN count "
    "patients at or above the threshold as positive.",
)
RULES = {
    "Weights": "All measures take weights. With the inverse probability of a known outcome they are of everyone who "
    "was operated on, and with censored outcomes they are the measures at the horizon.",
    "Cross-validation": "The c-statistic is the mean of the values within folds, since risks of different folds come "
    "from different models. Every other measure is taken on all held-out predictions of a repeat, and averaged over "
    "repeats. What stratified folds hold at its ideal by construction is called not informative there, and has no "
    "interval.",
    "Intervals": "All are 95 %, and the patient is the unit: the rows of a patient (several operations, repeats of "
    "cross-validation) count together. In cross-validation they are about the procedure, given the models that were "
    "fitted; on other data about the fixed model. A Wald interval is the estimate plus and minus 1.96 standard errors, "
    "on the scale that is named. The others are DeLong's (DeLong 1988), Newcombe's method 5 (Newcombe 2006), Wilson's "
    "(Wilson 1927) and the percentiles of a bootstrap of patients. With several imputations estimates and errors are "
    "pooled by Rubin's rules (Rubin 1987). Where no patient differs from another there is no interval.",
    "Differences between models": "They are paired, on the patients that both predict. Where they have an interval it "
    "is Wald's, from the difference of what each patient adds; of the c-statistic DeLong's paired one for fixed "
    "predictions of independent patients, else the percentiles of the difference in each resample. The verdict of a "
    "study rests on the folds, not on these.",
    "Not assessable": "A measure that needs a risk cannot be had of a score that only ranks, nor one that needs events "
    "and non-events where one of them is absent. In a group it is not given below the number that is stated. Further "
    "reasons stand with each measure. Nothing is printed in its place.",
    "Suppressed": "Counts of patients below the study's limit are hidden, and with them every measure from which such "
    "a count could be computed.",
}
CITED = ("Wilson 1927", "Rubin 1987", "DeLong 1988", "Newcombe 2006")
"""What the rules above refer to."""
SUBJECTS = {
    "discrimination": ("Discrimination", "Are patients with the event told apart from those without?"),
    "calibration": ("Calibration", "Do as many patients have the event as was predicted?"),
    "overall": ("Overall performance", "How far are the risks from what happened, and what was there to be predicted?"),
    "utility": ("Clinical utility", "Is it worth acting on the model, at the threshold that a study declares?"),
    "threshold": ("At a declared threshold", "Whom does the threshold tell apart? No threshold is ever searched for."),
    "score": ("Predicted follow-up scores", "How far is a predicted score from the one that was answered?"),
}
COLUMNS = (
    "name", "title", "subject", "text", "formula", "ideal", "needs", "in cross-validation", "interval",
    "not assessable", "in a group", "between models", "by threshold", "reference",
)  # fmt: skip
TOLD = {
    "formula": "Formula", "ideal": "Ideal", "needs": "Needs", "in cross-validation": "In cross-validation",
    "interval": "95 % interval", "not assessable": "Not assessable", "in a group": "In a group",
    "between models": "Between models", "reference": "Described in",
}  # fmt: skip
"""What is told of each measure, line by line; what is empty is left out."""


def list_metric_facts() -> list[dict[str, object]]:
    """Return the facts of each measure as a row of plain texts; the reference in full."""
    return [dict(_describe(metric)) for metric in METRICS.values()]


def _describe(metric: Metric) -> dict[str, str]:
    values = (
        metric.name,
        metric.title,
        SUBJECTS[metric.subject][0],
        metric.text,
        metric.formula,
        DIRECTIONS.get(metric.best, f"{metric.best} is best"),
        metric.needs,
        _say_pooling(metric),
        metric.interval or _say_absence(metric),
        metric.not_assessable,
        _say_least(metric),
        _say_comparison(metric),
        "yes" if metric.by_threshold else "no",
        REFERENCES.get(metric.reference, ""),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _say_pooling(metric: Metric) -> str:
    if metric.within_folds:
        return "mean of the folds' values"
    return "all held-out predictions of a repeat" + ("; not informative" if metric.fixed_by_folds else "")


def _say_absence(metric: Metric) -> str:
    """Say why a measure has no interval."""
    return "none: it describes" if metric.best == "none" else "none: none is known that covers near perfect calibration"


def _say_least(metric: Metric) -> str:
    """Say whether, and from how many patients on, a measure is given in a group."""
    least = metric.least_in_subgroup
    if least is None:
        return "not given"
    if not least:
        return "given"
    return f"from {least} " + ("scores on" if metric.in_points else "events and as many non-events on")


def _say_comparison(metric: Metric) -> str:
    if metric.compare is None:
        return "no difference is given"
    return "difference with a paired interval" if metric.name in COMPARED else "difference without an interval"


def render_metrics_markdown() -> str:
    """Return the page in Markdown, as it stands in the documentation."""
    lines = [f"# {TITLE}", ""]
    for text in (*INTRODUCTION, "`spinerisk list metrics --out metrics.md` writes this page (also `.html`, `.csv`)."):
        lines += [text, ""]
    lines += ["## What holds for all", "", *(f"- **{name}.** {text}" for name, text in RULES.items()), ""]
    for subject, (title, question) in SUBJECTS.items():
        lines += [f"## {title}", "", question, ""]
        for metric in _of_subject(subject):
            lines += [f"### {metric.title}", "", f"`{metric.name}` {metric.text}", ""]
            lines += [*(f"- {name}: {text}" for name, text in _tell(metric, code="`")), ""]
    lines += ["## References", "", *(f"- {name}: {text}" for name, text in _list_references())]
    return "\n".join(lines) + "\n"


def _of_subject(subject: str) -> list[Metric]:
    return [metric for metric in METRICS.values() if metric.subject == subject]


def _tell(metric: Metric, *, code: str = "") -> Iterator[tuple[str, str]]:
    """Yield what is told of a measure: a name and a text for each fact that there is."""
    facts = _describe(metric)
    for key, name in TOLD.items():
        if facts[key]:
            yield name, f"{code}{facts[key]}{code}" if key == "formula" else facts[key]


def _list_references() -> list[tuple[str, str]]:
    cited = {metric.reference for metric in METRICS.values()} | set(CITED)
    return [(name, text) for name, text in REFERENCES.items() if name in cited]


def render_metrics_html() -> str:
    """Return the page in HTML, which needs no network."""
    return render_html(Report(title=TITLE, kicker="Spinerisk", blocks=tuple(_list_blocks()), provenance=()))


def _list_blocks() -> Iterator[Block]:
    yield from (Text(text=text) for text in INTRODUCTION)
    yield Text(text="What holds for all", kind="section", anchor="rules")
    yield from (Text(text=f"{name}. {text}", kind="bullet") for name, text in RULES.items())
    for subject, (title, question) in SUBJECTS.items():
        yield Text(text=title, kind="section", anchor=subject)
        yield Text(text=question)
        for metric in _of_subject(subject):
            yield Text(text=metric.title, kind="subsection", anchor=metric.name)
            yield Text(text=metric.text)
            yield _table(metric.name.replace("_", "-"), f"{metric.title}.", ("fact", metric.name), list(_tell(metric)))
    yield Text(text="References", kind="section", anchor="references")
    yield _table("references", "References.", ("name", "reference"), _list_references())


def _table(name: str, caption: str, columns: tuple[str, ...], rows: list[tuple[str, str]]) -> Table:
    return Table(name=name, caption=caption, columns=columns, rows=plain_rows(rows))
