"""How it was done: settings chosen, the exact plan, where everything came from, and what the measures mean."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reports.blocks import Block, Cell, CellStyle, Table, Text
from reports.measures import MEASURES, REFERENCES, Measure, measures_of
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.elsewhere import introduce_methods, is_evaluation, tabulate_origin
from reports.tables import (
    count_words,
    distinct,
    end,
    first_row,
    format_count,
    format_number,
    join_words,
    number_cell,
    plain_rows,
    rows_where,
)
from reports.views import VALIDATION_WORDS, make_slug, models_in

FINAL = -1
"""Fold of the model that is fitted on everyone, which is the one to be used."""
TIMED = ("event_by_horizon", "recurrence")
"""Kinds of outcomes that know when an event came."""
FILLED = "by chained regressions that never see the outcome, the same ones in later use"
MISSING = {
    "chained": f"Missing predictors are imputed {FILLED}.",
    "indicators": f"Missing predictors are imputed {FILLED}, and for every predictor that was missing in training a "
    "further column says whether it is recorded.",
    "native": f"Missing predictors are given as gaps to XGBoost and LightGBM. For the other models they are imputed "
    f"{FILLED}, and a further column says whether each is recorded, so that no model knows more than another.",
    "multiple": f"Missing predictors are drawn {{imputations}} {FILLED}. Everything is repeated for each draw, and the "
    "measures of performance and their differences are pooled by Rubin's rules. Gaps between groups, results by site, "
    "case mix, what unknown outcomes could change, the comparison of procedures with its verdict, and the bands of "
    "curves are averaged over the draws: their intervals do not hold how the draws differ. Optimism and stability are "
    "those of the model of the first draw.",
}
CALIBRATION = {
    "none": "Predicted risks are not recalibrated afterwards.",
    "logistic": "The last step of every model is a logistic recalibration of its risks, learned from its own inner "
    "held-out predictions in each training part.",
}
NO_PATIENTS = (
    "The data hold no patient number: each row was taken as a patient, and two operations of one person may stand in "
    "different folds"
)
"""Said in the place of what is done to keep operations of a patient together."""
COMPETING = "a competing event, after which the outcome can no longer be observed, counts as a known non-event."


def build_tuning(run: RunFolder) -> list[Block]:
    """Build a compact table of the settings chosen in every outer fold."""
    study = run.facts.study
    blocks: list[Block] = [
        Text(
            text=f"Every model was tuned inside each of {study.outer_folds} outer training folds"
            f"{f', {study.repeats} times' if study.repeats > 1 else ''}, by log loss over {study.inner_folds} inner "
            f"folds{_word_squares(run)}, with {count_words(study.trials, 'trial')} for each model that has something "
            "to search. Settings that jump from fold to fold are a result too: the data do not determine them."
        )
    ]
    for outcome in run.outcomes:
        frame = rows_where(run.tables["tuning"], outcome=outcome.name, validation="internal")
        if not frame.empty:
            blocks += [_tabulate_chosen(run, outcome, frame), _tabulate_tuning(run, outcome, frame)]
    if len(blocks) == 1:
        return [Text(text="No model of this run had anything to tune.")]
    return blocks


def _tabulate_chosen(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Table:
    """Print of every setting where it lay over the training parts, and what it is in the model to be used."""
    frame = frame[frame["imputation"].fillna(0) == 0]
    final = frame["fold"] == FINAL
    rows: list[tuple[Cell, ...]] = []
    for model in models_in(run, frame):
        own = frame["model"] == model
        rows.append((Cell(text=run.model_title(model), style="group"), Cell(text=""), Cell(text="")))
        rows += [
            (
                Cell(text=parameter.replace("_", " "), style="indent"),
                _range_cell(run, rows_where(frame[own & ~final], parameter=parameter)),
                _setting_cell(run, first_row(frame[own & final], parameter=parameter)),
            )
            for parameter in distinct(frame.loc[own, "parameter"])
            if parameter
        ]
    return Table(
        name=make_slug("tuning-chosen", outcome.name),
        caption=f"Settings chosen, {outcome.title}.",
        columns=("Setting", "Over the training parts", "Final"),
        rows=tuple(rows),
        notes=("Lowest to highest over the outer training parts. Final: fitted on all operations, the model to use.",),
    )


def _range_cell(run: RunFolder, frame: pd.DataFrame) -> Cell:
    """Return the lowest and highest setting, or how often each learner was chosen."""
    chosen = frame.loc[frame["choice"] != "", "choice"]
    if len(chosen):
        counts = chosen.value_counts(sort=False)
        return Cell(text=join_words(f"{run.model_title(str(name))} in {count}" for name, count in counts.items()))
    low, high = (_format_setting(float(value)) for value in (frame["value"].min(), frame["value"].max()))
    return number_cell(low if low == high else f"{low} to {high}")


def _word_squares(run: RunFolder) -> str:
    return " (of a score by the mean squared error)" if run.has_scores else ""


def _tabulate_tuning(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Table:
    fits = list(dict.fromkeys(zip(frame["repeat"], frame["fold"], strict=True)))
    fits.sort(key=lambda fit: (fit[1] == FINAL, fit))
    loss = "log loss" if measures_of(outcome.kind).has_events else "mean squared error"
    rows = [
        row
        for model in models_in(run, frame)
        for row in _tuning_rows(run, rows_where(frame, model=model), model, fits, loss)
    ]
    return Table(
        name=make_slug("tuning", outcome.name),
        caption=f"Settings chosen in every training part, {outcome.title}.",
        columns=("Setting", *(_word_fit(repeat, fold, run.facts.study.repeats) for repeat, fold in fits)),
        rows=tuple(rows),
        notes=tuple(_note_tuning(run)),
        folded=True,
    )


def _note_tuning(run: RunFolder) -> Iterator[str]:
    yield "Final: fitted on all operations; this is the model to be used."
    if run.facts.study.internal_external:
        yield "The settings of the models that leave a site out stand in share/tuning.csv."
    count = run.facts.study.imputations
    if count > 1:
        yield f"Shown is the first of {count} imputations; every one has its own settings, kept in the run's folder."


def _word_fit(repeat: float, fold: float, repeats: int) -> str:
    if fold == FINAL:
        return "Final"
    number = f"{fold + 1:.0f}"
    return f"Fold {number}" if repeats == 1 else f"{repeat + 1:.0f}.{number}"


def _tuning_rows(
    run: RunFolder, frame: pd.DataFrame, model: str, fits: list[tuple[float, float]], loss: str
) -> Iterator[tuple[Cell, ...]]:
    yield (Cell(text=run.model_title(model), style="group"), *[Cell(text="")] * len(fits))
    for parameter in distinct(frame["parameter"]):
        part = rows_where(frame, parameter=parameter)
        found = [first_row(part, repeat=repeat, fold=fold) for repeat, fold in fits]
        cells = [_setting_cell(run, row) for row in found]
        if parameter:
            yield (Cell(text=parameter.replace("_", " "), style="indent"), *cells)
    losses = [first_row(frame, repeat=repeat, fold=fold) for repeat, fold in fits]
    cells = [number_cell("" if row is None else format_number(float(row["inner_loss"]), 4)) for row in losses]
    yield (Cell(text=f"inner {loss}", style="indent"), *cells)


def _setting_cell(run: RunFolder, row: pd.Series | None) -> Cell:
    """Return a setting, or of the machine-learning arm the learner that was chosen."""
    if row is None:
        return number_cell("")
    return (
        Cell(text=run.model_title(str(row["choice"]))) if row["choice"] else number_cell(_format_setting(row["value"]))
    )


def _format_setting(value: float) -> str:
    return "" if value != value else f"{value:.3g}".replace("-", "\u2212")


def word_learners(run: RunFolder, outcome: OutcomeFacts, rival: str) -> str:
    """Say which learner the machine-learning arm was, in the folds and in the end; nothing of any other rival."""
    frame = rows_where(run.tables["tuning"], outcome=outcome.name, model=rival, validation="internal", imputation=0.0)
    chosen = frame[frame["choice"] != ""]
    folds, final = chosen[chosen["fold"] >= 0], chosen[chosen["fold"] < 0]
    if folds.empty or final.empty:
        return ""
    counts = folds["choice"].value_counts(sort=False)
    words = join_words(f"{run.model_title(str(name))} in {count}" for name, count in counts.items())
    name = str(final["choice"].iloc[0])
    return (
        f"The learner with the lowest inner loss was {words} of {len(folds)} training parts; of all patients together "
        f"it is {run.model_title(name)} (models/{outcome.name}/{name})."
    )


def build_plan(run: RunFolder) -> list[Block]:
    """Print the study as it was given, to the letter."""
    which = "plan by which the models were developed" if is_evaluation(run) else "plan that was run"
    return [
        Text(text=f"The exact text of the {which}; its SHA-256 is {run.facts.study.sha256}."),
        Text(text=run.study_text, kind="code"),
    ]


def build_provenance(run: RunFolder) -> list[Block]:
    """Build what the results can be traced to."""
    return [
        _tabulate_data(run),
        *tabulate_origin(run),
        Table(
            name="provenance",
            caption="Where the results came from.",
            columns=("What", "Value"),
            rows=tuple((Cell(text=what), Cell(text=value, style=_style(what))) for what, value in list_provenance(run)),
        ),
        _tabulate_predictors(run),
    ]


def _style(what: str) -> CellStyle:
    return "code" if what.endswith("SHA-256") else ""


def list_provenance(run: RunFolder) -> Iterator[tuple[str, str]]:
    """Yield names and values of everything that identifies the run; no time and no path."""
    facts = run.facts
    yield "Toolkit", f"spinerisk {facts.spinerisk}"
    yield "Seed", str(facts.seed)
    yield "Study, SHA-256", facts.study.sha256
    yield f"Definition {facts.definition.name}, SHA-256", facts.definition.sha256
    if facts.code_sha256:
        yield "Code, SHA-256", facts.code_sha256
    if facts.platform:
        yield "Platform", facts.platform
    if facts.versions:
        yield "Versions", ", ".join(f"{name} {version}" for name, version in facts.versions.items())


def _tabulate_data(run: RunFolder) -> Table:
    rows = tuple(
        (
            Cell(text=data.dataset),
            Cell(text=data.validation or "development"),
            Cell(text=data.source),
            Cell(text="synthetic" if data.synthetic else "patients"),
            number_cell(format_count(data.n_read)),
            number_cell(format_count(data.n_valid)),
            Cell(text=data.fingerprint, style="code"),
        )
        for data in run.facts.data
    )
    return Table(
        name="data",
        caption="Data.",
        columns=("Data", "Role", "File", "Kind", "Rows read", "Rows valid", "Fingerprint (SHA-256)"),
        rows=rows,
    )


def _tabulate_predictors(run: RunFolder) -> Table:
    rows = [
        (run.predictor_title(predictor.name), predictor.name, predictor.known_at, predictor.text or "\u2013")
        for predictor in run.facts.predictors
    ]
    return Table(
        name="predictors",
        caption="Predictors, when they are known, and how they are defined.",
        columns=("Predictor", "Column", "Known", "Definition"),
        rows=plain_rows(rows),
        folded=True,
    )


def build_notes(run: RunFolder) -> list[Block]:
    """Build what each measure means, how the models were validated, and the references."""
    study = run.facts.study
    repeats = f", repeated {study.repeats} times" if study.repeats > 1 else ""
    apart = ", no patient in two folds" if run.names_patients else f". {NO_PATIENTS}"
    return [
        *introduce_methods(run),
        Text(
            text=f"Internal validation is nested cross-validation: {study.outer_folds} outer folds{repeats}, "
            f"{study.inner_folds} inner folds for tuning{apart}. Everything that is learned from data (imputation, "
            "positions of the spline knots, scaling, tuning) is learned from each training fold alone. Only the number "
            "of spline knots is the same in all folds: it follows from how many events, or operations without the "
            f"event if these are fewer, the whole cohort has. {_describe_missing(run)} "
            f"{CALIBRATION[study.calibration]} No resampling or weighting is used against a rare outcome."
        ),
        *_describe_weights(run),
        Text(
            text="Risks are predicted for patients who were operated on. Nothing here estimates the effect of an "
            "operation, or compares operating with not operating."
        ),
        *_tabulate_measures(run),
    ]


def _tabulate_measures(run: RunFolder) -> Iterator[Table]:
    """Yield what the measures of the run are, closed, and the references; nothing where nothing was measured."""
    if not _measures_in(run):
        return
    yield Table(
        name="measures",
        caption="Measures.",
        columns=("Measure", "What it is", "Source"),
        rows=plain_rows((m.title, m.text, m.source or "\u2013") for m in _measures_in(run)),
        folded=True,
    )
    yield Table(
        name="references",
        caption="References.",
        columns=("Source", "Reference"),
        rows=plain_rows((name, text) for name, text in REFERENCES.items() if name in _sources_of(run)),
    )


def _describe_missing(run: RunFolder) -> str:
    study = run.facts.study
    return MISSING[study.missing].format(imputations=count_words(study.imputations, "time"))


def _describe_weights(run: RunFolder) -> Iterator[Text]:
    """Say what becomes of patients of unknown outcome, of outcomes that treat them alike together."""
    titles: dict[str, list[str]] = {}
    for outcome in run.outcomes:
        if outcome.unknown_patients:
            titles.setdefault(outcome.unknown_patients, []).append(outcome.title)
    for words, alike in titles.items():
        yield Text(text=f"{join_words(alike)}: {end(words)}")
    competing = [outcome.title for outcome in run.outcomes if outcome.kind in TIMED]
    if titles:
        yield Text(
            text="Unknown is not taken for free of the event. Weights are truncated at 10."
            + (f" {join_words(competing)}: {COMPETING}" if competing else "")
        )


def _measures_in(run: RunFolder) -> list[Measure]:
    found = set(run.tables["evaluation"]["metric"])
    return [measure for measure in MEASURES.values() if measure.name in found]


def _sources_of(run: RunFolder) -> set[str]:
    """Return the names of the references that this run's report rests on."""
    measures = _measures_in(run)
    estimates = pd.concat([run.tables[name] for name in ("evaluation", "comparison")])
    kinds = estimates.loc[estimates["validation"].isin(VALIDATION_WORDS), "interval_kind"]
    sources = {
        "Vickers 2023": any(measure.name == "net_benefit" for measure in measures),
        "DeLong 1988": kinds.str.contains("DeLong").any(),
        "Lundberg 2020": not run.tables["explanations"].empty,
    }
    return {measure.source for measure in measures} | {name for name, is_used in sources.items() if is_used}
