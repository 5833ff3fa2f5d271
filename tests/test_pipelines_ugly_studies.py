"""Small and ugly data, the whole way: each has an answer in words, in the tables and in the report."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from platform import machine

import numpy as np
import pandas as pd
import pytest

from outcomes.outcomes import known_threshold_sets
from pipelines.given_predictions import compare_predictions, evaluate_predictions
from pipelines.result import StudyResult
from pipelines.run import run_study
from pipelines.run_folder import write_run
from reports.writing import write_documents
from schemas.definition import parse_definition
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.study import Study, parse_study
from schemas.synthetic import simulate_registry

EVENT = "transfusion_30d"
PREDICTORS = ("age", "sex", "bmi", "odi_0")
NO_REFITS = "[bootstrap]\nresamples = 0"
HIDDEN = "suppressed"


def plan(
    *tables: str,
    keys: str = 'models = ["elastic_net"]',
    outcome: str = EVENT,
    predictors: tuple[str, ...] = PREDICTORS,
    folds: int = 3,
) -> Study:
    """A small study; `keys` are lines at its top, `tables` what follows, without refits unless one is about them."""
    listed = ", ".join(f'"{name}"' for name in predictors)
    text = f"""title = "an ugly study"
definition = "lumbar"
seed = 7
outcomes = ["{outcome}"]
predictors = [{listed}]
{keys}
[split]
outer_folds = {folds}
inner_folds = 2
[tuning]
trials = 2
"""
    parts = tables if any("[bootstrap]" in table for table in tables) else (NO_REFITS, *tables)
    return parse_study(text + "\n".join(parts) + "\n", folder=Path())


@pytest.fixture(scope="module")
def registry() -> Registry:
    return simulate_registry("lumbar", n=300, seed=5, response="complete")


def with_events(registry: Registry, count: int) -> Registry:
    """Give the event to so many patients, rather the heavy and the old."""
    frame = registry.frame.copy()
    risk = (frame["bmi"].fillna(27) - 27) / 8 + (frame["age"].astype(float) - 55) / 30
    risk += np.random.default_rng(0).logistic(size=len(frame))
    return replace(registry, frame=frame.assign(**{EVENT: (risk.rank(ascending=False) <= count).astype(float)}))


def change(registry: Registry, **columns: object) -> Registry:
    return replace(registry, frame=registry.frame.assign(**columns))


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A table of a report as it is read."""

    caption: str
    rows: list[list[str]]
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class Done:
    """A study that was carried out and reported: its tables, and what the report says."""

    result: StudyResult
    folder: Path
    text: str
    printed: list[Printed]

    def section(self, title: str) -> str:
        """The text under a heading of the second level."""
        parts = re.split(r"\n## \d+\. ", self.text)
        (found,) = [part for part in parts if part.startswith(title)]
        return found

    def note(self, start: str) -> str:
        (found,) = [note for note in self.result.notes if start in note]
        return found

    def measures(self, model: str = "spline_logistic", **where: str) -> pd.DataFrame:
        """Rows of the evaluation by measure; of thresholds the first."""
        asked = {"validation": "internal", "subgroup": "overall", "model": model} | where
        rows = self.result.evaluation
        for name, value in asked.items():
            rows = rows[rows[name] == value]
        return rows.drop_duplicates("metric").set_index("metric")


def carry_out(folder: Path, study: Study, registry: Registry, *, workers: int = 1) -> Done:
    """Run a study, write it, render its report, and look at every word of it for nonsense."""
    result = run_study(study, registry, workers=workers)
    folder.mkdir()
    write_run(result, folder)
    page = write_documents(folder, names=["comparison"], formats=["html"])[0].read_text(encoding="utf-8")
    main = page.partition("<main")[2].partition("</main>")[0]
    main = re.sub(r"<(svg|pre)\b.*?</\1>", "", main, flags=re.DOTALL)
    printed = list(_read_tables(main))
    done = Done(result=result, folder=folder, text=_plain(re.sub(r"<h2[^>]*>", "\n## ", main)), printed=printed)
    refuse_nonsense(done, registry)
    return done


def _plain(part: str) -> str:
    spaced = re.sub(r"</(td|th|small)>|<small>", " ", part)
    return html.unescape(re.sub(r"<[^>]+>", "", spaced)).replace("\u00a0", " ")


