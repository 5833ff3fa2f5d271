"""Every text of every figure can be read: none overlaps another, none leaves the canvas, also in hard cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from figure_texts import find_faults, list_texts
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from test_reports_report import OUTCOMES, REFERENCE, write_run
from test_reports_sites import make_meta, make_sites

from reports.blocks import Block, Figure
from reports.figures.canvas import REFERENCE_PEN, render_svg, scale_ratio, word_tick
from reports.figures.flow import compute_height, draw_flow
from reports.figures.groups import Panel, draw_group_curve
from reports.run_folder import RunFolder, read_run_folder
from reports.sections.curves import build_calibration, build_decisions
from reports.sections.explanations import build_explanations
from reports.sections.models import build_models
from reports.sections.participants import build_participants
from reports.sections.sites import build_sites
from reports.sections.stability import build_stability
from reports.sections.verdict import build_verdict
from schemas.tables import INSTABILITY_CURVE, META, SCORE_CALIBRATION, SITES, STABILITY

BUILDS = (
    build_verdict, build_models, build_calibration, build_decisions, build_stability, build_sites, build_explanations,
    build_participants,
)  # fmt: skip
LONG = "Penalised logistic regression with restricted cubic splines and pairwise interactions, variant {}"
LEVELS = ("working full time", "on sick leave", "unemployed", "retired", "disability pension", "spondylolisthesis")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The fabricated run with what it lacks: sites, refits and their curves."""
    found = read_run_folder(write_run(tmp_path_factory.mktemp("texts")))
    sites, meta = (
        pd.DataFrame(rows, columns=list(names)) for rows, names in ((make_sites(), SITES), (make_meta(), META))
    )
    for frame in (sites, meta):
        for name in ("reference", "statement", "members", "interval_kind"):
            if name in frame:
                frame[name] = frame[name].fillna("").astype(str)
    return replace(found, tables=found.tables | {"sites": sites, "meta": meta} | make_refits(found))


def make_refits(run: RunFolder) -> dict[str, pd.DataFrame]:
    models = [model.name for model in run.facts.models if model.role != "comparator"]
    base = {"threshold_probability": np.nan, "tuning": "repeated", "status": "ok", "n": 368.0, "n_resamples": 20.0}
    stability = [
        base | {"outcome": outcome, "model": model, "metric": metric, "estimate": value * (k + 1), "n_failed": 0.0}
        for outcome in OUTCOMES
        for k, model in enumerate(models)
        for metric, value in (("mean_mape", 0.02), ("p95_mape", 0.05), ("mean_width", 0.1))
    ]
    curves = [
        base | {"outcome": outcome, "model": model, "predicted": x, "middle": x, "lower": 0.7 * x, "upper": 1.2 * x}
        for outcome in OUTCOMES
        for model in models
        for x in np.linspace(0.05, 0.5, 6)
    ]
    return {
        "stability": pd.DataFrame(stability, columns=list(STABILITY)),
        "instability": pd.DataFrame(curves, columns=list(INSTABILITY_CURVE)),
    }


def with_long_titles(run: RunFolder) -> RunFolder:
    models = tuple(model.model_copy(update={"title": LONG.format(k)}) for k, model in enumerate(run.facts.models))
    names = tuple(
        one.model_copy(
            update={"title": f"{one.title or one.name}, as patients tell it at the first visit (points of 100)"}
        )
        for one in run.facts.predictors
    )
    contributions = run.tables["contributions"]
    levels = contributions["level"].where(
        ~contributions["level"].isin(["never", "former", "current"]),
        contributions["level"] + " for as long as is known",
    )
    tables = run.tables | {"contributions": contributions.assign(level=levels)}
    return replace(run, facts=run.facts.model_copy(update={"models": models, "predictors": names}), tables=tables)


def with_many_levels(run: RunFolder) -> RunFolder:
    frame = run.tables["contributions"]
    smoking = frame[(frame["predictor"] == "smoking") & (frame["level"] == "never")]
    more = [smoking.assign(level=level, mean_contribution=0.1 * k) for k, level in enumerate(LEVELS)]
    return replace(run, tables=run.tables | {"contributions": pd.concat([frame, *more], ignore_index=True)})


