"""What was audited, held against which hashes, and the question with its margin."""

from __future__ import annotations

from collections.abc import Iterator

from reports.audit import words
from reports.audit.data import find_margin
from reports.audit.hashes import list_hashes, name_hashed
from reports.audit.rows import list_unanswerable
from reports.audit.scope import LOCKED, PROCEDURE, Analysis, list_analyses
from reports.blocks import Block, Cell, Table, Text
from reports.run_folder import RunFolder
from reports.tables import PLANNED, distinct, join_words, plain_rows


def build_target(run: RunFolder) -> list[Block]:
    """Build what was audited: the procedure or locked models, on which data, and the hashes of everything."""
    analyses = tuple(list_analyses(run))
    if not run.facts.study.subgroups or not analyses:
        return [Text(text=words.NO_GROUPS), tabulate_hashes(run)]
    targets = distinct(analysis.target for analysis in analyses)
    return [
        *_say_unanswerable(run),
        *(Text(text=words.TARGETS[target], kind="bullet") for target in targets),
        Text(text=words.NO_APPARENT),
        *_say_developed(run),
        _tabulate_analyses(run, analyses),
        tabulate_hashes(run),
    ]


def _say_unanswerable(run: RunFolder) -> Iterator[Text]:
    """Say plainly, before anything else, of which groups nothing can be concluded since the models know them."""
    found = tuple(list_unanswerable(run))
    for told in dict.fromkeys(tuple(names.items()) for _, names in found):
        names = dict(told)
        named = join_words(run.predictor_title(name) for name in names)
        outcomes = join_words(run.outcome_title(outcome) for outcome, own in found if own == names)
        judged = join_words(run.predictor_title(name) for name, is_judged in names.items() if is_judged)
        but = words.BUT_UNKNOWN.format(names=judged) if judged else ""
        yield Text(text=words.UNANSWERABLE.format(outcome=outcomes, names=named) + but, kind="warning")


def _name_target(target: str) -> str:
    return {PROCEDURE: "The procedure", LOCKED: "Locked models"}[target]


def _say_developed(run: RunFolder) -> Iterator[Text]:
    if run.facts.developed is not None:
        yield Text(text=f"The locked models were developed in the study \u201c{run.facts.developed.title}\u201d.")


def _tabulate_analyses(run: RunFolder, analyses: tuple[Analysis, ...]) -> Table:
    rows = (
        (
            analysis.view.outcome.title,
            analysis.view.short_title,
            _name_target(analysis.target),
            join_words(run.model_title(model) for model in analysis.models),
        )
        for analysis in analyses
    )
    return Table(
        name="audit-target",
        caption="What was audited.",
        columns=("Outcome", "Validation", "Target", "Models printed"),
        rows=plain_rows(rows),
        notes=("The first model is the reference; a second one is the rival that the verdict of the study is about.",),
    )


def tabulate_hashes(run: RunFolder, name: str = "audit-hashes") -> Table:
    """Return the hashes of all that the audit can be held against."""
    return Table(
        name=name,
        caption=f"Hashes (SHA-256) of {name_hashed(run)}.",
        columns=("What", "SHA-256"),
        rows=tuple((Cell(text=what), Cell(text=value, style="code")) for what, value in list_hashes(run)),
    )


def build_question(run: RunFolder) -> list[Block]:
    """Build the question, the margin that was set in advance, and what the conclusions mean."""
    margin = find_margin(run)
    names = join_words(run.predictor_title(name) for name in run.facts.study.subgroups)
    groups = words.GROUPS_ON_REQUEST if run.facts.kind == "evaluation" else words.GROUPS
    return [
        Text(text=words.QUESTION),
        Text(text=words.NO_MARGIN if margin is None else words.MARGIN.format(margin=f"{margin:g}")),
        Text(text=groups.format(names=names) if names else words.NO_GROUPS),
        Text(text=words.LIMITS),
        *(
            Text(text=f"{title[0].upper()}{title[1:]}: {words.MEANINGS[name]}.", kind="bullet")
            for name, title in words.IN_WORDS.items()
        ),
        Text(text=f"Groups and margin are {PLANNED_HERE[run.facts.kind]}.", kind="note"),
    ]


PLANNED_HERE = {
    "development": PLANNED.split(" (")[0],
    "evaluation": "as the plan of the development set them, but for groups that were named for these data, as declared "
    "by who ran it",
}
