"""Tables and figures of a manuscript, each once, by the item beside which they stand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pandas as pd

from reports.blocks import Block, Cell, Figure, Table
from reports.names import level_in_words
from reports.run_facts import OutcomeFacts, PredictorFacts
from reports.run_folder import RunFolder
from reports.sections.curves import build_calibration, build_decisions
from reports.sections.participants import LEGEND, build_characteristics, build_participants
from reports.sections.sites import build_sites
from reports.sections.verdict import build_verdict, primary_verdict
from reports.tables import (
    EMPTY,
    HIDDEN,
    describe_intervals,
    distinct,
    estimate_cell,
    first_row,
    format_count,
    format_number,
    number_cell,
    rows_where,
    suppression_note,
    title_of,
    whole_sample,
    words_of,
)
from reports.tripod.approaches import list_knots
from reports.tripod.measuring import tabulate_measures
from reports.tripod.methods_data import TIMES
from reports.tripod.performance import DECIDER
from reports.tripod.telling import (
    MANY,
    begin,
    count_analysed,
    find_rival,
    is_evaluation,
    list_compared,
    list_main,
    list_outside,
    list_views,
    rows_of,
    word_view,
)
from reports.views import View, make_slug, models_in

FOLD_ABOVE = 60
"""Rows above which a table is closed at first."""
KINDS = {"number": "number", "flag": "yes or no", "category": "category"}
MEASURES = {
    True: ("c_statistic", "brier_score", "log_loss", "calibration_slope", "oe_ratio"),
    False: ("mae", "rmse", "r_squared", "score_slope", "mean_difference"),
}
"""Columns of the table of performance, of events and of scores."""
DIFFERENCES = {True: ("log_loss", "c_statistic"), False: ("mae", "rmse")}
GROUPS = {True: ("oe_ratio", "calibration_slope", "c_statistic"), False: ("mean_difference", "score_slope", "mae")}
SPLINE = "spline"
"""How the terms of a spline are called in the table of coefficients."""
SUMMARISED = ("c_statistic", "calibration_slope", "oe_ratio", "log_loss", "mae", "score_slope", "mean_difference")
"""Measures whose summary over sites is shown."""
SITE = ("site",)
OF_DIFFERENCES = (
    "Differences are the model's minus the reference's, on the same patients, with paired intervals from resampling "
    "patients. The intervals are not adjusted for the number of comparisons."
)
NOBODY = "no patient in development"
"""Stands for the coefficient of a level that nobody had."""
DRAWN = "manuscript-"
"""Before the names of figures that show less than the figure of the same name in the comparison report."""
HELD = ("oe_ratio", "mean_difference")
"""Held near their ideal value inside stratified folds, so that there they have no column."""


def show_predictors(run: RunFolder) -> list[Block]:
    """Show the predictors: kind, when known, definition."""
    rows = tuple(
        (
            Cell(text=run.predictor_title(one.name)),
            Cell(text=_word_kind(one)),
            Cell(text=TIMES.get(one.known_at, one.known_at)),
            Cell(text=one.text or "\u2013"),
        )
        for one in run.facts.predictors
    )
    return [
        Table(
            name="candidate-predictors",
            caption="Predictors.",
            columns=("Predictor", "Kind", "Known", "Definition"),
            rows=rows,
            folded=len(rows) > FOLD_ABOVE,
        )
    ]


def _word_kind(predictor: PredictorFacts) -> str:
    if predictor.kind == "category" and predictor.levels:
        return f"category: {', '.join(level_in_words(level) for level in predictor.levels)}"
    unit = f", {predictor.unit.replace('_', ' ')}" if predictor.kind == "number" and predictor.unit else ""
    return f"{KINDS.get(predictor.kind, predictor.kind)}{unit}"


def show_measures(run: RunFolder) -> list[Block]:
    """Show what the measures of performance are."""
    return [tabulate_measures(run)] if len(run.tables["evaluation"]) else []


def show_flow(run: RunFolder) -> list[Block]:
    """Show the flow of participants of the outcomes that are told at length."""
    return list(_figures_of(build_participants(_narrow(run, list_at_length(run))), prefix=""))


def show_characteristics(run: RunFolder) -> list[Block]:
    """Show Table 1: of every dataset, but for those that are set beside the development data."""
    told = list_at_length(run)
    shifts = run.tables["shift"]
    beside = set(zip(shifts["outcome"], shifts["dataset"], strict=True))
    wanted = {
        make_slug("characteristics", outcome.name, data.dataset)
        for outcome in told
        for data in run.facts.data
        if is_evaluation(run) or (outcome.name, data.dataset) not in beside
    }
    return [
        replace(table, notes=(LEGEND, *table.notes))
        for table in _tables_of(build_characteristics(_narrow(run, told)))
        if table.name in wanted
    ]


def show_both(run: RunFolder) -> list[Block]:
    """Show the predictors of the evaluation data beside those of the development data."""
    return list(_list_shifts(run))


def _list_shifts(run: RunFolder) -> Iterator[Table]:
    if list_outside(run):
        built = build_characteristics(_narrow(run, list_at_length(run)))
        yield from (table for table in _tables_of(built) if table.name.startswith("shift-"))


def _tables_of(blocks: Iterable[Block]) -> Iterator[Table]:
    return (block for block in blocks if isinstance(block, Table))


def show_coefficients(run: RunFolder) -> list[Block]:
    """Show the coefficients of the reference."""
    return [
        _tabulate_coefficients(run, outcome, rows)
        for outcome in list_at_length(run)
        if len(rows := rows_of(run, "coefficients", outcome=outcome.name, model=run.facts.study.reference))
    ]


def _tabulate_coefficients(run: RunFolder, outcome: OutcomeFacts, rows: pd.DataFrame) -> Table:
    draws = rows["imputation"].nunique()
    shown = rows[rows["imputation"] == rows["imputation"].min()]
    empty = _find_empty(run, outcome)
    return Table(
        name=make_slug("coefficients", outcome.name),
        caption=f"Coefficients of the final reference model, {run.model_title(run.facts.study.reference)}. "
        f"{outcome.title}.",
        columns=("Predictor", "Term", "Coefficient"),
        rows=tuple(_coefficient_row(run, row, empty) for _, row in shown.iterrows()),
        notes=tuple(_note_coefficients(shown, draws)),
        folded=len(shown) > FOLD_ABOVE,
    )


def _note_coefficients(rows: pd.DataFrame, draws: int) -> Iterator[str]:
    """Yield the values of the terms, and where all digits stand."""
    formulas = distinct(
        f"{row['term']} is {row['formula']}"
        for _, row in rows.iterrows()
        if str(row["term"]).startswith(SPLINE) and row["formula"]
    )
    if formulas:
        yield (
            "x is the predictor in its unit, t1, t2 and so on are its knots in ascending order, and pos(u) is u where "
            f"u is above 0, else 0. {begin('; '.join(formulas))}."
        )
    yield (
        "A level counts 1 where it is the patient's, else 0. Coefficients are rounded here; all digits stand in "
        "share/coefficients.csv."
    )
    if rows["coefficient"].isna().any():
        yield (
            "The coefficient of a level is suppressed where its number of patients, of events or of patients without "
            "the event is, since it would tell it; of such a patient no prediction can be computed by hand."
        )
    if draws > 1:
        yield (
            f"Shown is the first of {draws} sets, one for each imputation; the others stand in the same file, and a "
            "prediction is the mean of all."
        )


def _find_empty(run: RunFolder, outcome: OutcomeFacts) -> frozenset[tuple[str, str]]:
    """Return predictor and level of the levels that no patient of the development had, where this is shown."""
    dataset = run.facts.data[0].dataset
    rows = rows_of(
        run, "table1", outcome=outcome.name, dataset=dataset, group="all", statistic="count", status="ok"
    )  # fmt: skip
    rows = rows[rows["value"] == 0] if len(rows) else rows
    return frozenset(zip(rows["predictor"].astype(str), rows["level"].astype(str), strict=True))


def _coefficient_row(run: RunFolder, row: pd.Series, empty: frozenset[tuple[str, str]]) -> tuple[Cell, ...]:
    predictor, level, term = (str(row[name]) for name in ("predictor", "level", "term"))
    is_first = term == "value" and row["knots"]
    knots = f"knots {', '.join(list_knots(str(row['knots'])))}" if is_first else ""
    what = run.level_title(predictor, level) if level else term
    value = float(row["coefficient"])
    shown = "0 (reference)" if term == "reference level" else _round(value)
    if term == "level" and not value > 0 and not value < 0 and (predictor, level) in empty:
        shown = NOBODY
    return (
        Cell(text=run.predictor_title(predictor) if predictor else "Intercept"),
        Cell(text=("x" if term == "value" else what) if predictor else "\u2013", detail=knots),
        number_cell(shown) if shown else Cell(text=HIDDEN, style="suppressed"),
    )


def _round(value: float) -> str:
    """Return a coefficient with four significant figures, nothing where it is hidden."""
    if math.isnan(value):
        return ""
    if value == 0:
        return "0"
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    return format_number(value, digits)


def show_performance(run: RunFolder) -> list[Block]:
    """Show the performance of every outcome; curves and groups of those that are told at length."""
    at_length = {outcome.name for outcome in list_at_length(run)}
    blocks: list[Block] = []
    for outcome in run.outcomes:
        views = list_views(run, outcome)
        blocks += [_tabulate_performance(run, view) for view in views]
        if outcome.name in at_length:
            blocks += _show_curves(run, outcome)
            groups = tuple(name for name in run.facts.study.subgroups if name not in SITE)
            blocks += [table for view in views if (table := _tabulate_groups(run, view, groups)) is not None]
    return blocks


def _show_curves(run: RunFolder, outcome: OutcomeFacts) -> Iterator[Block]:
    """Yield calibration and decision curves of the reference and its rival, and the gains of all models."""
    models = list_compared(run, outcome, run.tables["evaluation"]["model"])
    compared = _leave_sites(_narrow(run, (outcome,), models))
    slugs = [view.slug for view in list_views(run, outcome)]
    yield from _pick(build_calibration(compared), [make_slug("calibration", slug) for slug in slugs])
    if outcome.thresholds and outcome.action:
        yield from _pick(build_decisions(compared), [make_slug("decision", slug) for slug in slugs])
    yield from _figures_of(build_verdict(_narrow(run, (outcome,))), prefix="")


def _leave_sites(run: RunFolder) -> RunFolder:
    """Return the run without what is pooled over sites that were left out: sites have an item of their own."""
    evaluation = run.tables["evaluation"]
    kept = evaluation[evaluation["validation"] != "internal-external"]
    return replace(run, tables=run.tables | {"evaluation": kept})


def _pick(blocks: Iterable[Block], names: Iterable[str]) -> Iterator[Figure]:
    """Yield the figures of these names, renamed: they show fewer models than those of the comparison report."""
    wanted = set(names)
    return _figures_of(block for block in blocks if isinstance(block, Figure) and block.name in wanted)


def _tabulate_performance(run: RunFolder, view: View) -> Table:
    rows = view.select(whole_sample(run.tables["evaluation"]))
    compared = view.select(run.tables["comparison"])
    has_events = view.outcome.kind != "score"
    internal = view.validation == "internal"
    metrics = [name for name in MEASURES[has_events] if not (internal and name in HELD)]
    differences = [name for name in DIFFERENCES[has_events] if name in set(compared["metric"])]
    shown = rows[rows["metric"].isin(metrics)]
    decided = internal and not is_evaluation(run) and primary_verdict(run, view.outcome.name) is not None
    notes = [
        f"{OF_DIFFERENCES}{DECIDER if decided else ''}" if differences else "",
        describe_intervals(shown),
        suppression_note(run.facts.study.suppress_below) if (shown["status"] == "suppressed").any() else "",
    ]
    where = begin(word_view(view).removeprefix("in "))
    return Table(
        name=make_slug("performance", view.slug),
        caption=f"Performance of the models. {view.outcome.title}. {where}: "
        f"{count_analysed(run, view.outcome, view.dataset)}.",
        columns=(
            "Model",
            *(title_of(name) for name in metrics),
            *(f"Difference in {words_of(name)}" for name in differences),
        ),
        rows=tuple(_performance_row(run, view, rows, compared, name) for name in models_in(run, rows)),
        notes=tuple(note for note in notes if note),
    )


def _performance_row(
    run: RunFolder, view: View, rows: pd.DataFrame, compared: pd.DataFrame, name: str
) -> tuple[Cell, ...]:
    has_events = view.outcome.kind != "score"
    internal = view.validation == "internal"
    own, against = rows_where(rows, model=name), rows_where(compared, model=name)
    metrics = [metric for metric in MEASURES[has_events] if not (internal and metric in HELD)]
    differences = [metric for metric in DIFFERENCES[has_events] if metric in set(compared["metric"])]
    is_reference = name == run.facts.study.reference
    role = "reference" if is_reference else "rival" if name == find_rival(run, view.outcome) else ""
    return (
        Cell(text=run.model_title(name), detail=role),
        *(estimate_cell(first_row(own, metric=metric)) for metric in metrics),
        *(EMPTY if is_reference else estimate_cell(first_row(against, metric=metric)) for metric in differences),
    )


def _tabulate_groups(run: RunFolder, view: View, groups: tuple[str, ...]) -> Table | None:
    """Return the reference's performance in each group of these attributes."""
    frame = rows_where(view.select(run.tables["evaluation"]), model=run.facts.study.reference)
    metrics = GROUPS[view.outcome.kind != "score"]
    rows: list[tuple[Cell, ...]] = []
    for group in groups:
        own = rows_where(frame, subgroup=group)
        own = own[own["metric"].isin(metrics)]
        if own.empty:
            continue
        rows.append((Cell(text=run.predictor_title(group), style="group"), *[Cell(text="")] * (len(metrics) + 2)))
        rows += [
            _group_row(run, group, level, own, metrics) for level in run.order_levels(group, distinct(own["level"]))
        ]
    if not rows:
        return None
    shown = frame[frame["metric"].isin(metrics) & frame["subgroup"].isin(groups)]
    notes = [describe_intervals(shown)]
    if (shown["status"] == "suppressed").any():
        notes.append(suppression_note(run.facts.study.suppress_below))
    where = "each site" if groups == SITE else "the declared groups"
    return Table(
        name=make_slug("groups", *(groups if groups == SITE else ()), view.slug),
        caption=f"The reference in {where}. {view.outcome.title}. {begin(word_view(view)[3:])}.",
        columns=("Group", "n", "Events", *(title_of(metric) for metric in metrics)),
        rows=tuple(rows),
        notes=tuple(note for note in notes if note),
    )