def _read_tables(main: str) -> Iterator[Printed]:
    for inner, after in re.findall(
        r"<table>(.*?)</table>\s*</div>((?:\s*<p class=\"note\">.*?</p>)*)", main, re.DOTALL
    ):
        body = inner.partition("<tbody>")[2]
        yield Printed(
            caption=_plain(inner.partition("</caption>")[0]).strip(),
            rows=[
                [_plain(cell).strip() for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.DOTALL)]
                for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)
            ],
            notes=[_plain(note).strip() for note in re.findall(r"<p.*?</p>", after, re.DOTALL)],
        )


BROKEN = re.compile(
    r"\b(nan|NaN|None|True(?! positives)|False|inf|NaT)\b|<NA>|[{}]|\.\.|\.;|;\.| ,|\(\)|, and\.|\bof of\b"
)
CODE_NAME = re.compile(r"(?<![/\w])[a-z][a-z0-9]*(?:_+[a-z0-9]+)+\b")
KEYS = {"internal_external", "threshold_probabilities"}
"""Keys of a study that a report tells the reader to write."""


def refuse_nonsense(done: Done, registry: Registry) -> None:
    """Refuse words of a program, names of code (not paths), empty tables, and notes on hidden counts where none is."""
    assert not BROKEN.search(done.text), _around(BROKEN, done.text)
    known = {*registry.columns, *registry.frame, *known_threshold_sets(registry.definition), *KEYS, machine()}
    strange = {name for name in CODE_NAME.findall(done.text) if name not in known}
    assert not strange, f"names of code in the report: {sorted(strange)}"
    for table in done.printed:
        assert table.rows, f"{table.caption} is empty"
        assert any(cell not in ("", "\u2013") for row in table.rows for cell in row[1:]) or len(table.rows[0]) == 1
        cells = {cell for row in table.rows for cell in row}
        is_noted = any("Suppressed:" in note for note in table.notes)
        assert is_noted or not any(HIDDEN in cell for cell in cells), table.caption
        assert not is_noted or any(HIDDEN in cell for cell in cells), table.caption
    shared = [pd.read_csv(path) for path in (done.folder / "share").rglob("*.csv")]
    if not any("status" in table and (table["status"] == "suppressed").any() for table in shared):
        assert HIDDEN not in done.text.replace("are suppressed, and so are levels", "")