def scaled(run: RunFolder, factor: float) -> RunFolder:
    """Return the run with differences and contributions of another size."""
    columns = ["estimate", "lower", "upper", "rope"]
    tables = dict(run.tables)
    for name in ("procedures", "comparison", "sites", "meta"):
        frame = tables[name]
        found = [column for column in columns if column in frame]
        tables[name] = frame.assign(**{column: factor * frame[column].astype(float) for column in found})
    frame = tables["contributions"]
    tables["contributions"] = frame.assign(mean_contribution=factor * frame["mean_contribution"])
    return replace(run, tables=tables)


def with_one_model(run: RunFolder) -> RunFolder:
    kept = {
        name: frame[frame["model"].isin([REFERENCE, "treat_all", "treat_none"])] if "model" in frame else frame
        for name, frame in run.tables.items()
    }
    models = tuple(model for model in run.facts.models if model.name == REFERENCE)
    return replace(run, facts=run.facts.model_copy(update={"models": models}), tables=kept)


def with_scores(run: RunFolder) -> RunFolder:
    """Return the run with its first outcome as a score from a scale without bounds."""
    first, *others = run.facts.outcomes
    x = np.linspace(-1.2e4, 9.8e5, 12)
    own = {"predicted": x, "observed": 1.1 * x, "lower": 0.8 * x, "upper": 1.3 * x, "knots": 5, "n": 900.0}
    curves = [
        pd.DataFrame({"outcome": first.name, "dataset": "development", "validation": "internal", "model": m.name} | own)
        for m in run.facts.models
    ]
    frame = pd.concat(curves).reindex(columns=list(SCORE_CALIBRATION))
    facts = run.facts.model_copy(update={"outcomes": (first.model_copy(update={"kind": "score"}), *others)})
    return replace(run, facts=facts, tables=run.tables | {"score_calibration": frame})


def with_everyone_above(run: RunFolder) -> RunFolder:
    """Return the run with net benefit that rises to the right, where the models' is hidden from the middle on."""
    frame = run.tables["decision"]
    at = frame["threshold_probability"]
    middle = at.min() + 0.5 * (at.max() - at.min())
    everyone = frame["model"] == "treat_all"
    benefit = frame["net_benefit"].where(~everyone, 3.0 * at)
    hidden = ~frame["model"].isin(["treat_all", "treat_none"]) & (at > middle)
    return replace(run, tables=run.tables | {"decision": frame.assign(net_benefit=benefit)[~hidden]})


CASES = {
    "as it is": lambda run: run,
    "long titles": with_long_titles,
    "many levels": with_many_levels,
    "tiny ranges": lambda run: scaled(run, 1e-4),
    "huge ranges": lambda run: scaled(run, 1e4),
    "one model": with_one_model,
    "scores": with_scores,
    "everyone above the models": with_everyone_above,
}


def figures_of(run: RunFolder) -> Iterator[Figure]:
    blocks: list[Block] = [block for build in BUILDS for block in build(run)]
    return (block for block in blocks if isinstance(block, Figure))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_no_text_overlaps_another_or_leaves_the_canvas(run: RunFolder, case: str) -> None:
    faults = {figure.name: found for figure in figures_of(CASES[case](run)) if (found := find_faults(figure.svg))}
    assert faults == {}


def test_every_figure_is_as_wide_as_a_column_of_a_journal(run: RunFolder) -> None:
    blocks = [*build_verdict(run), *build_stability(with_one_model(run)), *build_participants(run)]
    widths = {
        round(float(b.svg.split('width="')[1].split("pt")[0]) / 72 * 25.4) for b in blocks if isinstance(b, Figure)
    }
    assert widths <= {84, 174}


def draw_clash(canvas: Canvas) -> None:
    ax = canvas.add_subplot()
    for place in (0.5, 0.51):
        ax.text(place, 0.5, "two words")
    ax.text(0.2, 0.8, "aslant", rotation=45)
    canvas.text(0.99, 0.02, "far out at the right")
    ax.text(0.2, 0.1, "pale", color="#c98a00", size=6)
    canvas.add_artist(Line2D([0.9, 0.9], [0.5, 1.2], transform=canvas.transFigure))