def _group_row(
    run: RunFolder, group: str, level: str, rows: pd.DataFrame, metrics: tuple[str, ...]
) -> tuple[Cell, ...]:
    own = rows_where(rows, level=level)
    hidden = (own["status"] == "suppressed").any()
    counts = [Cell(text=HIDDEN, style="suppressed")] * 2 if hidden else [
        number_cell(format_count(own.iloc[0][name])) for name in ("n", "events")
    ]  # fmt: skip
    return (
        Cell(text=run.level_title(group, level), style="indent"),
        *counts,
        *(estimate_cell(first_row(own, metric=metric)) for metric in metrics),
    )


def show_sites(run: RunFolder) -> list[Block]:
    """Show the sites of the reference and its rival: forest plot and summary; else each site as a group."""
    blocks: list[Block] = []
    if run.tables["sites"].empty:
        views = [view for outcome in list_at_length(run) for view in list_views(run, outcome)]
        return [table for view in views if (table := _tabulate_groups(run, view, SITE)) is not None]
    for outcome in list_at_length(run):
        found = rows_of(run, "sites", outcome=outcome.name)
        if len(found):
            models = list_compared(run, outcome, found["model"])[:MANY]
            narrowed = _narrow(run, (outcome,), models)
            meta = narrowed.tables["meta"]
            kept = narrowed.tables | {"meta": meta[meta["metric"].isin(SUMMARISED)]}
            built = build_sites(replace(narrowed, tables=kept))
            blocks += _figures_of(built)
            blocks += [one for one in built if isinstance(one, Table) and one.name.startswith("sites-summary")]
    return blocks


