"""How predictors entered the models and how each modelling approach was built, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipelines.models import MODELS, Model, Parameter
from pipelines.splines import LEAST_AT_KNOT
from reports.measures import measures_of
from reports.run_facts import ModelFacts, OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.methods import FINAL, word_learners
from reports.tables import MINUS, count_words, distinct, end, first_row, join_words, rows_where
from reports.tripod.telling import find_rival, is_long, label, list_main, mid, rows_of, word_value

SHAPES = {
    "splines": "numbers entered {models} as restricted cubic splines, curved between the outer knots and straight "
    "beyond them; all columns were standardised",
    "linear": "numbers entered {models} as straight lines; all columns were standardised",
    "trees": "{models} took the columns as they were, neither scaled nor cut",
    "boosting": "{models} took the columns as they were, neither scaled nor cut",
}
"""By design matrix; what is standardised is so by the means and standard deviations of the training part."""
CODING = (
    "Every predictor was used on the scale on which it is recorded and none was cut into bands. A predictor of yes or "
    "no entered as 0 or 1, a category as one column for each level{filled}."
)
KNOTS = (
    "The knots stood at equally spaced quantiles of the training part. A quantile that fewer than {least} rows had as "
    "their value was replaced by the mean of the {least} values around it, so that no knot was read off one patient. "
    "Their number, 3 to 5, followed from the number of events or non-events of the whole cohort, the fewer of the two, "
    "and was the same in all folds."
)
PROBABILITY = {
    "chained": "; where missing, as its probability, or those of its levels",
    "indicators": "; where missing, as its probability, or those of its levels",
    "native": "; where missing and not left as a gap, as its probability, or those of its levels",
}
"""By what is made of missing predictors; drawn values are 0 or 1."""
INDICATORS = (
    "For each predictor that was missing in training a further column said whether it was recorded.",
    "indicators",
    "native",
)
SETTINGS = {
    "colsample_bytree": "share of the columns for a tree",
    "l1_ratio": "share of the penalty that can leave predictors out",
    "learning_rate": "learning rate",
    "max_depth": "depth of the trees",
    "max_features": "share of the columns for a split",
    "max_samples": "share of the rows for a tree",
    "min_child_samples": "fewest rows in a leaf",
    "min_child_weight": "least weight of a leaf",
    "min_samples_leaf": "fewest rows in a leaf",
    "num_leaves": "leaves of a tree",
    "reg_lambda": "penalty on the leaves",
    "subsample": "share of the rows for a tree",
    "trees": "number of trees",
}
"""Settings whose names in the libraries are no words."""
ROLES = {
    "reference": "the reference",
    "candidate": "a candidate",
    "sensitivity": "a sensitivity analysis of the reference",
}


def list_designs(run: RunFolder) -> Iterator[str]:
    """Yield how the predictors entered: coding, shapes by model, knots and what marks a gap."""
    yield CODING.format(filled=PROBABILITY.get(run.facts.study.missing, ""))
    shapes = list(_list_shapes(run))
    if shapes:
        yield " ".join(shapes)
    if any(model.design == "splines" for _, model in _known(run)):
        yield KNOTS.format(least=LEAST_AT_KNOT)
        yield from _list_knots(run)
    if run.facts.study.missing in INDICATORS[1:]:
        yield INDICATORS[0]


def _known(run: RunFolder) -> list[tuple[ModelFacts, Model]]:
    """Return the models of the run that are entries of the toolkit's table, with their entries."""
    return [(facts, MODELS[facts.name]) for facts in run.facts.models if facts.name in MODELS]


def _list_shapes(run: RunFolder) -> Iterator[str]:
    texts: dict[str, list[str]] = {}
    for facts, model in _known(run):
        texts.setdefault(SHAPES[model.design], []).append(mid(facts.title))
    for text, models in texts.items():
        told = text.format(models=join_words(models))
        yield end(told[:1].upper() + told[1:])


def _list_knots(run: RunFolder) -> Iterator[str]:
    """Yield the knots of the final reference model; of many outcomes only where they stand."""
    if is_long(run):
        yield "The knots of the final models stand in share/coefficients.csv."
        return
    for outcome in list_main(run):
        rows = rows_of(run, "coefficients", outcome=outcome.name, model=run.facts.study.reference)
        rows = rows[rows["imputation"] == rows["imputation"].min()] if len(rows) else rows
        knots = [
            f"{mid(run.predictor_title(name))} {word_knots(str(row['knots']))}"
            for name in distinct(rows["predictor"] if len(rows) else ())
            if (row := first_row(rows, predictor=name, term="value")) is not None and row["knots"]
        ]
        if knots:
            yield f"{label(run, outcome)} In the final reference model the knots were: {'; '.join(knots)}."


