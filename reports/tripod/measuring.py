"""Which measures a manuscript reports, how models were compared, and how sure a result is, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from reports.blocks import Table
from reports.measures import MEASURES, RISK_MEASURES, SCORE_MEASURES, MeasureSet, measures_of
from reports.run_facts import RuleFacts
from reports.run_folder import RunFolder
from reports.sections.verdict import word_share
from reports.tables import count_words, distinct, join_words, plain_rows, words_of
from reports.tripod.telling import is_evaluation, name_model

PLOTS = (
    "Calibration was drawn as a flexible curve of the observed proportion against the predicted risk with its 95 % "
    "band, with the distribution of the risks beneath."
)
SCORE_PLOTS = "Calibration of a predicted score was drawn as a flexible curve of observed against predicted points."
WHY = {
    True: "These say how well the order of risks, the risks themselves and decisions based on them agree with what "
    "happened. A share of patients rightly classed is not reported: it depends on a cut-off that no decision has set.",
    False: "These say how far the predicted score is from the recorded one, and whether its interval holds what it "
    "promises.",
}
VARIED = {
    "threshold_set": "the threshold of the outcome",
    "unattainable": "what becomes of patients who could not have reached the threshold",
    "unadjudicated": "whether events that were not adjudicated count",
}
"""What each sensitivity analysis varies."""


def list_measures(run: RunFolder) -> Iterator[str]:
    """Yield which measures are reported and why, by kind of outcome."""
    kinds = {measures_of(outcome.kind).has_events for outcome in run.outcomes}
    if True in kinds:
        curve = " Decisions were assessed by net benefit with decision curves." if _has_decisions(run) else ""
        yield (
            f"Of predicted risks, discrimination and overall performance were measured by "
            f"{_join_measures(run, RISK_MEASURES, RISK_MEASURES.overall)}, calibration by "
            f"{_join_measures(run, RISK_MEASURES, RISK_MEASURES.calibration)}. {PLOTS}{curve} {WHY[True]}"
        )
    if False in kinds:
        yield (
            f"Of predicted scores, the error was measured by "
            f"{_join_measures(run, SCORE_MEASURES, SCORE_MEASURES.overall)}, calibration by "
            f"{_join_measures(run, SCORE_MEASURES, SCORE_MEASURES.calibration)}. {SCORE_PLOTS} {WHY[False]}"
        )


def _join_measures(run: RunFolder, chosen: MeasureSet, names: tuple[str, ...]) -> str:
    found = set(run.tables["evaluation"]["metric"])
    return join_words(words_of(name) for name in names if name in found or chosen is SCORE_MEASURES)


def _has_decisions(run: RunFolder) -> bool:
    return any(outcome.thresholds and outcome.action for outcome in run.outcomes)


def tabulate_measures(run: RunFolder) -> Table:
    """Return what the headline measures are."""
    found = set(run.tables["evaluation"]["metric"])
    names = dict.fromkeys(
        name
        for chosen in (RISK_MEASURES, SCORE_MEASURES)
        for name in (*chosen.overall, *chosen.calibration, "net_benefit")
        if name in found
    )
    rows = ((MEASURES[name].title, MEASURES[name].text, MEASURES[name].source or "\u2013") for name in names)
    return Table(
        name="headline-measures",
        caption="Measures of performance.",
        columns=("Measure", "What it is", "Source"),
        rows=plain_rows(rows),
    )


def list_comparing(run: RunFolder) -> Iterator[str]:
    """Yield how models were compared with the reference, and by which rule a verdict was reached."""
    others = [model for model in run.facts.models if model.role in ("candidate", "arm")]
    if not others:
        yield "No model was set beside the reference, so nothing was compared."
        return
    reference = name_model(run, run.facts.study.reference)
    if is_evaluation(run):
        yield (
            f"The other models were compared with the reference, {reference}, by paired differences on the same "
            "patients. No verdict is reached in an evaluation: it belongs to the development."
        )
        return
    measure = "the log loss, of a score the mean squared error" if run.has_scores else "the log loss"
    yield (
        f"Every model was compared with the reference, {reference}, on the same outer folds. One measure decides: "
        f"{measure}. The margin, the smallest gain that is worth having, was set in "
        f"the plan at {word_share(run)} of the reference's loss. Differences between procedures are means over the "
        "outer folds with the corrected interval of Nadeau and Bengio, and the probability of a difference beyond the "
        "margin comes from the Bayesian correlated t-test; both allow for training folds that overlap. Paired "
        "differences on the same patients have bootstrap intervals. One rival for each outcome gets a verdict, and the "
        "other models are described. The intervals are not adjusted for the number of comparisons."
    )
    if run.facts.study.rule is not None:
        yield _word_rule(run.facts.study.rule)


def _word_rule(rule: RuleFacts) -> str:
    sure = f"{100 * rule.probability:.4g} %"
    return (
        f"The verdict was the first of these that held: better, where a gain above the margin had a probability over "
        f"{sure}; worse, where a rise above it had; practically equivalent, where a difference within the margin had; "
        "no worthwhile gain, where the 95 % interval of the gain ended below the margin; else undecided. A rival "
        f"searched with fewer than {count_words(rule.least_trials, 'trial')}, whose search had not settled, was called "
        "budget-limited instead of anything but better."
    )


def list_certainty(run: RunFolder) -> Iterator[str]:
    """Yield where it is said what the intervals are, which refits were made and which other choices were tried."""
    yield (
        "Every measure of performance has a 95 % interval, but for those of which it is said that they have none. How "
        "an interval was made, and whether it speaks of the fixed models or of the procedure that made them, stands "
        "beneath each table."
    )
    yield from _list_refits(run)
    analyses = [VARIED[name] for name in distinct(run.tables["sensitivity"]["analysis"]) if name in VARIED]
    if analyses:
        yield f"As sensitivity analyses, these choices were varied, in the order of the plan: {'; '.join(analyses)}."
    if len(run.tables["unknown_outcomes"]):
        yield (
            "What patients of unknown outcome could change was asked by letting them differ from patients like them by "
            "fixed shifts."
        )


def _list_refits(run: RunFolder) -> Iterator[str]:
    optimism = run.tables["optimism"]
    counts = [int(value) for value in sorted(set(optimism["n_resamples"].dropna())) if value > 0]
    if counts:
        times = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        fixed = " with the settings of the final models" if "fixed" in set(optimism["tuning"]) else ""
        yield (
            f"Beside the nested cross-validation, models were developed again on {times} bootstrap resamples of the "
            f"patients{fixed}, everything that is learned included, to estimate the optimism of the apparent "
            "performance."
        )
    if len(run.tables["stability"]):
        yield (
            "How far the predictions for one patient lie apart between models developed on resamples was measured as "
            "their instability."
        )