def list_at_length(run: RunFolder) -> tuple[OutcomeFacts, ...]:
    """Return the outcomes of which a manuscript shows every table and figure: the first of the plan."""
    return list_main(run)[:MANY]


def _narrow(run: RunFolder, outcomes: Iterable[OutcomeFacts], models: tuple[str, ...] = ()) -> RunFolder:
    """Return the run as if it were about these outcomes and models alone; without models about all."""
    names = {outcome.name for outcome in outcomes}
    kept = tuple(outcome for outcome in run.facts.outcomes if outcome.name in names)
    tables = {
        name: frame[frame["model"].isin((*models, "", "treat_all", "treat_none"))]
        if models and "model" in frame
        else frame
        for name, frame in run.tables.items()
    }
    return replace(run, facts=run.facts.model_copy(update={"outcomes": kept}), tables=tables)


def _figures_of(blocks: Iterable[Block], *, prefix: str = DRAWN) -> Iterator[Figure]:
    """Yield the figures among blocks, renamed where they show less than those of their name elsewhere."""
    return (replace(block, name=f"{prefix}{block.name}") for block in blocks if isinstance(block, Figure))


EXHIBITS: dict[str, Callable[[RunFolder], list[Block]]] = {
    "9b": show_predictors,
    "12e": show_measures,
    "20a": show_flow,
    "20b": show_characteristics,
    "20c": show_both,
    "22": show_coefficients,
    "23a": show_performance,
    "23b": show_sites,
}
"""By item: what is shown beside its paragraphs."""
