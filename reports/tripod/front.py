"""Title and objectives, drafted from the plan."""

from __future__ import annotations

from collections.abc import Iterator

from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import count_words, distinct, end, format_number, join_words
from reports.tripod.item import Found
from reports.tripod.telling import list_main, list_outside, mid, name_model, word_data

MOST_NAMED = 3
"""Outcomes that a title can name; more are counted."""
MOST_LISTED = 10
"""Outcomes that an objective can list; more are counted."""
TIMES = {
    "preop": "before the operation",
    "planned": "when the operation is planned",
    "intraop": "at the end of the operation",
    "discharge": "at discharge",
}


def tell_1(run: RunFolder) -> Found:
    """Draft a title: what was done, outcomes with their horizon, and where the patients come from."""
    return Found(
        status="drafted",
        paragraphs=(end(draft_title(run)),),
        artefact="run.json",
        reason="Name the population and the operation in the words of the field, then choose the title.",
    )


def tell_4(run: RunFolder) -> Found:
    """Draft the objectives from the plan: what was developed, evaluated and compared."""
    return Found(
        status="drafted",
        paragraphs=(_word_aim(run), *_word_question(run)),
        artefact="study.toml; run.json",
        reason="Check that this is the aim as it was planned, and name the decision that the model is to serve.",
    )


def draft_title(run: RunFolder) -> str:
    """Return a title without a full stop, from the run's facts alone."""
    return f"{_word_design(run)} of multivariable models predicting {word_outcomes(run)}: {run.facts.definition.title}"


def name_outcome(outcome: OutcomeFacts) -> str:
    """Return an outcome as it stands inside a sentence, with its horizon where the title does not say it."""
    words = mid(outcome.title)
    return words if outcome.horizon in words else f"{words} ({outcome.horizon})"


def word_outcomes(run: RunFolder, most: int = MOST_NAMED) -> str:
    """Name the outcomes, or count them where they are more than `most`; derived thresholds go with their score."""
    names = [name_outcome(outcome) for outcome in list_main(run)]
    return count_words(len(names), "outcome") if len(names) > most else join_words(names) or "no outcome"


def _word_design(run: RunFolder) -> str:
    kinds = distinct(data.validation for data in run.facts.data if data.validation)
    if run.facts.kind == "evaluation":
        return f"{join_words(kinds).capitalize() or 'External'} validation"
    return f"Development with {join_words(('internal', *kinds))} validation"


def _word_aim(run: RunFolder) -> str:
    study = run.facts.study
    known = TIMES.get(study.predict_at, f"at {study.predict_at}")
    by = f"from {count_words(len(study.predictors), 'predictor')} known {known}"
    names = join_words(word_data(data) for data in list_outside(run))
    outcomes = word_outcomes(run, MOST_LISTED)
    if run.facts.kind == "evaluation":
        title = run.facts.developed.title if run.facts.developed else study.title
        return (
            f"The objective was to evaluate models that predict {outcomes} {by}. They were developed "
            f"earlier (\u201c{title}\u201d) and applied unchanged to the {names}; nothing was fitted again."
        )
    validate = "to validate them internally by nested cross-validation"
    steps = f"{validate}, and to evaluate the fixed models on the {names}" if names else f"and {validate}"
    return f"The objective was to develop models that predict {outcomes} {by}, {steps}."


def _word_question(run: RunFolder) -> Iterator[str]:
    """Say what the reference was compared with, where a verdict was planned."""
    facts = run.facts
    rivals = distinct(run.tables["verdicts"].query("role == 'primary'")["model"])
    if facts.kind == "evaluation" or not rivals:
        return
    rival = join_words(_name_rival(run, name) for name in rivals)
    loss = "log loss (of a score, in mean squared error)" if run.has_scores else "log loss"
    yield (
        f"A further objective, stated in the study plan, was to find out whether {rival} predicts better than the "
        f"reference, {name_model(run, facts.study.reference)}, by more than a margin of "
        f"{format_number(100 * facts.study.margin_relative_log_loss, 2).rstrip('0').rstrip('.')} % in {loss}."
    )


def _name_rival(run: RunFolder, name: str) -> str:
    arm = any(model.name == name and model.role == "arm" for model in run.facts.models)
    return "machine learning (the best learner of each training part)" if arm else name_model(run, name)
