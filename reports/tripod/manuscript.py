"""The TRIPOD+AI report: a manuscript's sections, written from the run, with what only its author can say left open."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import groupby

from reports.blocks import Block, Table, Text
from reports.document import Document, Section
from reports.run_folder import RunFolder
from reports.sections.methods import build_provenance
from reports.tables import join_words
from reports.tripod.abstract import BACKGROUND, HEADINGS, MEANING, REGISTRATION
from reports.tripod.answers import Told, answers_of, merge
from reports.tripod.checklist import build_checklist_blocks, list_checklist_files
from reports.tripod.exhibits import EXHIBITS, list_at_length
from reports.tripod.item import Part
from reports.tripod.items import ITEMS
from reports.tripod.probast import build_probast_blocks
from reports.tripod.telling import MANY, is_evaluation, list_main, name_origin, say
from reports.views import make_slug

LABELS = {
    "3a": "Clinical question and existing models", "3b": "Purpose and users", "3c": "Known inequalities",
    "5a": "Datasets", "5b": "Dates and follow-up",
    "6a": "Setting", "6b": "Eligibility", "6c": "Treatments",
    "8a": "Definition", "8b": "Assessors of the outcome", "8c": "Blinding of the outcome",
    "9a": "Choice of the predictors", "9b": "Definitions of the predictors", "9c": "Assessors of the predictors",
    "20a": "Flow", "20b": "Characteristics", "20c": "Comparison with the development data",
    "19": "Involvement in this study",
    "27a": "Poor or missing input", "27b": "Users and their knowledge",
}  # fmt: skip
"""Headings of subitems that share the heading of their group."""
INTRO = (
    "Written from the tables of the run; every number stands in a file of its share folder. What only the author can "
    "say is left open and marked so. The other models, all measures, all curves and further analyses stand in the "
    "comparison report, the groups in the audit."
)


def build_title(run: RunFolder) -> list[Block]:
    """Build the title page: title, authors, affiliations, keywords, and what kind of study it is."""
    told = _find(run, "1")
    answers = answers_of(run)
    named = (
        ("Authors", answers.authors, "their names as they shall be printed"),
        ("Affiliations", answers.affiliations, "of each author"),
        ("Keywords", answers.keywords, "as the journal asks for"),
    )
    blocks: list[Block] = [Text(text="Title", kind="subsection", anchor=told.anchor)]
    blocks += [Text(text=text) for text in told.paragraphs]
    blocks += _list_open(told)
    for what, given, asked in named:
        text = f"{what}: {'; '.join(given) or asked}."
        blocks.append(Text(text=text, kind="paragraph" if given else "author"))
    origin = f" Nothing was developed: {name_origin(run)}." if is_evaluation(run) else ""
    return [*blocks, Text(text=f"{INTRO}{origin}{_word_left_out(run)}", kind="note")]


def _word_left_out(run: RunFolder) -> str:
    """Say of which outcomes the manuscript shows less."""
    others = [outcome.title for outcome in list_main(run)[MANY:]]
    if not others:
        return ""
    shown = join_words(outcome.title for outcome in list_at_length(run))
    return (
        f" The study has many outcomes: all tables and figures are shown of {shown}, of the others the performance; "
        "the comparison report has the rest."
    )


def build_abstract(run: RunFolder) -> list[Block]:
    """Build the abstract: structured where it is the run's draft, else as the author has written it."""
    told = _find(run, "2")
    blocks: list[Block] = [Text(text="Structured abstract", kind="subsection", anchor=told.anchor)]
    if told.status == "answered":
        return [*blocks, *(_split_heading(text) for text in told.paragraphs)]
    blocks.append(Text(text=BACKGROUND, kind="author"))
    blocks += [_split_heading(text) for text in told.paragraphs]
    return [*blocks, Text(text=MEANING, kind="author"), Text(text=REGISTRATION, kind="author")]


def _split_heading(text: str) -> Text:
    """Return a paragraph of the abstract, its heading parted from it by a full stop."""
    heading, _, rest = text.partition(": ")
    return Text(text=f"{heading}. {rest}" if heading in HEADINGS else text)


def build_part(run: RunFolder, part: Part) -> list[Block]:
    """Build one part of the manuscript: what is told to its items, under their headings, with what is shown."""
    wanted = [item for item in ITEMS.values() if item.part == part]
    told = [one for one in merge(run, items=wanted) if one.status != "not_applicable"]
    blocks: list[Block] = []
    for heading, items in groupby(told, key=lambda one: one.item.heading):
        group = list(items)
        alone = len(group) == 1
        anchor = group[0].anchor if alone else make_slug("part", part, heading)
        title = LABELS.get(group[0].name, heading) if alone and heading == part else heading
        blocks.append(Text(text=title, kind="subsection", anchor=anchor))
        for one in group:
            if not alone:
                blocks.append(Text(text=LABELS.get(one.name, one.item.heading), kind="heading", anchor=one.anchor))
            blocks += _build_item(run, one)
    return blocks


def _build_item(run: RunFolder, told: Told) -> Iterator[Block]:
    yield from (Text(text=text) for text in told.paragraphs)
    yield from _list_open(told)
    if told.name in EXHIBITS:
        yield from EXHIBITS[told.name](run)
    yield from told.blocks


def _list_open(told: Told) -> Iterator[Text]:
    """Yield what is left to the author, as an open place: the question, or what a draft lacks."""
    if told.status == "author":
        yield Text(text=told.item.question, kind="author")
        if told.reason:
            yield Text(text=say(told.reason), kind="note")
    elif told.status == "drafted":
        yield Text(text=say(told.reason or told.item.question), kind="author")


def _find(run: RunFolder, name: str) -> Told:
    return merge(run, items=[ITEMS[name]])[0]


def build_sources(run: RunFolder) -> list[Block]:
    """Build what the results can be traced to; the predictors stand in the methods."""
    return [block for block in build_provenance(run) if not (isinstance(block, Table) and block.name == "predictors")]


def _part(part: Part) -> Section:
    return Section(name=make_slug(part), title=part, build=partial(build_part, part=part))


_ENTRIES = (
    Section(name="title-page", title="Title page", build=build_title),
    Section(name="abstract", title="Abstract", build=build_abstract),
    _part("Introduction"),
    _part("Methods"),
    _part("Open science"),
    _part("Patient and public involvement"),
    _part("Results"),
    _part("Discussion"),
    Section(name="checklist", title="TRIPOD+AI checklist", build=build_checklist_blocks),
    Section(name="probast", title="PROBAST+AI", build=build_probast_blocks),
    Section(name="provenance", title="Provenance", build=build_sources),
)
SECTIONS: dict[str, Section] = {section.name: section for section in _ENTRIES}
TRIPOD = Document(
    name="report",
    title="TRIPOD+AI report",
    text="For the author of a paper: a manuscript with its numbers in place, and the checklist.",
    sections=SECTIONS,
    list_further=list_checklist_files,
)
