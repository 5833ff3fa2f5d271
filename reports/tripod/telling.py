"""What the sentences of a manuscript share: counts, names inside a sentence, and what cannot be told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pandas as pd

from pipelines.models import list_titles
from reports.names import columns_in_words
from reports.run_facts import DatasetFacts, OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.verdict import primary_verdict
from reports.tables import MINUS, end, first_row, format_count, join_words, rows_where, whole_sample
from reports.tripod.item import Found
from reports.views import VALIDATION_WORDS, View, views_of

MANY = 2
"""With more outcomes than this, what is told of each at length stands in the comparison report."""
ORDINARY = frozenset(list_titles().values())
"""Titles that are no proper names but for those that are written with further capitals."""
ORDINARY_WORD = re.compile(r"[A-Z][a-z]+(?:[-'][a-z]*)*[,;:]?")
"""A word that is no abbreviation and no name of two people."""


def say(*parts: str) -> str:
    """Join what is not empty to one line that ends with one full stop."""
    text = " ".join(part.strip() for part in parts if part.strip())
    text = re.sub(r"(?<=\d)%", " %", re.sub(r"[ \t\n]+", " ", text))
    return end(re.sub(r"\.{2,}", ".", text))


def say_all(*paragraphs: str) -> tuple[str, ...]:
    """Return the paragraphs that say something, each as a line that ends with a full stop."""
    return tuple(say(text) for text in paragraphs if text.strip())


def mid(title: str) -> str:
    """Return a title as it stands inside a sentence; names and abbreviations keep their capitals.

    Examples
    --------
    >>> mid("Disability improved (ODI) at 12 months"), mid("EQ-5D improved"), mid("Oxford Knee Score improved")
    ('disability improved (ODI) at 12 months', 'EQ-5D improved', 'Oxford Knee Score improved')
    """
    first, _, others = title.partition(" ")
    is_word = ORDINARY_WORD.fullmatch(first) is not None and not others[:1].isupper()
    return title[:1].lower() + title[1:] if is_word else title


def begin(text: str) -> str:
    """Return a text with a capital at its beginning; a name that begins without one keeps its form."""
    return text[:1].upper() + text[1:]


def name_model(run: RunFolder, name: str) -> str:
    """Return a model's title as it stands inside a sentence; a title that is not the toolkit's own stays as it is."""
    title = run.model_title(name)
    return mid(title) if title in ORDINARY else title


def tidy(run: RunFolder, text: str) -> str:
    """Return a text of the run with words in the place of the names of columns."""
    return columns_in_words(run.in_words(text), {})


def is_evaluation(run: RunFolder) -> bool:
    """Tell whether locked models met other data, so that nothing was fitted."""
    return run.facts.kind == "evaluation"


def list_outside(run: RunFolder) -> tuple[DatasetFacts, ...]:
    """Return the data that no model was developed on."""
    return tuple(data for data in run.facts.data if data.validation is not None)


def developed_elsewhere(run: RunFolder) -> Found | None:
    """Return what is said to an item about development where locked models were evaluated, else None."""
    if not is_evaluation(run):
        return None
    return Found(status="not_applicable", reason=say("Nothing was developed in this run:", name_origin(run)))


def name_origin(run: RunFolder) -> str:
    """Say where locked models come from."""
    developed = run.facts.developed
    if developed is None:
        return "the models were developed elsewhere"
    return f"the models were developed in the study \u201c{developed.title}\u201d"


def word_plan(run: RunFolder) -> str:
    """Return the hash of the plan of the study in which locked models were developed, in brackets."""
    developed = run.facts.developed
    return f" (plan, SHA-256 {developed.study_sha256})" if developed else ""


def units(outcome: OutcomeFacts) -> str:
    """Return what is counted of an outcome: operations, patients or operated levels."""
    return f"{outcome.unit}s"


def name_units(run: RunFolder) -> str:
    """Return what is counted of all outcomes of the run: operations; patients where outcomes count different units."""
    found = {units(outcome) for outcome in run.outcomes}
    return found.pop() if len(found) == 1 else "patients"


def word_counts(run: RunFolder, outcome: OutcomeFacts, n: float | None, events: float | None) -> str:
    """Return ``"602 operations, 401 with the event"``; what is hidden stays hidden, and a score has no event."""
    below = run.facts.study.suppress_below
    counted, with_event = format_count(n), format_count(events)
    if not counted:
        return f"fewer than {below} {units(outcome)}, or fewer than {below} with or without the event"
    if outcome.kind == "score":
        return f"{counted} {units(outcome)}"
    if not with_event:
        return f"{counted} {units(outcome)}, fewer than {below} with or without the event"
    return f"{counted} {units(outcome)}, {with_event} with the event"


def label(run: RunFolder, outcome: OutcomeFacts) -> str:
    """Return how a paragraph begins that is about one outcome of several; nothing where there is only one."""
    return f"{outcome.title}:" if len(run.outcomes) > 1 else ""


def list_main(run: RunFolder) -> tuple[OutcomeFacts, ...]:
    """Return the outcomes of the plan; a threshold that is derived from a score follows it."""
    return tuple(outcome for outcome in run.outcomes if not outcome.from_score)


def is_long(run: RunFolder) -> bool:
    """Tell whether the study has too many outcomes to tell of each at length."""
    return len(run.outcomes) > MANY


def find_rival(run: RunFolder, outcome: OutcomeFacts) -> str:
    """Return the model that a verdict is about, empty where there is none."""
    verdict = primary_verdict(run, outcome.from_score or outcome.name)
    return "" if verdict is None else str(verdict["model"])


def list_compared(run: RunFolder, outcome: OutcomeFacts, present: Iterable[str]) -> tuple[str, ...]:
    """Return the reference and its rival; where no verdict names one, or it is not there, every candidate."""
    there = set(present)
    reference, rival = run.facts.study.reference, find_rival(run, outcome)
    candidates = tuple(model.name for model in run.facts.models if model.role == "candidate")
    others = (rival,) if rival in there else candidates
    return tuple(name for name in dict.fromkeys((reference, *others)) if name in there)


def list_views(run: RunFolder, outcome: OutcomeFacts) -> tuple[View, ...]:
    """Return how an outcome's models were validated, without the sites, which have an item of their own."""
    return tuple(view for view in views_of(run, outcome) if view.validation != "internal-external")