def _around(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return "" if found is None else text[max(0, found.start() - 80) : found.end() + 80]


# few events, few non-events

DECISION = """[threshold_probabilities.transfusion_30d]
values = {values}
action = "an additional visit"
"""
FEW_KEYS = 'models = ["elastic_net", "lightgbm"]\nsubgroups = ["sex", "site"]'


@pytest.fixture(scope="module", params=[11, 289], ids=["11 events", "11 non-events"])
def few(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Done:
    values = "[0.05, 0.2]" if request.param == 11 else "[0.8, 0.95]"
    study = plan(DECISION.format(values=values), keys=FEW_KEYS)
    return carry_out(tmp_path_factory.mktemp("few") / "run", study, with_events(registry, request.param))


def test_eleven_of_a_kind_are_enough_to_run_and_every_measure_has_its_interval_or_its_reason(few: Done):
    found = few.measures()
    assert min(found.loc["c_statistic", "events"], 300 - found.loc["c_statistic", "events"]) == 11
    given = found.loc[["c_statistic", "log_loss", "brier_score", "scaled_brier", "calibration_slope", "event_rate"]]
    assert (given["status"] == "ok").all()
    assert given["lower"].notna().all()
    assert found.loc["c_statistic", "interval_kind"].startswith("patient bootstrap, percentile")
    assert (found.loc[["oe_ratio", "calibration_in_the_large"], "status"] == "not informative").all()
    assert found.loc["ici", "interval_kind"] == "none: no interval is known to cover near perfect calibration"
    assert "Fewer than 200 events or non-events: read the shape with caution" in few.text


def test_eleven_of_a_kind_are_warned_of_by_the_criteria_of_sample_size(few: Done):
    assert "developing a regression model asks for" in few.note("criteria of Riley et al.")
    assert "there are 300: estimates are imprecise" in few.note("criteria of Riley et al.")
    assert "Firth's logistic regression stands beside the reference" in few.note("1.6 events (or non-events")
    sizes = few.result.sample_size.set_index("criterion")
    assert sizes.loc["shrinkage", "met"] == False  # noqa: E712
    assert sizes.loc["shrinkage", "needed"] > 1_000
    section = few.section("Sample size")
    assert "per candidate parameter 1.6" in section
    assert "Below the sample-size criteria in the development data: 300 operations where" in few.section(
        "Question and answer"
    )
    assert "Transfusion within 30 days: there are 1.6 events" in few.section("Question and answer")


def test_eleven_of_a_kind_give_a_verdict_that_claims_nothing(few: Done):
    verdicts = few.result.verdicts.set_index("model")
    assert list(verdicts.index) == ["elastic_net", "lightgbm", "firth_logistic"]
    assert verdicts.loc["lightgbm", ["role", "verdict"]].tolist() == ["primary", "budget-limited"]
    assert (verdicts.loc[["elastic_net", "firth_logistic"], "role"] == "described").all()
    assert verdicts.loc["lightgbm", "power_at_twice_margin"] < 0.1
    section = few.section("Does a model beat the reference?")
    assert "was tuned with 2 trials in each fold, fewer than the 50 that the study asks for" in section
    assert "This run is no argument against LightGBM" in section


def test_eleven_of_a_kind_leave_nothing_to_audit_and_show_no_small_count(few: Done):
    gaps = few.result.gaps[few.result.gaps["metric"] != "expected_log_oe_half_width"]
    assert set(gaps["status"]) == {"suppressed", "not assessable"}
    assert not gaps["conclusion"].isin(["equivalent", "outside", "inconclusive"]).any()
    for table in (gaps, few.result.evaluation):
        fewer = np.minimum(table["events"].astype(float), (table["n"] - table["events"]).astype(float))
        assert not fewer.between(1, 4).any()
    (whole,) = gaps.query("subgroup == 'sex' and level == '(any)' and metric == 'calibration_in_the_large'")[
        "conclusion"
    ].unique()
    assert whole == "not assessable"


@pytest.fixture(scope="module")
def nine(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Done:
    study = plan(keys="models = []")
    return carry_out(tmp_path_factory.mktemp("nine") / "run", study, with_events(registry, 9))


def test_below_ten_events_the_interval_says_so(nine: Done):
    found = nine.measures()
    assert found.loc["c_statistic", "interval_kind"].endswith("; fewer than 10 events or non-events")
    assert found.loc["average_precision", "interval_kind"] == "none: fewer than 10 events"
    assert "average precision: none (fewer than 10 events)" in nine.text
    y = np.arange(60) < 9
    fixed = evaluate_predictions(y, np.where(y, 0.3, 0.2) + np.arange(60) % 7 / 50).set_index("metric")
    assert fixed.loc["c_statistic", "interval_kind"] == "Newcombe (fewer than 10 events or non-events)"
    assert fixed.loc["c_statistic", "lower"] < fixed.loc["c_statistic", "estimate"] < fixed.loc["c_statistic", "upper"]


def test_with_firth_alone_beside_the_reference_there_is_no_verdict_and_the_report_says_so(nine: Done):
    assert nine.result.verdicts["role"].tolist() == ["described"]
    section = nine.section("Does a model beat the reference?")
    assert "no model beside the reference, so there is no verdict" in section
    assert "gets a verdict" not in nine.text
    assert "sensitivity analysis of the reference" in nine.section("Models compared")


# sites


@pytest.mark.slow
def test_a_site_without_an_event_is_hidden_as_a_group_and_left_out_with_others(registry: Registry, tmp_path: Path):
    made = with_events(simulate_registry("lumbar", n=400, seed=5, response="complete"), 60)
    made = change(made, **{EVENT: made.frame[EVENT].where(made.frame["site"] != "S3", 0.0)})
    study = plan("[internal_external]\nleast_events = 3", keys='models = ["elastic_net"]\nsubgroups = ["site"]')
    done = carry_out(tmp_path / "run", study, made)
    own = done.measures(subgroup="site", level="S3")
    assert (own["status"] == "suppressed").all(), "that nobody had the event would tell the fate of each"
    assert own[["estimate", "n", "events"]].isna().to_numpy().all()
    gaps = done.result.gaps
    assert set(gaps.loc[gaps["level"] == "S3", "status"]) == {"suppressed"}
    sites = done.result.sites.drop_duplicates("site").set_index("site")
    (group,) = sites[sites["merged"] > 1].index
    assert "S3" in sites.loc[group, "members"].split("; ")
    assert "S3" not in sites.index
    assert sites["events"].dropna().min() >= 5, "no small count"
    section = re.sub(r"\s+", " ", done.section("Sites"))
    assert "Sites that were left out together, for want of events" in section
    assert f"{group} {sites.loc[group, 'members'].replace('; ', ', ')}" in section


def test_one_site_cannot_be_left_out_and_the_report_says_that_it_was_asked_for(registry: Registry, tmp_path: Path):
    study = plan("[internal_external]", keys='models = []\nsubgroups = ["site"]')
    done = carry_out(tmp_path / "run", study, change(with_events(registry, 80), site="S1"))
    note = done.note("no site is left out in turn")
    words = "at least two sites, or groups of sites, must have 10 patients with the event and without it"
    assert words in note
    assert done.result.sites.empty
    assert "The study asks for every site to be left out in turn; here no site could be" in done.section("Sites")
    assert words in done.section("Question and answer")
    only = done.result.gaps[done.result.gaps["against"] != ""]
    assert set(only["status"]) == {"not assessable"}, "there are no other patients to set against"
    assert done.measures(subgroup="site", level="S1").loc["oe_ratio", "status"] == "ok"


def test_without_a_column_of_sites_the_reason_is_that(registry: Registry, tmp_path: Path):
    made = with_events(registry, 80)
    columns = {name: column for name, column in made.columns.items() if name != "site"}
    made = replace(made, frame=made.frame.drop(columns="site"), columns=columns)
    done = carry_out(tmp_path / "run", plan("[internal_external]", keys="models = []"), made)
    assert "the data have no column site" in done.note("no site is left out in turn")
    with pytest.raises(StudyError, match="site"):
        run_study(plan(keys='models = []\nsubgroups = ["site"]'), made)


# subgroups


def test_a_subgroup_of_one_level_has_nobody_to_be_compared_with(registry: Registry, tmp_path: Path):
    made = change(with_events(registry, 80), sex="male")
    done = carry_out(tmp_path / "run", plan(keys='models = []\nsubgroups = ["sex"]'), made)
    assert "predictor sex is the same wherever it is recorded" in done.note("takes no part")
    assert done.measures(subgroup="sex", level="male").loc["calibration_slope", "status"] == "ok"
    whole, level = done.measures(), done.measures(subgroup="sex", level="male")
    assert level.loc["c_statistic", "estimate"] == whole.loc["c_statistic", "estimate"]
    gaps = done.result.gaps[done.result.gaps["against"] != ""]
    assert set(gaps["status"]) == {"not assessable"}


def test_a_level_of_three_patients_is_hidden_together_with_another(registry: Registry, tmp_path: Path):
    made = with_events(registry, 80)
    sex = made.frame["sex"].where(np.arange(300) >= 3, "other")
    done = carry_out(tmp_path / "run", plan(keys='models = []\nsubgroups = ["sex"]'), change(made, sex=sex))
    for name in ("evaluation", "gaps", "ascertainment"):
        table = getattr(done.result, name)
        table = table[table["subgroup"] == "sex"]
        hidden = table[table["status"] == "suppressed"]
        assert set(hidden["level"]) == {"other", "male"}, f"{name}: one alone could be found by subtraction"
        assert hidden["n"].isna().all()
        assert set(table.loc[table["status"] == "ok", "level"]) <= {"female", "(any)"}
    audit = write_documents(done.folder, names=["audit"], formats=["html"])[0].read_text(encoding="utf-8")
    assert re.search(rf"(?i)\bother ({HIDDEN}|suppressed) ", re.sub(r"\s+", " ", _plain(audit)))


# predictors that say nothing, and that say everything


ALL_MODELS = 'models = ["elastic_net", "random_forest", "xgboost", "lightgbm"]'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (27.0, "predictor bmi is the same wherever it is recorded in transfusion_30d; it takes no part"),
        (np.nan, "predictor bmi is recorded in no patient of transfusion_30d; it takes no part"),
    ],
    ids=["constant", "missing in all"],
)
def test_a_predictor_without_values_takes_no_part_in_any_model(
    registry: Registry, tmp_path: Path, value: float, words: str
):
    made = change(with_events(registry, 80), bmi=value)
    done = carry_out(tmp_path / "run", plan(keys=ALL_MODELS), made)
    assert words in done.result.notes
    assert (done.result.evaluation.query("subgroup == 'overall' and metric == 'log_loss'")["status"] == "ok").all()
    own = done.result.explanations.query("predictor == 'bmi'")
    assert len(own) == 5
    assert (own["mean_absolute_contribution"] == 0).all()
    without = run_study(plan(keys="models = []", predictors=("age", "sex", "odi_0")), made)
    row = without.evaluation.query("validation == 'internal' and subgroup == 'overall' and metric == 'log_loss'")
    assert row["estimate"].item() == pytest.approx(done.measures().loc["log_loss", "estimate"], abs=1e-9)


@pytest.mark.parametrize("missing", ["indicators", "native", "multiple"])
def test_a_predictor_missing_in_all_takes_no_part_however_missing_ones_are_filled(
    registry: Registry, tmp_path: Path, missing: str
):
    keys = f'models = ["lightgbm"]\nmissing = "{missing}"\nimputations = 2'
    done = carry_out(tmp_path / "run", plan(keys=keys, folds=2), change(with_events(registry, 80), bmi=np.nan))
    assert "recorded in no patient" in done.note("predictor bmi")
    assert (done.result.explanations.query("predictor == 'bmi'")["mean_absolute_contribution"] == 0).all()


def test_without_any_predictor_that_varies_everybody_gets_the_event_rate(registry: Registry, tmp_path: Path):
    made = change(with_events(registry, 80), bmi=27.0)
    done = carry_out(tmp_path / "run", plan("[margin]\nleast_trials = 1", predictors=("bmi",)), made)
    assert "takes no part" in done.note("predictor bmi")
    found = done.measures()
    assert found.loc["c_statistic", ["estimate", "interval_kind"]].tolist() == [
        0.5, "none: the same prediction for everyone"
    ]  # fmt: skip
    assert found.loc["calibration_slope", "status"] == "not assessable"
    assert done.result.predictions["y_prob"].between(0.25, 0.29).all()
    assert done.result.verdicts["verdict"].item() == "practically equivalent"
    assert "c-statistic: none (the same prediction for everyone)" in done.text


def test_a_flag_equal_to_the_outcome_is_refused_by_name(registry: Registry):
    made = with_events(registry, 60)
    with pytest.raises(StudyError, match=r"no predictor alone must separate transfusion_30d") as caught:
        run_study(plan(predictors=("age", "depression")), change(made, depression=made.frame[EVENT]))
    assert "  depression: a c-statistic of 1.00\nlook at when each was recorded" in str(caught.value)
    assert "age" not in str(caught.value).partition("\nlook at")[0].partition("got:")[2]


def test_a_flag_equal_to_an_outcome_of_few_events_is_a_warning(registry: Registry, tmp_path: Path):
    made = with_events(registry, 8)
    study = plan(keys="models = []", predictors=("age", "depression"))
    done = carry_out(tmp_path / "run", study, change(made, depression=made.frame[EVENT]))
    (warning,) = [w for w in done.result.warnings if "separates" in w]
    assert "predictor depression alone separates transfusion_30d with a c-statistic of 1.00" in warning
    assert done.measures().loc["c_statistic", "interval_kind"] == "Newcombe (at 0 or 1)"
    assert "Predictor Depression alone separates Transfusion within 30 days" in done.section("Question and answer")


@pytest.mark.parametrize("kind", ["flag", "number"])
def test_what_separates_a_part_of_the_patients_is_named_and_firth_stands_beside(
    registry: Registry, tmp_path: Path, kind: str
):
    made = with_events(registry, 80)
    some = pd.Series(np.cumsum(made.frame[EVENT]) <= 15, index=made.frame.index) & (made.frame[EVENT] == 1)
    name, changed = {
        "flag": ("depression", some.astype(float)),
        "number": ("n_levels_planned", some.map({True: 3.0, False: 1.0})),
    }[kind]
    study = plan(keys='models = []\npredict_at = "planned"', predictors=("age", name))
    done = carry_out(tmp_path / "run", study, change(made, **{name: changed}))
    note = done.note("can be told for certain")
    assert f"the outcome can be told for certain from {name}; Firth's logistic regression stands beside" in note
    assert note.endswith("spline_logistic stays the reference in every fold")
    firth = done.measures("firth_logistic")
    assert firth.loc["log_loss", "status"] == "ok"
    assert np.isfinite(firth.loc["calibration_slope", "estimate"])
    coefficients = done.result.coefficients
    assert coefficients["coefficient"].abs().max() < 50, "penalised, so finite"
    models = next(table for table in done.printed if "Models. All are fitted" in table.caption)
    assert [row[1] for row in models.rows] == ["reference", "sensitivity analysis of the reference"]


# a model that is sure


def test_risks_of_0_and_1_are_evaluated_and_every_row_says_what_that_means():
    rng = np.random.default_rng(1)
    y = (rng.random(200) < 0.3).astype(float)
    found = evaluate_predictions(y, np.where(rng.random(200) < 0.8, y, 1 - y)).set_index("metric")
    assert np.isfinite(found.loc["log_loss", "estimate"])
    assert found.loc["log_loss", "interval_kind"] == "Wald, risks of 0 or 1 moved by 0.000001 in 200 operations"
    resting = ["calibration_in_the_large", "calibration_slope", "calibration_intercept", "nagelkerke_r2"]
    assert (found.loc[resting, "status"] == "not assessable").all()
    assert (found.loc[resting, "interval_kind"].str.contains("rest on where the risks of 0 and 1 are moved to")).all()
    assert (found.loc[["c_statistic", "brier_score", "scaled_brier", "oe_ratio"], "status"] == "ok").all()


def test_a_perfect_and_sure_model_has_no_interval_of_width_zero():
    y = np.arange(100) % 3 == 0
    found = evaluate_predictions(y, y.astype(float), thresholds=[0.2]).set_index("metric")
    assert found.loc["c_statistic", "interval_kind"] == "Newcombe (at 0 or 1)"
    assert found.loc["c_statistic", "lower"] < 1
    widths = found["upper"] - found["lower"]
    assert not (widths < 1e-9).any(), found[widths < 1e-9]
    for metric in ("brier_score", "log_loss", "oe_ratio", "discrimination_slope"):
        assert found.loc[metric, "interval_kind"] == "none: no variation between patients"


def test_nobody_expected_and_nobody_above_the_threshold_is_not_assessable():
    y = np.arange(100) % 3 == 0
    found = evaluate_predictions(y, np.zeros(100), thresholds=[0.2]).set_index("metric")
    assert (found.loc[["oe_ratio", "calibration_slope", "ppv"], "status"] == "not assessable").all()
    assert found.loc["c_statistic", "interval_kind"] == "none: the same prediction for everyone"


def test_two_identical_models_differ_by_nothing_and_no_interval_is_claimed():
    rng = np.random.default_rng(1)
    y = (rng.random(200) < 0.3).astype(float)
    p = np.clip(0.3 + 0.1 * y + rng.normal(0, 0.1, 200), 0, 1)
    found = compare_predictions(y, {"mine": p, "again": p}, reference="mine", thresholds=[0.3])
    found = found[found["metric"].str.endswith("_difference") & (found["status"] == "ok")].set_index("metric")
    assert {"log_loss_difference", "c_statistic_difference", "net_benefit_difference"} <= set(found.index)
    assert (found["estimate"] == 0).all()
    tested = found[found["interval_kind"] != "described only"]
    assert (tested["interval_kind"] == "none: no variation between patients").all()


@pytest.mark.slow
def test_the_command_evaluates_risks_of_0_and_1(tmp_path: Path):
    y = np.arange(60) % 3 == 0
    table = pd.DataFrame({"y_true": y.astype(int), "y_prob": np.where(np.arange(60) < 50, y, ~y).astype(int)})
    table.to_csv(tmp_path / "sure.csv", index=False)
    command = [sys.executable, "-m", "spinerisk", "evaluate", str(tmp_path / "sure.csv")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any("Calibration slope \u2502 not assessable" in line for line in lines)
    assert "risks of 0 or 1 moved by 0.000001" in " ".join(lines)
    assert not re.search(r"\bnan\b|\binf\b|None", done.stdout)


def test_a_declared_comparator_that_is_sure_stands_beside_the_models(registry: Registry, tmp_path: Path):
    declared = registry.definition.text + (
        '[comparators.sure]\ntitle = "A rule that is sure"\noutcome = "transfusion_30d"\nplus = ["depression"]\n'
        'scale = "probability"\nsource = "made up"\n'
    )
    made = replace(with_events(registry, 60), definition=parse_definition(declared, name="own"))
    made = change(made, depression=made.frame["depression"].fillna(0.0))
    done = carry_out(tmp_path / "run", plan(keys='models = []\ncomparators = ["sure"]'), made)
    found = done.measures("sure")
    assert found.loc["log_loss", "estimate"] > 2
    assert "risks of 0 or 1 moved by 0.000001" in found.loc["log_loss", "interval_kind"]
    assert (found.loc[["calibration_slope", "nagelkerke_r2"], "status"] == "not assessable").all()
    verdict = done.result.verdicts.set_index("model").loc["sure"]
    assert verdict["role"] == "described", "a comparator is no candidate"
    assert "A rule that is sure beside the models, no candidate" in re.sub(r"\s+", " ", done.section("Models compared"))


# rivals that are none


@pytest.mark.parametrize("keys", ["models = []", 'models = ["spline_logistic"]'])
def test_without_a_rival_there_is_nothing_to_decide(registry: Registry, tmp_path: Path, keys: str):
    done = carry_out(tmp_path / "run", plan(keys=keys), with_events(registry, 80))
    assert done.result.verdicts.empty
    assert done.result.comparison.empty
    assert "no model beside the reference, so there is nothing to decide" in done.section("Does a model beat")
    assert "predict better than the reference" not in done.section("Question and answer")
    assert "Verdict." not in done.text
    assert "gets a verdict" not in done.text


@pytest.mark.parametrize(("model", "title"), [("elastic_net", "Elastic net"), ("xgboost", "XGBoost")])
def test_the_only_other_model_is_the_rival_and_there_is_no_arm(
    registry: Registry, tmp_path: Path, model: str, title: str
):
    done = carry_out(tmp_path / "run", plan(keys=f'models = ["{model}"]', folds=2), with_events(registry, 80))
    assert done.result.verdicts[["model", "role"]].to_numpy().tolist() == [[model, "primary"]]
    assert "machine_learning" not in set(done.result.predictions["model"])
    assert f"does {title} predict better than the reference" in done.section("Question and answer")
    assert "best learner" not in done.text


# a score with everything on


@pytest.fixture(scope="module")
def score(tmp_path_factory: pytest.TempPathFactory) -> Done:
    study = plan(
        "[bootstrap]\nresamples = 20\nstability = true",
        "[internal_external]\nleast_events = 10",
        '[derived_thresholds]\nodi_12m_score = ["scoap15_2_2"]',
        "[threshold_probabilities.odi_12m_score__scoap15_2_2]",
        'values = [0.4, 0.6]\naction = "an additional visit"',
        keys='models = ["elastic_net", "lightgbm"]\nsubgroups = ["sex", "site"]',
        outcome="odi_12m_score",
        predictors=("age", "sex", "odi_0", "nrs_leg_0"),
        folds=2,
    )
    return carry_out(tmp_path_factory.mktemp("score") / "run", study, simulate_registry("lumbar", n=450, seed=5))


@pytest.mark.slow
def test_a_score_with_everything_on_has_every_table(score: Done):
    result = score.result
    derived = "odi_12m_score__scoap15_2_2"
    for name in (
        "evaluation",
        "comparison",
        "procedures",
        "verdicts",
        "optimism",
        "stability",
        "sites",
        "meta",
        "gaps",
    ):
        assert set(getattr(result, name)["outcome"]) == {"odi_12m_score", derived}, name
    (primary,) = result.verdicts[result.verdicts["role"] == "primary"].to_dict("records")
    assert (primary["outcome"], primary["metric"]) == ("odi_12m_score", "mean_squared_error")
    assert set(result.verdicts.loc[result.verdicts["outcome"] == derived, "metric"]) == {"log_loss"}
    assert "derived from the prediction of Disability (ODI), score at 12 months, to which the verdict" in score.text
    optimism = result.optimism.query("outcome == 'odi_12m_score' and model == 'spline_logistic'").set_index("metric")
    assert optimism.loc["rmse", "corrected"] > optimism.loc["rmse", "apparent"]
    assert optimism.loc["r_squared", "corrected"] < optimism.loc["r_squared", "apparent"]


@pytest.mark.slow
def test_the_report_of_a_score_speaks_of_points_and_the_derived_threshold_of_risks(score: Done):
    summary = score.section("Question and answer")
    assert "predicted the score with a mean absolute error of" in summary
    assert "improvement of at least 15 points" in summary
    assert "had a c-statistic of" in summary
    assert "mean absolute difference in points" in score.section("Stability")
    assert "the c-statistic has its" not in score.text
    assert "linear regression with the same splines" in score.section("Models compared")
    assert "numbers enter as restricted cubic splines" in score.section("Models compared")
    assert "Net benefit at the declared threshold probabilities" in score.section("Decision curves")
    assert "calibration curves of the predicted score, in points" in score.section("Calibration").lower()
    for row in (row for table in score.printed for row in table.rows):
        for cell in row:
            value, _, interval = cell.partition(" ")
            assert interval != f"{value} to {value}" or "." not in value, f"an interval of width zero: {row}"


# missing predictors in four ways


KEYS_OF_TREES = """models = ["xgboost", "lightgbm", "random_forest"]
missing = "{missing}"
imputations = 3
calibration = "logistic"
"""
SAID = {
    "multiple": "Missing predictors are drawn 3 times by chained regressions",
    "indicators": "for every predictor that was missing in training a further column says whether it is recorded",
    "native": "Missing predictors are given as gaps to XGBoost and LightGBM",
}


@pytest.mark.slow
@pytest.mark.parametrize("missing", list(SAID))
def test_every_way_with_missing_predictors_runs_and_one_or_two_workers_give_the_same_bytes(
    tmp_path: Path, missing: str
):
    made = simulate_registry("lumbar", n=300, seed=5)
    study = plan(keys=KEYS_OF_TREES.format(missing=missing), outcome="odi_mcid_12m", folds=2)
    done = carry_out(tmp_path / "1", study, made)
    again = run_study(study, made, workers=2)
    (tmp_path / "2").mkdir()
    write_run(again, tmp_path / "2")
    written = [
        {str(path.relative_to(tmp_path / n)): path.read_bytes() for path in (tmp_path / n / "share").rglob("*.csv")}
        for n in "12"
    ]
    assert [name for name, content in written[0].items() if content != written[1][name]] == []
    notes = done.section("Methods notes")
    assert SAID[missing] in notes
    assert "logistic recalibration of its risks" in notes
    assert "not recalibrated" not in notes
    tuned = done.result.tuning
    assert tuned["imputation"].nunique() == (3 if missing == "multiple" else 1)
    if missing == "multiple":
        assert done.measures().loc["log_loss", "interval_kind"].endswith("pooled over 3 imputations by Rubin's rules")


# refits


@pytest.mark.slow
def test_refits_with_fixed_tuning_say_that_they_understate(registry: Registry, tmp_path: Path):
    study = plan(
        '[bootstrap]\nresamples = 20\nstability = true\ntuning = "fixed"',
        keys='models = ["elastic_net", "xgboost", "lightgbm"]',
        folds=2,
    )
    done = carry_out(tmp_path / "run", study, with_events(registry, 60))
    for name in ("optimism", "stability"):
        table = getattr(done.result, name)
        refitted = table[table["n_resamples"] > 0]
        assert set(refitted["tuning"]) == {"fixed"}
        assert set(refitted["n_resamples"]) == {20}
    assert {"spline_logistic", "elastic_net", "xgboost", "lightgbm", "machine_learning"} == set(
        done.result.stability["model"]
    )
    assert "Tuning held fixed" in done.section("Apparent and corrected performance")
    assert "understates instability" in done.section("Stability")
