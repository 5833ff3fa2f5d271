"""Locked models on other data: where they come from, and what only their development can say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from reports.blocks import Block, Cell, Table, Text
from reports.run_facts import DevelopedFacts, OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import (
    EMPTY,
    HIDDEN,
    count_cell,
    distinct,
    format_count,
    format_interval,
    format_number,
    join_words,
    number_cell,
    plain_rows,
    rows_where,
    suppression_note,
)
from reports.views import make_slug

Build = Callable[[RunFolder], list[Block]]

UNNAMED = "a study that is not named"
SHIFT_NOTE = (
    "Standardised difference: these data minus the development, divided by the root of the mean of both variances, for "
    "each level of a category by itself; 0 where both are alike. It is computed from the figures that are printed, "
    "rounded as they are."
)


def is_evaluation(run: RunFolder) -> bool:
    """Return whether locked models were evaluated, and nothing was developed."""
    return run.facts.kind == "evaluation"


def of_development(what: str, build: Build) -> Build:
    """Return a section that an evaluation of locked models has only one sentence for.

    Parameters
    ----------
    what
        Begins the sentence: what belongs to the development alone.
    build
        Makes the section of a run that developed models.
    """

    def build_either(run: RunFolder) -> list[Block]:
        if not is_evaluation(run):
            return build(run)
        return [Text(text=f"{what}: nothing was fitted here. See the documents of {name_development(run)}.")]

    return build_either


def name_development(run: RunFolder) -> str:
    """Name the study in which locked models were developed."""
    developed = run.facts.developed
    return f"the study \u201c{developed.title}\u201d" if developed else UNNAMED


def introduce_evaluation(run: RunFolder) -> Iterator[Text]:
    """Say that locked models were applied as they are, and where they come from; nothing of a development."""
    if not is_evaluation(run):
        return
    titles = join_words(run.model_title(name) for name in dict.fromkeys(one.model for one in run.facts.bundles))
    where = join_words(data.dataset for data in run.facts.data)
    yield Text(
        text=f"An evaluation of locked models. {titles}, developed in {name_development(run)}"
        f"{_word_development_data(run.facts.developed)}, were applied unchanged to other data ({where}): nothing was "
        "fitted, chosen or recalibrated here, and there is no verdict. Outcomes are judged by the plan of the "
        "development."
    )


def _word_development_data(developed: DevelopedFacts | None) -> str:
    counts = [format_count(data.n_valid) for data in developed.data if data.n_valid] if developed else []
    return f" on {join_words(counts)} operations" if counts else ""


def introduce_methods(run: RunFolder) -> Iterator[Text]:
    """Say which methods are those of this evaluation and which those of the development; nothing of a development."""
    if is_evaluation(run):
        yield Text(
            text="The models were applied as they were developed, missing predictors filled in by what was learned "
            "there. Weights for patients of unknown outcome were fitted on these data, since they describe their "
            "follow-up and not the models. The following paragraph is about the development."
        )


def tabulate_origin(run: RunFolder) -> Iterator[Table]:
    """Yield the data of the development, and the bundles by their hashes, where there are any."""
    if developed := run.facts.developed:
        yield Table(
            name="developed",
            caption=f"Data on which the models were developed, in {name_development(run)}.",
            columns=("Data", "File", "Kind", "Rows valid", "Fingerprint (SHA-256)"),
            rows=tuple(
                (
                    Cell(text=data.dataset) if data.dataset else EMPTY,
                    Cell(text=data.source) if data.source else EMPTY,
                    Cell(text="synthetic" if data.synthetic else "patients"),
                    number_cell(format_count(data.n_valid)),
                    Cell(text=data.fingerprint, style="code"),
                )
                for data in developed.data
            ),
        )
    if run.facts.bundles:
        rows = [(run.outcome_title(one.outcome), run.model_title(one.model), one.sha256) for one in run.facts.bundles]
        yield Table(
            name="bundles",
            caption="Model bundles; the hash is that of bundle.json, which names the hashes of all other files.",
            columns=("Outcome", "Model", "SHA-256"),
            rows=plain_rows(rows),
            folded=True,
        )


def tabulate_shift(run: RunFolder, outcome: OutcomeFacts) -> Iterator[Table]:
    """Yield how the predictors of other data differ from those of the development, one table per dataset."""
    frame = rows_where(run.tables["shift"], outcome=outcome.name)
    for dataset in distinct(frame["dataset"]):
        own = rows_where(frame, dataset=dataset)
        notes = [SHIFT_NOTE]
        if (own["status"] == "suppressed").any():
            notes.append(suppression_note(run.facts.study.suppress_below))
        yield Table(
            name=make_slug("shift", outcome.name, dataset),
            caption=f"Predictors in the {dataset} data against the development, {outcome.title}.",
            columns=(
                "",
                f"n, {dataset}",
                "n, development",
                dataset,
                "development",
                "Standardised difference (95 % CI)",
            ),
            rows=tuple(_list_shift(run, own)),
            notes=tuple(notes),
        )


def _list_shift(run: RunFolder, frame: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    for _, row in frame.iterrows():
        predictor, level, status = str(row["predictor"]), str(row["level"]), str(row["status"])
        title = run.predictor_title(predictor)
        name = f"{title}: {run.level_title(predictor, level)}" if level else f"{title}, mean"
        counts = [count_cell(row[key], status=status) for key in ("n", "n_developed")]
        figures = [_figure_cell(float(row[key]), level, status) for key in ("value", "developed")]
        yield (Cell(text=name), *counts, *figures, _difference_cell(row, status))


def _figure_cell(value: float, level: str, status: str) -> Cell:
    if status == "suppressed":
        return Cell(text=HIDDEN, style="suppressed")
    return number_cell(f"{format_number(value, 1)}{' %' if level else ''}" if value == value else "")


def _difference_cell(row: pd.Series, status: str) -> Cell:
    if status != "ok":
        return Cell(text=status, style="suppressed" if status == "suppressed" else "muted")
    interval = format_interval(float(row["lower"]), float(row["upper"]), 2) if row["lower"] == row["lower"] else ""
    return number_cell(format_number(float(row["difference"]), 2), detail=interval)