def word_view(view: View) -> str:
    """Return ``"in internal validation by nested cross-validation"`` or ``"in external validation on north"``."""
    place = "" if view.validation.startswith("internal") else f" on {view.dataset}"
    return f"in {VALIDATION_WORDS[view.validation].replace(' (', ' by ').removesuffix(')')}{place}"


def word_data(data: DatasetFacts) -> str:
    """Return what a dataset is for: ``"development data"`` or ``"data for external validation (north)"``."""
    return f"data for {data.validation} validation ({data.dataset})" if data.validation else "development data"


def name_data(run: RunFolder, dataset: str) -> str:
    """Return the same by the dataset's name, which an older table may have alone."""
    found = next((data for data in run.facts.data if data.dataset == dataset), None)
    return word_data(found) if found else f"{dataset} data"


def group_alike(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each text once with the titles of the outcomes that share it, in order of first appearance."""
    titles: dict[str, list[str]] = {}
    for title, text in pairs:
        if text.strip():
            titles.setdefault(text, []).append(title)
    yield from ((text, tuple(alike)) for text, alike in titles.items())


def word_alike(run: RunFolder, pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return one sentence for each text, beginning with the outcomes it is about where there are several."""
    several = len(run.outcomes) > 1
    return tuple(say(f"{join_words(alike)}:" if several else "", begin(text)) for text, alike in group_alike(pairs))


def rows_of(run: RunFolder, table: str, **values: str) -> pd.DataFrame:
    """Return the rows of a run's table with these values; an empty table may lack its columns' kinds."""
    frame = run.tables[table]
    return frame if frame.empty else rows_where(frame, **values)


def word_value(value: float) -> str:
    """Return a setting with three figures and without an exponent.

    Examples
    --------
    >>> word_value(1e-05), word_value(0.05623), word_value(300.0)
    ('0.00001', '0.0562', '300')
    """
    text = f"{float(f'{value:.3g}'):.12f}".rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def count_analysed(run: RunFolder, outcome: OutcomeFacts, dataset: str) -> str:
    """Return patients and events that an outcome has in a dataset, as the evaluation counts them."""
    rows = whole_sample(rows_of(run, "evaluation", outcome=outcome.name, dataset=dataset))
    row = first_row(rows, model=run.facts.study.reference)
    if row is None or row["status"] == "suppressed":
        return word_counts(run, outcome, None, None)
    return word_counts(run, outcome, row["n"], row["events"])


def has_sites(run: RunFolder) -> bool:
    """Tell whether the evaluation has results by site, beside those of sites that were left out."""
    rows = rows_of(run, "evaluation", subgroup="site")
    return bool(len(rows)) and bool((rows["validation"] != "apparent").any())
