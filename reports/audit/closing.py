"""How many groups were looked at, what is hidden and by which rule, what the audit does not say, and who signs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reports.audit import words
from reports.audit.data import count_suppressed, hash_files
from reports.audit.hashes import list_without_models, name_hashed
from reports.audit.rows import build_rows, list_judgements
from reports.audit.scope import list_analyses
from reports.blocks import Block, Cell, Table, Text
from reports.run_folder import RunFolder
from reports.sections.subgroup_words import MULTIPLICITY
from reports.tables import count_words, format_count, number_cell
from reports.views import VALIDATION_WORDS

ROLES = ("Prepared by", "Reviewed by", "Approved by")
FIELDS = ("Name", "Role", "Date", "Signature")


def build_multiplicity(run: RunFolder) -> list[Block]:
    """Build how many intervals were looked at, and how their number was handled."""
    found = list_judgements(run)
    made = [one for one in found if one.gap == one.gap]
    groups = {(one.subgroup, one.level) for one in found}
    attributes = {one.subgroup for one in found}
    analyses = sum(1 for _ in list_analyses(run))
    return [
        Text(
            text=f"{count_words(len(groups), 'group')} of {count_words(len(attributes), 'attribute')} in "
            f"{format_count(analyses)} {'analysis' if analyses == 1 else 'analyses'} gave "
            f"{count_words(len(made), 'interval')} of a gap in the conclusions above. Where every gap were nil, about "
            "one interval in twenty would leave 0 out by chance."
        ),
        Text(text=MULTIPLICITY),
    ]


def build_suppression(run: RunFolder) -> list[Block]:
    """Build the rule by which numbers are hidden, and how many were."""
    largest = run.facts.study.suppress_below - 1
    hidden = tuple(count_suppressed(build_rows(run)))
    rule = Text(text=words.RULE.format(largest=largest))
    if not hidden:
        return [rule, Text(text=words.NOTHING_HIDDEN)]
    rows = tuple(
        (
            Cell(text=run.outcome_title(str(one["outcome"]))),
            Cell(text=_name_analysis(str(one["validation"]), str(one["dataset"]))),
            Cell(text=run.predictor_title(str(one["subgroup"]))),
            number_cell(format_count(float(str(one["groups"])))),
            number_cell(format_count(float(str(one["cells"])))),
        )
        for one in hidden
    )
    return [
        rule,
        Table(
            name="audit-suppressed",
            caption="How much is suppressed.",
            columns=("Outcome", "Where", "Attribute", "Groups", "Cells"),
            rows=rows,
            notes=(
                "Groups with at least one suppressed cell; cells are rows of share/audit.csv, of all models. "
                "Suppressed to protect another group, or for itself: both are counted.",
            ),
        ),
    ]


def _name_analysis(validation: str, dataset: str) -> str:
    if not validation:
        return f"what is known of each group, {dataset}"
    return f"{VALIDATION_WORDS[validation]}, {dataset}"


def build_limits(run: RunFolder) -> list[Block]:
    """Build what the audit does not say, and what to do about a group that is outside."""
    return [*(Text(text=text, kind="bullet") for text in words.NOT_SAID), Text(text=words.LADDER)]


def build_signatures(run: RunFolder) -> list[Block]:
    """Build the place for names and signatures, beside the hashes that say what is signed."""
    blank = tuple(Cell(text="", style="blank") for _ in FIELDS)
    return [
        Text(text=words.SIGNING.format(what=name_hashed(run))),
        *_count_conclusions(run),
        Table(
            name="audit-signatures",
            caption="Signatures.",
            columns=("", *FIELDS),
            rows=tuple((Cell(text=role), *blank) for role in ROLES),
        ),
        Table(
            name="audit-signed",
            caption="Signed for (SHA-256).",
            columns=("What", "SHA-256"),
            rows=tuple((Cell(text=what), Cell(text=value, style="code")) for what, value in _list_signed(run)),
            notes=(words.SIGNED_MODELS,) if run.facts.bundles else (),
        ),
    ]


def _count_conclusions(run: RunFolder) -> Iterator[Table]:
    """Yield what is signed in numbers: how many groups of each model had which conclusion."""
    found = list_judgements(run)
    places = dict.fromkeys((one.analysis.view.title, one.model) for one in found)
    shown = [name for name in words.IN_WORDS if any(one.conclusion == name for one in found)]
    rows = []
    for title, model in places:
        own = Counter(one.conclusion for one in found if (one.analysis.view.title, one.model) == (title, model))
        counts = (number_cell(format_count(own[name])) for name in shown)
        rows.append((Cell(text=title), Cell(text=run.model_title(model)), *counts))
    if rows:
        yield Table(
            name="audit-counted",
            caption="Groups by conclusion.",
            columns=("Analysis", "Model", *(words.IN_WORDS[name].capitalize() for name in shown)),
            rows=tuple(rows),
        )


def _list_signed(run: RunFolder) -> Iterator[tuple[str, str]]:
    for name, value in hash_files(run).items():
        yield f"This audit as data ({name})", value
    yield from list_without_models(run)