def test_the_check_itself_sees_what_overlaps_and_what_is_outside() -> None:
    svg = render_svg(draw_clash, name="clash", height_mm=40)
    faults = find_faults(svg)
    assert "'two words' overlaps 'two words'" in faults
    assert "'far out at the right' leaves the canvas" in faults
    assert sum("a line to" in fault for fault in faults) == 1
    assert "'pale' is set in 6 points" in faults
    assert "'pale' has a contrast of 2.9" in faults
    assert not any("aslant" in fault for fault in faults)
    aslant = next(one for one in list_texts(svg) if one.text == "aslant")
    assert np.ptp(aslant.corners[:, 1]) > 8


def test_a_title_that_runs_over_the_next_panel_is_seen() -> None:
    def draw(canvas: Canvas, title: str) -> None:
        for k, ax in enumerate(canvas.subplots(1, 4)):
            ax.plot([0, 1], [0, 1])
            ax.set_title("" if k else title, fontsize=6.5, fontweight="normal")

    for title, fault in (
        ("Age band: 80 to 89 (5 431 / 4 573), as recorded", True), ("Age band\n80 to 89 (5 431 / 4 573)", False)
    ):  # fmt: skip
        faults = find_faults(render_svg(partial(draw, title=title), name="titles", height_mm=40))
        assert any("runs into the panel beside it" in told for told in faults) == fault, faults


@pytest.mark.parametrize("attribute", ["Age band", "Smoking as patients tell it at the first visit, ever since"])
def test_titles_of_groups_stay_above_their_panels(attribute: str) -> None:
    levels = ("80 to 89 (5\u202f431\u00a0/\u00a04\u202f573)", "90 to 120",
              "60 to 69 (15\u202f535\u00a0/\u00a013\u202f053)",
              "on sick leave for the back (1\u202f204\u00a0/\u00a0900)")  # fmt: skip
    curve = pd.DataFrame({"model": REFERENCE, "predicted": [0.1, 0.9], "observed": [0.1, 0.8]})

    def draw(canvas: Canvas) -> None:
        for k, ax in enumerate(canvas.subplots(1, len(levels))):
            panel = Panel(title=levels[k], head="" if k else attribute)
            frame = curve.assign(lower=curve["observed"] - 0.1, upper=curve["observed"] + 0.1)
            draw_group_curve(frame, ax, panel=panel, models=[REFERENCE], pens={REFERENCE: REFERENCE_PEN}, limit=1.0)

    assert find_faults(render_svg(draw, name="groups", height_mm=50)) == []


def test_a_flow_of_three_datasets_stays_in_its_columns() -> None:
    rows = [("rows read", 0, 2000), ("threshold not attainable from the score before the operation", 40, 1960),
            ("analysed", 0, 1960)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["reason", "excluded", "remaining"]).assign(
        step=range(3), events=[np.nan, np.nan, 300], status="ok"
    )

    def draw(canvas: Canvas) -> None:
        for k in range(3):
            draw_flow(frame, canvas.add_subplot(1, 3, k + 1), title=f"data set {k}")

    assert find_faults(render_svg(draw, name="flows", height_mm=3.1 * compute_height(frame) + 6)) == []


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [((0.3, 3.0), ["0.5", "1", "2"]), ((0.86, 1.2), ["0.9", "1", "1.1"]), ((0.999, 1.001), ["1"]),
     ((0.2, 6.0), ["0.25", "0.5", "1", "2", "4"])],
)  # fmt: skip
def test_ratios_have_few_ticks_on_every_axis(ends: tuple[float, float], ticks: list[str]) -> None:
    canvas = Canvas()
    ax = canvas.add_subplot()
    ax.plot(ends, [0, 1])
    ax.set_xlim(*ends)
    scale_ratio(ax)
    shown = [word_tick(value) for value in ax.get_xticks() if ends[0] <= value <= ends[1]]
    assert len(shown) <= 5
    assert set(ticks) <= set(shown)
