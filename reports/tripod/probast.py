"""PROBAST+AI: what the run guards, what it warns of, and what only a person can judge. It never judges itself.

After Moons KGM, Damen JAA, Kaul T, et al. PROBAST+AI. BMJ 2025;388:e082505; questions in our own words. Development is
judged as quality, evaluation as risk of bias, and both by people who know the clinic and the methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from reports.blocks import Block, Cell, Table, Text
from reports.run_folder import RunFolder
from reports.tripod.probast_evidence import (
    warns_of_leaks,
    warns_of_nothing,
    warns_of_outcome,
    warns_of_recording,
    warns_of_size,
    warns_of_validation_size,
    word_apparent,
    word_exclusions,
    word_filled,
    word_folds,
    word_followed,
    word_horizon,
    word_imbalance,
    word_leaks,
    word_locked,
    word_measures,
    word_outcome,
    word_overfitting,
    word_predict_at,
    word_predictors,
    word_preparation,
    word_recording,
    word_size,
    word_validation_size,
)
from reports.tripod.telling import list_outside

How = Literal["guarded", "recorded", "person"]
HOW_WORDS: dict[How, str] = {
    "guarded": "guarded by the toolkit",
    "recorded": "recorded by the run",
    "person": "left to a person",
}
WARNED = "the run warns"
"""Stands in the place of the others where there is something to warn of."""
INTRO = (
    "PROBAST+AI asks about the quality of a development and about the risk of bias of an evaluation. The answers are "
    "a person's. The tables say to each question what the toolkit enforces, what this run has to show or to warn of, "
    "and what no run can know. Nothing here says that a risk of bias is low or high."
)

SAME = (
    "The evaluation was internal: its patients are those of the development, and each row was predicted by models that "
    "were developed without it. What stands behind the questions 1.1 to 3.4 is therefore the same as above."
)
"""Said where there are no other data to ask the first eleven questions of."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One signalling question.

    Parameters
    ----------
    name
        Its number in its part.
    text
        What is asked, in our own words.
    how
        What the toolkit does about it.
    warns
        Whether this run warns of it, which is then said instead.
    look
        What this run has to show.
    person
        What is left to a person.
    """

    name: str
    text: str
    how: How
    look: Callable[[RunFolder], str]
    person: str
    warns: Callable[[RunFolder], bool] = warns_of_nothing


def _say_nothing(run: RunFolder) -> str:
    """Say that the run knows nothing of it."""
    return "No run can know this."


SHARED = (
    Question(
        name="1.1", text="Were the data fit for the question?", how="person", look=_say_nothing,
        person="Where the data come from, and why they were collected.",
    ),
    Question(
        name="1.2", text="Was the design fit for the question?", how="person", look=_say_nothing,
        person="Whether a registry of operated patients answers the clinical question.",
    ),
    Question(
        name="1.3", text="Are the patients analysed like those for whom the model is meant?", how="recorded",
        look=word_exclusions, person="Whether those who were left out differ in a way that matters.",
    ),
    Question(
        name="2.1", text="Were predictors measured alike in all patients?", how="recorded",
        look=word_recording, warns=warns_of_recording,
        person="Whether hospitals and years recorded the same thing under the same name.",
    ),
    Question(
        name="2.2", text="Were predictors prepared alike in all patients?", how="guarded", look=word_preparation,
        person="What was done to the data before the toolkit read them.",
    ),
    Question(
        name="2.3", text="Were predictors recorded without knowledge of the outcome?", how="person",
        look=word_predictors, person="Whether anything was entered or corrected after the outcome was known.",
    ),
    Question(
        name="2.4", text="Are all predictors known when the model is to be used?", how="guarded",
        look=word_predict_at, person="Whether the dates of the registry are those of the clinic.",
    ),
    Question(
        name="3.1", text="Was the outcome a fitting one, fittingly determined?", how="recorded",
        look=word_outcome, warns=warns_of_outcome,
        person="Whether the outcome matters to patients and is measured well.",
    ),
    Question(
        name="3.2", text="Was the outcome determined alike in all patients?", how="recorded", look=word_followed,
        person="Whether some were asked or examined more than others.",
    ),
    Question(
        name="3.3", text="Was the outcome determined without knowledge of the predictors?", how="person",
        look=_say_nothing, person="Who assessed the outcome, and what they knew.",
    ),
    Question(
        name="3.4", text="Is the time between predictors and outcome fitting?", how="recorded", look=word_horizon,
        person="Whether the horizon is the one that matters for the decision.",
    ),
)  # fmt: skip
DEVELOPMENT = (
    Question(
        name="4.1", text="Were there enough patients with the outcome?", how="recorded",
        look=word_size, warns=warns_of_size,
        person="Whether the results are to be taken as exploratory.",
    ),
    Question(
        name="4.2", text="Were numbers and categories handled well?", how="guarded",
        look=lambda run: "No predictor is split in two, numbers enter as splines or straight lines or are split by "
        "trees, and no level is pooled by looking at the outcome.",
        person="Whether a number in the data was already a category of something finer.",
    ),
    Question(
        name="4.3", text="Were missing and censored values handled well?", how="guarded", look=word_filled,
        person="Whether what is missing depends on what would have been seen.",
    ),
    Question(
        name="4.4", text="If a rare outcome was balanced, were risks recalibrated?", how="guarded",
        look=word_imbalance, person="Nothing, where nothing was balanced.",
    ),
    Question(
        name="4.5", text="Was overfitting dealt with?", how="guarded", look=word_overfitting,
        person="Whether choices were made by looking at earlier results on the same data.",
    ),
)  # fmt: skip
EVALUATION = (
    Question(
        name="4.1", text="Does the evaluation rest on more than apparent performance?", how="guarded",
        look=word_apparent, person="Whether the evaluation data are far enough from those of the development.",
    ),
    Question(
        name="4.2", text="Were there enough patients with the outcome?", how="recorded",
        look=word_validation_size, warns=warns_of_validation_size,
        person="Whether the intervals are narrow enough for the decision.",
    ),
    Question(
        name="4.3", text="Were missing and censored values handled well?", how="guarded", look=word_locked,
        person="Whether what is missing depends on what would have been seen.",
    ),
    Question(
        name="4.4", text="Was it evaluated on data without correction for a rare outcome?", how="guarded",
        look=word_imbalance, person="Whether the data were sampled by outcome before the toolkit read them.",
    ),
    Question(
        name="4.5", text="Was nothing of the evaluation data known to the models?", how="guarded",
        look=word_leaks, warns=warns_of_leaks,
        person="Whether the same patients stand under other numbers in both.",
    ),
    Question(
        name="4.6", text="Were all steps of the development repeated in the resampling?", how="guarded",
        look=word_folds, person="Choices that were made before the plan was written.",
    ),
    Question(
        name="4.7", text="Were calibration, discrimination and usefulness all measured?", how="guarded",
        look=word_measures, person="Whether the thresholds are those of the decision.",
    ),
)  # fmt: skip


def build_probast_blocks(run: RunFolder) -> list[Block]:
    """Build what the run has to show to each question of PROBAST+AI.

    Parameters
    ----------
    run
        A finished run.

    Returns
    -------
    list of Block
        One table for the development, unless the models were developed elsewhere, and one for the evaluation; then
        the run's warnings. No judgement.
    """
    blocks: list[Block] = [Text(text=INTRO)]
    developed = run.facts.developed
    made = tuple(data.dataset for data in run.facts.data if data.validation is None)
    if run.facts.kind == "evaluation":
        where = f" (\u201c{developed.title}\u201d)" if developed else ""
        blocks.append(Text(text=f"The models were developed elsewhere{where}; that development is judged there."))
    else:
        blocks.append(Text(text="Development", kind="subsection", anchor="probast-development"))
        rows = (*_list_rows(_restrict(run, made), SHARED), *_list_rows(run, DEVELOPMENT))
        blocks.append(_tabulate("development", rows))
    blocks.append(Text(text="Evaluation", kind="subsection", anchor="probast-evaluation"))
    outside = tuple(data.dataset for data in list_outside(run))
    if not outside:
        blocks.append(Text(text=SAME))
    rows = (*_list_rows(_restrict(run, outside or made), SHARED), *_list_rows(run, EVALUATION))
    blocks.append(_tabulate("evaluation", rows))
    return blocks


def _restrict(run: RunFolder, datasets: tuple[str, ...]) -> RunFolder:
    """Return the run as if there were these datasets only."""
    data = tuple(one for one in run.facts.data if one.dataset in datasets)
    tables = {
        name: frame[frame["dataset"].isin(datasets)] if "dataset" in frame else frame
        for name, frame in run.tables.items()
    }
    return replace(run, facts=run.facts.model_copy(update={"data": data}), tables=tables)


def _list_rows(run: RunFolder, questions: tuple[Question, ...]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (
            Cell(text=question.name),
            Cell(text=question.text, detail=WARNED if question.warns(run) else HOW_WORDS[question.how]),
            Cell(text=question.look(run)),
            Cell(text=question.person),
        )
        for question in questions
    )


def _tabulate(part: str, rows: tuple[tuple[Cell, ...], ...]) -> Table:
    return Table(
        name=f"probast-{part}",
        caption=f"PROBAST+AI, {part}: what stands behind an answer. The answers are left to a person.",
        columns=("No.", "Asked", "In this run", "Left to a person"),
        rows=rows,
    )