def word_knots(text: str) -> str:
    """Return knots as a list of rounded numbers: ``"31.0; 49.0; 79.4"`` becomes ``"31, 49 and 79.4"``."""
    return join_words(list_knots(text))


def list_knots(text: str) -> tuple[str, ...]:
    """Return knots rounded to four figures, with a true minus sign."""
    return tuple(f"{float(part):.4g}".replace("-", MINUS) for part in text.split(";") if part.strip())


def list_approaches(run: RunFolder) -> Iterator[str]:
    """Yield one paragraph for each modelling approach, the reference first."""
    for facts in sorted(run.facts.models, key=lambda model: model.role != "reference"):
        if facts.role == "arm":
            yield _word_arm(run, facts)
        elif facts.name in MODELS:
            yield _word_model(run, facts, MODELS[facts.name])
        else:
            source = facts.text or "not given"
            yield f"{facts.title} was set beside the models and was no candidate. Its source: {source}."


def _word_model(run: RunFolder, facts: ModelFacts, model: Model) -> str:
    role = ROLES.get(facts.role, facts.role)
    searched = _word_space(model)
    trials = _word_trials(run, facts.name) if model.space else ""
    chosen = " ".join(_list_chosen(run, facts.name)) if model.space or model.path_name else ""
    return f"{facts.title}, {role}. {end(facts.text)} {searched} {trials} {chosen}"


def _word_space(model: Model) -> str:
    """Say which settings were searched and between which bounds."""
    parts = [_word_bounds(parameter) for parameter in model.space]
    if model.path_name:
        values = sorted(model.path_values)
        parts.append(
            f"{_spell(model.path_name)} over {len(values)} values from {word_value(values[0])} to "
            f"{word_value(values[-1])}, all fitted in every trial"
        )
    return f"The search covered {'; '.join(parts)}." if parts else "It has no setting to search."


def _word_bounds(parameter: Parameter) -> str:
    scale = ", on the log scale" if parameter.log else ""
    return f"{_spell(parameter.name)} from {word_value(parameter.low)} to {word_value(parameter.high)}{scale}"


def _spell(parameter: str) -> str:
    return SETTINGS.get(parameter, parameter.replace("_", " "))


def _word_trials(run: RunFolder, name: str) -> str:
    rows = rows_of(run, "tuning", model=name, validation="internal")
    trials = rows["trials"].max() if len(rows) else run.facts.study.trials
    return f"The search had {count_words(int(trials), 'trial')} in each training part."


def _list_chosen(run: RunFolder, name: str) -> Iterator[str]:
    """Yield what was chosen for the final model, with the range over the outer folds; of many outcomes a pointer."""
    if is_long(run):
        yield "What was chosen for each outcome and fold stands in share/tuning.csv."
        return
    for outcome in list_main(run):
        rows = rows_of(run, "tuning", outcome=outcome.name, model=name, validation="internal")
        rows = rows[rows["imputation"] == rows["imputation"].min()] if len(rows) else rows
        final = rows[rows["fold"] == FINAL] if len(rows) else rows
        parts = [
            _word_setting(row, rows_where(rows[rows["fold"] != FINAL], parameter=row["parameter"]))
            for _, row in final.iterrows()
            if row["parameter"] and pd.notna(row["value"])
        ]
        if parts:
            where = f" for {mid(outcome.title)}" if len(list_main(run)) > 1 else ""
            loss = "log loss" if measures_of(outcome.kind).has_events else "mean squared error"
            inner = f"{float(final['inner_loss'].iloc[0]):.4g}"
            yield f"Chosen for the final model{where} (inner {loss} {inner}): {'; '.join(parts)}."


def _word_setting(row: pd.Series, folds: pd.DataFrame) -> str:
    value = f"{_spell(str(row['parameter']))} {word_value(float(row['value']))}"
    if folds.empty:
        return value
    low, high = (word_value(end) for end in (folds["value"].min(), folds["value"].max()))
    return f"{value} (outer folds {low} to {high})"


def _word_arm(run: RunFolder, facts: ModelFacts) -> str:
    learned = [
        f"{label(run, outcome)} {word_learners(run, outcome, facts.name)}"
        for outcome in ([] if is_long(run) else list_main(run))
    ]
    return (
        f"{facts.title}, the rival that the verdict is about. {end(facts.text)} So choosing among learners is inside "
        f"the validation. {' '.join(text for text in learned if text.strip().removesuffix(':'))}"
    )


def word_rival(run: RunFolder, outcome: OutcomeFacts) -> str:
    """Return the rival's title inside a sentence; empty without one."""
    name = find_rival(run, outcome)
    return mid(run.model_title(name)) if name else ""
