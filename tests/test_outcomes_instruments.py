"""Instruments: their table against the dictionary, what is scored, and the traps of variants."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

from outcomes.instrument_checks import check_instrument_scale
from outcomes.instruments import INSTRUMENTS, UNSEEN, join_instruments, score_items
from outcomes.outcomes import known_instruments
from schemas.columns import COLUMNS
from schemas.definition import parse_definition
from schemas.derived.scores import BEST_JAPANESE, ENDINGS, ITEM_SCORES
from schemas.dictionary.scores import INSTRUMENT_SCORES
from schemas.errors import DataError, DefinitionError, StudyError
from schemas.registry import Registry, read_registry
from schemas.specs import InstrumentSpec
from schemas.synthetic import simulate_registry

ROOT = Path(__file__).parent.parent
KNEE = ROOT.parent / "shared" / "data" / "nhs_proms"
needs_knee = pytest.mark.skipif(not KNEE.exists(), reason=f"the NHS PROMs are not in {KNEE}")

STEMS = {score.name: score for score in INSTRUMENT_SCORES}
PARTS = {"mjoa_ue_motor", "mjoa_le_motor", "mjoa_ue_sensory", "mjoa_sphincter"}
"""Stems of columns that are parts of a score and no instruments."""

NO_FIRM_END = {
    "sf36_pcs", "sf36_mcs", "sf12_pcs", "sf12_mcs", "sf6d", "eq5d_index", "promis_pf", "promis_pi",
    "promis_pain_intensity", "joa_recovery_rate", *(f"{stem}_recovery_rate" for stem in BEST_JAPANESE),
}  # fmt: skip
"""Their range is the usual one; value sets, norms and deterioration go beyond."""

RANGES = {
    "odi": (0, 100), "ndi": (0, 100), "nrs_back": (0, 10), "vas_leg": (0, 100), "mjoa": (0, 18),
    "joa_cervical": (0, 17), "joa_lumbar": (-6, 29), "sf36_pf": (0, 100), "sf36_pcs": (10, 70), "sf6d": (0.29, 1),
    "eq5d_index": (-0.594, 1), "eq_vas": (0, 100), "srs22r_total": (1, 5), "srs22r_subscore": (1, 5),
    "comi_back": (0, 10), "comi_neck": (0, 10), "promis_pf": (15, 75), "joabpeq_walking": (0, 100), "rmdq": (0, 24),
    "dash": (0, 100), "quickdash": (0, 100), "nass_satisfaction": (1, 4), "mdi": (0, 30), "pgic": (1, 7),
    "gpe": (1, 7), "hads_a": (0, 21), "hads_d": (0, 21), "phq9": (0, 27), "phq2": (0, 6), "zcq_symptom": (1, 5),
    "zcq_function": (1, 4), "nurick": (0, 5), "lems": (0, 50), "paindetect": (-1, 38),
}  # fmt: skip
ITEMS = {
    "odi": 10, "ndi": 10, "mjoa": 4, "srs22r_total": 22, "srs22r_pain": 5, "srs22r_satisfaction": 2, "comi_back": 7,
    "rmdq": 24, "dash": 30, "quickdash": 11, "mdi": 10, "hads_a": 7, "sf36_pf": 10, "sf36_bp": 2, "sf36_gh": 5,
    "eq5d_index": 5, "sf12_pcs": 12, "phq9": 9, "nrs_arm": 1,
}  # fmt: skip


def test_every_score_of_the_dictionary_is_an_instrument_and_the_reverse() -> None:
    assert set(INSTRUMENTS) == set(STEMS) - PARTS


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_the_range_is_that_of_the_columns(name: str) -> None:
    score, instrument = STEMS[name], INSTRUMENTS[name]
    if name in NO_FIRM_END:
        assert (instrument.low, instrument.high) == score.plausible
    else:
        assert (instrument.low, instrument.high) == score.hard


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_the_direction_is_that_which_the_dictionary_says(name: str) -> None:
    text = COLUMNS[f"{name}_12m"].text
    said = {
        "higher_is_better": "higher is better|1 is full health",
        "lower_is_better": "lower is better|1 very much improved|1 completely recovered|1 met expectations|nerve pain",
    }
    pattern = "its direction could not be seen" if name in UNSEEN else said[INSTRUMENTS[name].direction]
    assert re.search(pattern, text)


@pytest.mark.parametrize("name", RANGES)
def test_ranges_are_the_published_ones(name: str) -> None:
    assert (INSTRUMENTS[name].low, INSTRUMENTS[name].high) == RANGES[name]


@pytest.mark.parametrize("name", ITEMS)
def test_instruments_have_as_many_items_as_the_questionnaires(name: str) -> None:
    assert INSTRUMENTS[name].items == ITEMS[name]


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_entry_says_how_it_is_scored_and_what_gaps_do(name: str) -> None:
    instrument = INSTRUMENTS[name]
    assert instrument.scored.endswith(".")
    assert instrument.domain
    assert instrument.region != "other"
    assert instrument.missing or instrument.items == 1
    assert instrument.scored.startswith("Taken as scored") == (
        name not in {score.name for score in ITEM_SCORES} and instrument.domain != "recovery"
    )
    assert instrument.scoring is None, "the arithmetic of built-in instruments stands with their columns"


@pytest.mark.parametrize("name", [name for name in INSTRUMENTS if not STEMS[name].before])
def test_ratings_of_the_result_are_for_follow_up_only(name: str) -> None:
    assert INSTRUMENTS[name].follow_up_only or name == "mcri"
    assert f"{name}_0" not in COLUMNS


def test_follow_up_only_is_said_of_nothing_else() -> None:
    only = {name for name, instrument in INSTRUMENTS.items() if instrument.follow_up_only}
    assert only == {
        "pgic", "gpe", "nass_satisfaction", "zcq_satisfaction", "joa_recovery_rate", "joa_cervical_recovery_rate",
        "mjoa_recovery_rate", "joa_lumbar_recovery_rate",
    }  # fmt: skip


def test_the_joabpeq_has_five_domains_and_no_total() -> None:
    assert sum(name.startswith("joabpeq") for name in INSTRUMENTS) == 5
    assert "joabpeq" not in INSTRUMENTS


def test_promis_does_not_run_one_way() -> None:
    assert INSTRUMENTS["promis_pf"].direction == "higher_is_better"
    assert {INSTRUMENTS[name].direction for name in ("promis_pi", "promis_pain_intensity")} == {"lower_is_better"}


# Scores of single tables


def test_score_items_takes_the_arithmetic_of_the_columns() -> None:
    items = pd.DataFrame({f"odi_q{number:02d}": [2.0, 5.0, np.nan] for number in range(1, 11)})
    items.loc[1, "odi_q10"] = np.nan
    np.testing.assert_allclose(score_items("odi", items), [40, 100, np.nan])
    assert score_items("odi", items).name == "odi"


def test_score_items_looks_at_the_version() -> None:
    items = ("mobility", "self_care", "activity", "discomfort", "anxiety")
    answers = pd.DataFrame({f"eq5d_{item}": [3.0, 3.0] for item in items})
    answers["eq5d_version"] = pd.Series(["3l", "5l"], dtype="str")
    np.testing.assert_allclose(score_items("eq5d_index", answers), [-0.594, np.nan])


def test_score_items_of_an_own_instrument() -> None:
    spec = InstrumentSpec.model_validate({
        "name": "own", "title": "Own", "low": 0, "high": 100, "direction": "higher_is_better",
        "scoring": {"rule": "percent_of_maximum", "items": ["a", "b"], "low": 1, "high": 3, "reversed": ["b"]},
    })  # fmt: skip
    made = score_items("own", pd.DataFrame({"a": [3.0, 1.0, 2.0], "b": [1.0, 3.0, np.nan]}), {"own": spec})
    np.testing.assert_allclose(made, [100, 0, np.nan])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("promis_pf", r"the score of promis_pf must be given.*item response theory"),
        ("mcri", r"the score of mcri must be given.*not public"),
        ("odi", r"the items of odi must all be columns, odi_q02, odi_q03.* are not"),
        ("sf36_pcs", r"the items of sf36_pcs must all be columns, sf36_pf.*sf36_version are not"),
        ("odl", r"an instrument must be a known name, got 'odl'; nearest is 'odi'"),
    ],
)
def test_what_cannot_be_scored_is_refused(name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        score_items(name, pd.DataFrame({"odi_q01": [1.0]}))


# The traps of variants


def own(name: str, direction: str, **keys: object) -> InstrumentSpec:
    return InstrumentSpec.model_validate(
        {"name": name, "title": "Own", "low": 0, "high": 50, "direction": direction, **keys}
    )


def test_an_instrument_whose_direction_could_not_be_seen_has_that_of_the_registry() -> None:
    assert join_instruments([own("mcri", "lower_is_better")])["mcri"].direction == "lower_is_better"


def test_an_end_is_open_where_there_is_no_firm_one() -> None:
    assert {name for name, instrument in INSTRUMENTS.items() if instrument.open_ends} == set(NO_FIRM_END)
    for name in NO_FIRM_END:
        hard, instrument = COLUMNS[f"{name}_12m"].hard, INSTRUMENTS[name]
        assert hard is not None
        assert ("low" in instrument.open_ends) == (hard[0] < instrument.low)
        assert ("high" in instrument.open_ends) == (hard[1] > instrument.high)


def test_an_own_instrument_of_a_built_in_name_keeps_its_direction() -> None:
    with pytest.raises(
        DefinitionError, match=r"instruments\.odi\.direction: must be lower_is_better as everywhere, got"
    ):
        join_instruments([own("odi", "higher_is_better")])
    assert join_instruments([own("odi", "lower_is_better")])["odi"].high == 50
    assert join_instruments([own("oks", "higher_is_better")]).keys() == {*INSTRUMENTS, "oks"}


def test_a_definition_that_turns_an_instrument_stops_where_instruments_are_asked_for() -> None:
    text = (
        'name = "a"\ntitle = "A"\n[instruments.eq_vas]\ntitle = "T"\nlow = 0\nhigh = 100\ndirection = "lower_is_better"'
    )
    with pytest.raises(DefinitionError, match=r"eq_vas\.direction: must be higher_is_better"):
        known_instruments(parse_definition(text))


COHORTS = {"lumbar": ("odi", "eq5d_index"), "cervical": ("ndi", "mjoa"), "deformity": ("srs22r_subscore", "odi")}


@pytest.fixture(scope="module")
def registries() -> dict[str, Registry]:
    return {cohort: simulate_registry(cohort, n=600, seed=11) for cohort in COHORTS}


def scores_of(registry: Registry, instruments: Collection[str]) -> list[str]:
    return [name for name in registry.frame if name.rpartition("_")[0] in instruments]


@pytest.mark.parametrize("cohort", COHORTS)
def test_simulated_registries_step_into_no_trap(registries: dict[str, Registry], cohort: str) -> None:
    registry = registries[cohort]
    columns = scores_of(registry, INSTRUMENTS)
    assert {f"{name}_0" for name in COHORTS[cohort]} <= set(columns)
    check_instrument_scale(registry, columns, INSTRUMENTS)


def change(registry: Registry, **columns: pd.Series) -> Registry:
    kept = registry.frame.drop(columns=list(columns), errors="ignore")
    return replace(registry, frame=pd.concat([kept, pd.DataFrame(columns)], axis=1))


@pytest.mark.parametrize(("cohort", "name"), [("lumbar", "odi"), ("cervical", "ndi")])
def test_raw_sums_of_0_to_50_are_refused_and_what_is_declared_passes(
    registries: dict[str, Registry], cohort: str, name: str
) -> None:
    registry = registries[cohort]
    columns = scores_of(registry, [name])
    halved = change(registry, **{column: registry.frame[column] / 2 for column in columns})
    with pytest.raises(StudyError, match=rf'{name}_0, .*raw sums of 0 to 50: state unit_in_file = "points_of_50"'):
        check_instrument_scale(halved, columns, INSTRUMENTS)
    check_instrument_scale(halved, columns, join_instruments([own(name, "lower_is_better")]))
    checked = own(name, "lower_is_better").model_copy(update={"high": 100, "checked": True})
    check_instrument_scale(halved, columns, join_instruments([checked]))


@pytest.mark.parametrize("step", [2, 100 / 45])
def test_percentages_of_patients_who_are_hardly_disabled_pass(registries: dict[str, Registry], step: float) -> None:
    rng = np.random.default_rng(5)
    registry = registries["lumbar"]
    n = len(registry.frame)
    mild = change(registry, odi_0=pd.Series(np.round(rng.integers(0, 21, n) * step, 1)))
    check_instrument_scale(replace(mild, frame=mild.frame[["odi_0"]]), ["odi_0"], INSTRUMENTS)


@pytest.mark.parametrize(("cohort", "name"), [("lumbar", "odi"), ("cervical", "ndi")])
@pytest.mark.parametrize("raw", [("12m",), ("3m", "12m", "24m"), ("0",)])
def test_one_visit_of_raw_sums_is_refused_too(
    registries: dict[str, Registry], cohort: str, name: str, raw: tuple[str, ...]
) -> None:
    registry = registries[cohort]
    held = scores_of(registry, [name])
    turned = [column for column in held if column.rpartition("_")[2] in raw]
    halved = change(registry, **{column: registry.frame[column] / 2 for column in turned})
    with pytest.raises(StudyError) as caught:
        check_instrument_scale(halved, held, INSTRUMENTS)
    for column in held:
        assert (f"{column}: no value is above 50" in str(caught.value)) == (column in turned), column


@pytest.mark.parametrize("digits", [0, 1])
@pytest.mark.parametrize("items", [10, 9, 8])
def test_mild_percentages_after_the_operation_pass_however_they_are_rounded(
    registries: dict[str, Registry], items: int, digits: int
) -> None:
    """Whoever leaves out an item does so at every visit."""
    rng = np.random.default_rng(7)
    registry = registries["lumbar"]
    n = len(registry.frame)
    step = 100 / (5 * items)
    scores = {"odi_0": rng.integers(0, 40, n), "odi_3m": rng.integers(0, 20, n), "odi_12m": rng.integers(0, 16, n)}
    mild = change(registry, **{name: pd.Series(np.round(found * step, digits)) for name, found in scores.items()})
    frame = mild.frame[list(scores)]
    check_instrument_scale(replace(mild, frame=frame), list(scores), INSTRUMENTS)


def test_a_few_values_show_no_scale(registries: dict[str, Registry]) -> None:
    registry = registries["lumbar"]
    few = replace(registry, frame=pd.DataFrame({"odi_0": [11.0, 13.0, 21.0] * 16}))
    check_instrument_scale(few, ["odi_0"], INSTRUMENTS)
    with pytest.raises(StudyError, match="raw sums"):
        check_instrument_scale(replace(few, frame=pd.concat([few.frame] * 2)), ["odi_0"], INSTRUMENTS)


@pytest.mark.parametrize(
    ("name", "values"), [("srs22r_total", (22.0, 110.0)), ("mjoa", (0.0, 19.0)), ("eq_vas", (0.0, 999.0))]
)
def test_values_beyond_the_range_are_refused(
    registries: dict[str, Registry], name: str, values: tuple[float, float]
) -> None:
    frame = pd.DataFrame({f"{name}_0": values})
    with pytest.raises(StudyError, match=rf"{name}_0: [12] values are outside .* the range of") as raised:
        check_instrument_scale(replace(registries["lumbar"], frame=frame), [f"{name}_0"], INSTRUMENTS)
    assert "999" not in str(raised.value)


def test_other_value_sets_of_the_eq5d_are_within_range(registries: dict[str, Registry]) -> None:
    frame = pd.DataFrame({"eq5d_index_0": [-0.7, 1.0]})
    check_instrument_scale(replace(registries["lumbar"], frame=frame), ["eq5d_index_0"], INSTRUMENTS)


def read_myelopathy(share: float) -> Registry:
    rng = np.random.default_rng(2)
    n = 400
    table = pd.DataFrame({"patient": np.arange(n).astype(str), "age": 60, "sex": "male"})
    table = table.assign(mjoa_0=rng.integers(8, 15, n), mjoa_12m=rng.integers(11, 18, n), mjoa_variant="benzel18")
    table.loc[: int(share * n) - 1, "mjoa_variant"] = "jpn17"
    return read_registry(table, "cervical")


def test_two_versions_of_the_mjoa_are_not_pooled() -> None:
    with pytest.raises(StudyError, match=r"mjoa_0, mjoa_12m: 80 of 400 rows have another version .* never pooled"):
        check_instrument_scale(read_myelopathy(0.2), ["mjoa_0", "mjoa_12m"], INSTRUMENTS)
    check_instrument_scale(read_myelopathy(0.0025), ["mjoa_0", "mjoa_12m"], INSTRUMENTS)


def test_two_versions_in_columns_of_the_registry_s_own_are_not_pooled(registries: dict[str, Registry]) -> None:
    registry = registries["cervical"]
    versions = pd.Series(["benzel18", "jpn17", "jpn17"] * 200, dtype="str")
    mixed = change(registry, mjoa_variant=versions)
    n = int((mixed.frame["mjoa_0"].notna() & versions.eq("benzel18")).sum())
    with pytest.raises(StudyError, match=rf"mjoa_0: {n} of 600 rows have another version"):
        check_instrument_scale(mixed, ["mjoa_0"], INSTRUMENTS)


@pytest.mark.parametrize(("cohort", "name"), [("lumbar", "odi"), ("cervical", "ndi"), ("lumbar", "eq_vas")])
def test_a_score_that_runs_the_other_way_is_refused(registries: dict[str, Registry], cohort: str, name: str) -> None:
    registry = registries[cohort]
    columns = scores_of(registry, [name])
    turned = change(registry, **{column: 100 - registry.frame[column] for column in columns})
    with pytest.raises(StudyError, match=rf"{name}_0: patients whom it calls better are worse by .*relabelled"):
        check_instrument_scale(turned, columns, INSTRUMENTS)


def test_a_partner_that_runs_the_other_way_is_not_held_against_the_score(registries: dict[str, Registry]) -> None:
    registry = registries["lumbar"]
    turned = change(registry, eq_vas_0=100 - registry.frame["eq_vas_0"])
    check_instrument_scale(turned, ["odi_0"], INSTRUMENTS)


def test_a_score_alone_that_gets_worse_in_nearly_everybody_is_refused(registries: dict[str, Registry]) -> None:
    registry = registries["lumbar"]
    alone = replace(registry, frame=registry.frame[["odi_0", "odi_12m"]].dropna())
    check_instrument_scale(alone, ["odi_0", "odi_12m"], INSTRUMENTS)
    turned = replace(alone, frame=100 - alone.frame)
    message = r"odi_12m: worse than odi_0 in \d+ patients and better in \d+; its direction \(lower_is_better\)"
    with pytest.raises(StudyError, match=message):
        check_instrument_scale(turned, ["odi_0", "odi_12m"], INSTRUMENTS)
    few = replace(turned, frame=turned.frame.head(99))
    check_instrument_scale(few, ["odi_0", "odi_12m"], INSTRUMENTS)


def test_columns_of_no_instrument_are_passed_over(registries: dict[str, Registry]) -> None:
    check_instrument_scale(registries["lumbar"], ["age", "sex", "odi_36m"], INSTRUMENTS)


# Real answers of more than 90,000 patients

REACHED_7 = {"2016-17": 83.9, "2017-18": 85.6}
"""Share in percent of patients with both scores whose Oxford Knee Score rose by 7 or more, as published."""


@needs_knee
@pytest.mark.slow
@pytest.mark.parametrize("year", REACHED_7)
def test_scores_of_the_nhs_are_those_of_their_items_in_every_row(year: str) -> None:
    path = KNEE / f"knee_{year}.csv.zip"
    registry = read_registry(path, ROOT / "studies" / "definitions" / "nhs_proms_knee.toml")
    frame, knee = registry.frame, known_instruments(registry.definition)["oks"]
    assert registry.n_quarantined == 0
    assert knee.scoring is not None
    checked = 0
    for name, items, ending in [
        (name, items, ending)
        for name, items in (("oks", knee.scoring.items), ("eq5d_index", tuple(EQ5D)))
        for ending in ("0", "6m")
    ]:
        answers = pd.DataFrame({item: frame[f"{item}_{ending}"] for item in items})
        said = answers.assign(eq5d_version=frame["eq5d_version"])
        made, given = score_items(name, said, {"oks": knee}), frame[f"{name}_{ending}"]
        complete = answers.notna().all(axis=1)
        assert (made.notna() == complete).all()
        # the file prints the index with three decimals
        assert (made - given)[complete & given.notna()].abs().max() < 1e-9
        assert given[complete].notna().mean() > 0.99
        checked += int((complete & given.notna()).sum())
    assert checked > 150_000
    gain = (frame["oks_6m"] - frame["oks_0"]).dropna()
    assert round(100 * float((gain >= 7).mean()), 1) == REACHED_7[year]


EQ5D = tuple(f"eq5d_{item}" for item in ("mobility", "self_care", "activity", "discomfort", "anxiety"))


@needs_knee
def test_the_definition_of_the_nhs_lets_no_wrong_score_pass() -> None:
    """A score or an index that is not that of its items goes to quarantine."""
    path = KNEE / "knee_2016-17.csv.zip"
    definition = ROOT / "studies" / "definitions" / "nhs_proms_knee.toml"
    with ZipFile(path) as packed, packed.open(packed.namelist()[0]) as file:
        table = pd.read_csv(file, dtype="str", nrows=40)
    table.loc[3, "Knee Replacement Pre-Op Q Score"] = "48"
    table.loc[5, "Pre-Op Q EQ5D Index"] = "0.5"
    faults = read_registry(table, definition).faults
    assert faults[["column", "rows"]].to_numpy().tolist() == [["eq5d_index_0", "6"], ["oks_0", "4"]]


def test_endings_of_scores_are_those_of_the_visits() -> None:
    assert ENDINGS == ("0", "6w", "3m", "6m", "12m", "24m", "60m")


PAGE = ROOT / "docs" / "instruments.md"


def render_table() -> str:
    """Return the table of docs/instruments.md; paste it between the marks after a change."""
    lines = ["| name | instrument | range | better | items | scored | unanswered | how sure |", "|---" * 8 + "|"]
    for spec in INSTRUMENTS.values():
        better = spec.direction.removesuffix("_is_better")
        lines.append(
            f"| `{spec.name}` | {spec.title} | {spec.low:g} to {spec.high:g} | {better} | {spec.items or ''} | "
            f"{spec.scored} | {spec.missing} | {spec.certainty} |"
        )
    return "\n".join(lines)


def render_traps() -> str:
    """Return the list of variants; entries of one text stand together."""
    by_text: dict[str, list[str]] = {}
    for spec in INSTRUMENTS.values():
        if spec.text:
            by_text.setdefault(spec.text, []).append(f"`{spec.name}`")
    return "\n".join(f"- {', '.join(names)}: {text}" for text, names in by_text.items())


def test_the_page_has_every_instrument_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.partition("<!-- instruments -->\n")[2].partition("\n<!-- end")[0] == render_table()
    assert page.partition("<!-- traps -->\n")[2].partition("\n<!-- end")[0] == render_traps()
