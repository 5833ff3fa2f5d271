"""The state of a registry's data: what was planted is found with the right number, and small counts stay hidden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint
from synthetic_columns import keep_first_columns

from pipelines.data_quality import Quality, compute_quality
from pipelines.quality.data_quality_coding import Series, find_changes, find_thin_periods
from pipelines.quality.data_quality_sheet import compute_wilson, hide_cells
from schemas.definition import parse_definition
from schemas.registry import Registry, read_registry
from schemas.synthetic import simulate_registry
from schemas.tables import QUALITY

N = 3000


@pytest.fixture(scope="module")
def registry() -> Registry:
    return keep_first_columns(simulate_registry("lumbar", n=N, seed=20))


@pytest.fixture(scope="module")
def quality(registry: Registry) -> Quality:
    return compute_quality(registry)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def with_values(registry: Registry, **columns: object) -> Registry:
    return replace(registry, frame=registry.frame.assign(**columns))


def keep(registry: Registry, *, drop: tuple[str, ...] = (), rows: int | None = None) -> Registry:
    frame = registry.frame.drop(columns=[*drop]).head(rows or len(registry.frame)).reset_index(drop=True)
    columns = {name: column for name, column in registry.columns.items() if name in frame}
    return replace(registry, frame=frame, columns=columns, n_read=len(frame))


def row(table: pd.DataFrame, **where: object) -> pd.Series:
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1, where
    return table.iloc[0]


def due_at_12m(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell who could have answered, from the definition in words."""
    ends = frame["operation_date"] + pd.Timedelta(540, "D")
    last = max(
        frame["operation_date"].max(), (frame["operation_date"] + pd.to_timedelta(frame["follow_up_days"], "D")).max()
    )
    dead = frame["death_days"] < 540
    return ((ends <= last) & ~dead).to_numpy()


def test_every_table_has_its_columns(quality: Quality):
    for name, columns in QUALITY.items():
        assert tuple(getattr(quality, name).columns) == columns, name


def test_rows_read_are_valid_or_in_quarantine():
    table = pd.DataFrame({"patient": list("abcd"), "age": [61, 140, 50, 200], "sex": ["female", "x", "male", "male"]})
    found = compute_quality(read_registry(table, "lumbar"))
    account = found.tables.iloc[0]
    assert (account["n_read"], account["n_valid"], account["n_quarantined"]) == (4, 2, 2)
    assert dict(zip(found.faults["column"], found.faults["count"], strict=True)) == {"age": 2, "sex": 1}
    assert row(found.findings, topic="quarantined")["needs_person"]


def test_findings_name_what_they_count(registry: Registry):
    frame = registry.frame
    lost = (frame["site"] == "S3") & (np.arange(N) % 5 < 3)
    found = compute_quality(
        with_values(
            registry,
            **{name: frame[name].mask(lost) for name in frame if name.endswith("_12m")},
            smoking=frame["smoking"].mask((frame["year"] >= 2020) & (frame["smoking"] == "former"), "never"),
            education=frame["education"].mask(frame["year"] > 0),
            age=frame["age"].mask(frame.index < 2, 17.0),
        )
    ).findings.set_index("topic")
    assert found.loc["outside", ["count", "which"]].tolist() == [2, ("age",)]
    assert found.loc["empty", "which"] == ("education",)
    assert found.loc["sparse", "which"] == ("education",)
    assert found.loc["follow_up_sites", "which"] == ("S3 at 12m",)
    assert found.loc["coding", "which"] == ("smoking 2020",)
    for topic, row in found.iterrows():
        assert (len(row["which"]) > 0) == (row["count"] > 0), topic
        if topic not in ("quarantined", "faults", "outside"):
            assert len(row["which"]) == len(set(row["which"])) == row["count"], topic


def test_what_is_not_due_is_not_found_empty(registry: Registry):
    frame = registry.frame
    late = frame["operation_date"] > frame["operation_date"].max() - pd.Timedelta(90, "D")
    recent = frame[late].reset_index(drop=True).drop(columns="follow_up_days")
    columns = {name: column for name, column in registry.columns.items() if name in recent}
    found = compute_quality(replace(registry, frame=recent, columns=columns))
    whole = found.completeness[found.completeness["by"] == "all"].set_index("column")
    assert whole.loc["odi_12m", ["n", "n_known"]].tolist() == [0, 0]
    for topic in ("empty", "sparse"):
        assert not [name for name in row(found.findings, topic=topic)["which"] if name.endswith("_12m")]


def test_tables_of_an_export_are_told_one_by_one(registry: Registry):
    accounts = pd.DataFrame(
        {"table": ["operations", "visits"], "file": ["a", "b"], "sha256": ["", ""], "n_read": [9, 20],
         "n_valid": [8, 15], "n_quarantined": [1, 5]}
    )  # fmt: skip
    found = compute_quality(replace(registry, tables=accounts))
    assert found.tables["table"].tolist() == ["operations", "visits"]
    assert row(found.findings, topic="quarantined")["count"] == 6


def test_wilson_is_that_of_statsmodels():
    count, n = np.array([0.0, 3.0, 15.0, 100.0]), np.array([10.0, 40.0, 100.0, 100.0])
    lower, upper = compute_wilson(count, n)
    expected = proportion_confint(count, n, method="wilson")
    np.testing.assert_allclose(lower, 100 * expected[0], atol=1e-9)
    np.testing.assert_allclose(upper, 100 * expected[1], atol=1e-9)


def test_completeness_is_the_share_known(registry: Registry, quality: Quality):
    frame = registry.frame
    got = row(quality.completeness, column="bmi", by="all")
    assert got["n_known"] == frame["bmi"].notna().sum()
    assert got["percent"] == pytest.approx(100 * frame["bmi"].notna().mean())
    largest = frame["site"].value_counts().index[0]
    at = frame["site"] == largest
    got = row(quality.completeness, column="education", by="site", level=largest)
    assert (got["n"], got["n_known"]) == (at.sum(), frame.loc[at, "education"].notna().sum())


def test_a_visit_that_is_not_due_is_not_missing(registry: Registry, quality: Quality):
    frame, due = registry.frame, due_at_12m(registry.frame)
    got = row(quality.completeness, column="odi_12m", by="all")
    assert due.sum() < len(frame)
    assert (got["n"], got["n_known"]) == (due.sum(), frame.loc[due, "odi_12m"].notna().sum())


def test_a_small_number_missing_is_hidden_together_with_another(registry: Registry):
    frame = registry.frame
    age = frame["age"].copy()
    sites = frame["site"].value_counts().index
    age[np.flatnonzero(frame["site"] == sites[0])[:3]] = np.nan
    age[np.flatnonzero(frame["site"] == sites[1])[:40]] = np.nan
    found = compute_quality(with_values(registry, age=age)).completeness
    found = found[(found["column"] == "age") & (found["by"] == "site")].set_index("level")
    assert found.loc[sites[0], ["n_known", "percent", "lower"]].isna().all()
    assert found.loc[sites[0], "few"] == "missing"
    hidden = found[found["status"] == "suppressed"]
    assert len(hidden) == 2
    assert hidden[["n_known", "percent", "lower", "upper"]].isna().all().all()


def test_no_hidden_count_of_the_page_follows_from_the_shown(registry: Registry, quality: Quality):
    frame, table = registry.frame, quality.completeness
    for (column, by), part in table[table["by"] != "all"].groupby(["column", "by"], sort=False):
        hidden = part.loc[part["status"] == "suppressed", "level"]
        if hidden.empty or row(quality.columns, column=column)["visit"]:
            continue
        at = frame[by].astype("int64").astype("str").isin(hidden) if by == "year" else frame[by].isin(hidden)
        missing = frame.loc[at, column].isna().sum()
        assert len(hidden) > 1
        assert not 0 < missing < 5


def test_a_small_site_is_not_counted(registry: Registry):
    site = registry.frame["site"].copy()
    site[:3] = "S9"
    found = compute_quality(with_values(registry, site=site))
    rows = found.completeness[(found.completeness["by"] == "site") & (found.completeness["level"] == "S9")]
    assert rows[["n", "n_known", "percent"]].isna().all().all()
    assert set(rows["status"]) == {"suppressed"}
    assert pd.isna(row(found.completeness_groups, level="S9")["n"])
    assert found.follow_up.loc[found.follow_up["level"] == "S9", ["n_due", "percent"]].isna().all().all()
    # One more site is hidden everywhere, as the sites add up to all.
    assert (found.completeness_groups["status"] == "suppressed").sum() == 2


def test_values_outside_the_plausible_range_are_counted_and_placed(registry: Registry):
    age = registry.frame["age"].copy()
    age[[4, 9]] = [17.0, 99.0]
    got = row(compute_quality(with_values(registry, age=age)).outside, column="age")
    assert (got["n_outside"], got["rows"]) == (2, "5, 10")
    assert got["percent"] == pytest.approx(100 * 2 / age.notna().sum())


def test_a_planted_floor_is_found(registry: Registry, rng: np.random.Generator):
    score = registry.frame["nrs_back_12m"].clip(1, 9).copy()
    known = np.flatnonzero(score.notna())
    chosen = rng.choice(known, size=round(0.22 * len(known)), replace=False)
    score[chosen] = 10.0
    found = compute_quality(with_values(registry, nrs_back_12m=score)).extremes
    worst = row(found, score="nrs_back", visit="12m", end="worst")
    assert (worst["count"], worst["n"], worst["value"]) == (len(chosen), len(known), 10)
    assert worst["percent"] == pytest.approx(22, abs=0.05)
    assert worst["alarm"]
    assert worst["lower"] < 22 < worst["upper"]
    best = row(found, score="nrs_back", visit="12m", end="best")
    assert (best["count"], best["alarm"]) == (0, False)


def test_ends_know_the_direction_of_the_score(quality: Quality):
    values = {
        (row["score"], row["end"]): row["value"] for row in quality.extremes.to_dict("records") if row["visit"] == "0"
    }
    assert (values["odi", "worst"], values["odi", "best"]) == (100, 0)
    assert (values["eq_vas", "worst"], values["eq_vas", "best"]) == (0, 100)
    assert values["eq5d_index", "worst"] == -0.594


def test_few_at_an_end_are_hidden(registry: Registry):
    score = registry.frame["odi_0"].clip(2, 98).copy()
    score[np.flatnonzero(score.notna())[:3]] = 100.0
    found = compute_quality(with_values(registry, odi_0=score)).extremes
    worst = row(found, score="odi", visit="0", end="worst")
    assert worst["status"] == "suppressed"
    assert worst[["count", "percent", "lower"]].isna().all()


def test_a_site_with_poor_follow_up_is_found(registry: Registry, rng: np.random.Generator):
    frame = registry.frame
    lost = (frame["site"] == "S3") & (rng.random(N) < 0.6)
    scores = [name for name in frame if name.endswith("_12m")]
    found = compute_quality(with_values(registry, **{name: frame[name].mask(lost) for name in scores})).follow_up
    due = due_at_12m(frame) & (frame["site"] == "S3").to_numpy()
    answered = due & frame[scores].mask(lost).notna().any(axis=1).to_numpy()
    got = row(found, visit="12m", by="site", level="S3")
    assert (got["n_due"], got["n_answered"]) == (due.sum(), answered.sum())
    assert got["percent"] == pytest.approx(100 * answered.sum() / due.sum())
    flagged = found[(found["by"] == "site") & found["alarm"]]
    assert list(zip(flagged["visit"], flagged["level"], strict=True)) == [("12m", "S3")]


def test_the_dead_are_not_due(registry: Registry, quality: Quality):
    frame = registry.frame
    death = frame["death_days"].copy()
    died = np.flatnonzero(due_at_12m(frame) & frame["death_days"].isna())[:25]
    death[died] = 100.0
    before = row(quality.follow_up, visit="12m", by="all")["n_due"]
    after = row(compute_quality(with_values(registry, death_days=death)).follow_up, visit="12m", by="all")["n_due"]
    assert before - after == 25


def days_in(registry: Registry) -> tuple[str, ...]:
    return (*registry.frame.select_dtypes("datetime"), "follow_up_days", "death_days")


def test_the_year_alone_claims_no_visit_early(registry: Registry):
    found = compute_quality(keep(registry, drop=days_in(registry)))
    # The data end with the last year: its operations, and those of the year before, may not have had 540 days.
    years = registry.frame["year"]
    assert found.cut_column == "year"
    assert row(found.follow_up, visit="12m", by="all")["n_due"] == (years <= years.max() - 2).sum()


def test_without_a_date_follow_up_is_not_assessable(registry: Registry):
    found = compute_quality(keep(registry, drop=("operation_date", "year")))
    assert set(found.follow_up["status"]) == {"not assessable"}
    assert found.responders.empty
    assert found.coding.empty
    assert found.cut_month == ""
    assert row(found.completeness, column="odi_12m", by="all")["n"] == N


def test_responders_are_compared_by_the_formula(registry: Registry, rng: np.random.Generator):
    frame = registry.frame
    due, scores = due_at_12m(frame), [name for name in frame if name.endswith("_12m")]
    answered = frame[scores].notna().any(axis=1).to_numpy()
    age = pd.Series(np.where(answered, rng.normal(61, 10, N), rng.normal(58, 12, N)).round().clip(18, 95))
    flag = pd.Series((rng.random(N) < np.where(answered, 0.3, 0.45)).astype(float))
    found = compute_quality(with_values(registry, age=age, diabetes=flag)).responders
    yes, no = due & answered, due & ~answered
    got = row(found, visit="12m", column="age")
    expected = (age[yes].mean() - age[no].mean()) / np.sqrt((age[yes].var() + age[no].var()) / 2)
    assert got["difference"] == pytest.approx(expected)
    assert (got["n_responders"], got["n_others"]) == (yes.sum(), no.sum())
    assert (got["responders"], got["others"]) == (round(age[yes].mean(), 1), round(age[no].mean(), 1))
    assert got["alarm"]
    p, q = flag[yes].mean(), flag[no].mean()
    got = row(found, visit="12m", column="diabetes", level="1")
    assert got["difference"] == pytest.approx((p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2))
    assert (got["responders"], got["others"]) == (pytest.approx(100 * p), pytest.approx(100 * q))
    assert got["lower"] < got["difference"] < got["upper"]
    assert found["visit"].iloc[0] == "12m"


def test_planted_rounding_is_found(registry: Registry, rng: np.random.Generator):
    frame = registry.frame
    minutes = pd.Series(rng.integers(40, 300, N).astype(float))
    guessed = rng.random(N) < 0.3
    minutes[guessed] = (minutes[guessed] / 5).round() * 5
    bmi = frame["bmi"].copy()
    whole = rng.random(N) < 0.5
    bmi[whole] = bmi[whole].round()
    found = compute_quality(with_values(registry, operative_minutes=minutes, bmi=bmi)).digits
    got = row(found, column="operative_minutes", rule="multiples of 5")
    # A fifth would be there anyhow: 0.3 + 0.7 * 0.2.
    assert got["percent"] == pytest.approx(44, abs=3)
    assert got["alarm"]
    assert (got["step"], got["expected"]) == (1, 20)
    assert got["ratio"] == pytest.approx(got["percent"] / 20)
    assert row(found, column="bmi", rule="multiples of 5")["alarm"]
    assert row(found, column="bmi", rule="multiples of 5")["step"] == 0.1
    assert not row(found, column="age", rule="multiples of 5")["alarm"]


def test_even_numbers_and_short_scales(registry: Registry, rng: np.random.Generator):
    score = pd.Series(rng.choice(11, size=N, p=[0.2, *(0.07,) * 9, 0.17]).astype(float))
    honest = rng.integers(1, 10, N)
    even = pd.Series(np.where((rng.random(N) < 0.5) & (honest > 1), 2 * (honest // 2), honest).astype(float))
    found = compute_quality(with_values(registry, nrs_leg_0=score, nrs_back_0=even)).digits
    # The heaps at 0 and 10 are no digit preference, but the ends of the scale.
    assert not row(found, column="nrs_leg_0", rule="multiples of 5")["alarm"]
    assert not row(found, column="nrs_leg_0", rule="even numbers")["alarm"]
    assert row(found, column="nrs_back_0", rule="even numbers")["alarm"]


def test_too_few_values_say_nothing_of_digits(registry: Registry):
    found = compute_quality(keep(registry, rows=60)).digits
    assert set(found["status"]) == {"not assessable"}
    assert found[["n", "percent", "ratio", "lower"]].isna().all().all()


def test_coding_counts_what_is_due_by_period(registry: Registry, quality: Quality):
    """Counted in one pass; here by themselves."""
    frame, due = registry.frame, due_at_12m(registry.frame)
    years = frame["year"].astype("int64").astype("str")
    for name, base in (("odi_12m", due), ("asa_class", np.ones(N, dtype=bool)), ("diabetes", np.ones(N, dtype=bool))):
        n = years[base].value_counts().reindex(sorted(set(years)), fill_value=0)
        missing = years[base & frame[name].isna()].value_counts().reindex(n.index, fill_value=0)
        told = quality.coding[(quality.coding["column"] == name) & (quality.coding["site"] == "")]
        told = told[told["statistic"] == "missing"].set_index("period")
        shown = told["status"] == "ok"
        assert shown.sum() > 3
        np.testing.assert_array_equal(told.loc[shown, "n"], n[shown])
        np.testing.assert_allclose(told.loc[shown, "estimate"], 100 * missing[shown] / n[shown])


def test_thin_periods_are_told(quality: Quality, registry: Registry):
    assert not any(find_thin_periods(quality.coding).values())
    few = compute_quality(keep(registry, rows=20))
    assert all(find_thin_periods(few.coding).values())
    assert row(few.findings, topic="coding")["of"] == 0


def test_a_planted_switch_of_coding_is_found(registry: Registry):
    frame = registry.frame
    smoking = frame["smoking"].mask((frame["year"] >= 2020) & (frame["smoking"] == "former"), "never")
    found = compute_quality(with_values(registry, smoking=smoking)).coding
    changes = found[found["changed"]]
    assert set(zip(changes["column"], changes["level"], changes["period"], changes["before"], strict=True)) == {
        ("smoking", "never", "2020", "2019"), ("smoking", "former", "2020", "2019"),
    }  # fmt: skip
    in_2020 = frame["year"] == 2020
    got = row(found, column="smoking", level="never", period="2020", site="")
    assert got["estimate"] == pytest.approx(100 * (smoking[in_2020] == "never").mean())
    assert got["n"] == in_2020.sum()


def test_a_unit_that_one_site_changed_is_found_there(registry: Registry):
    frame = registry.frame
    odd = (frame["site"] == "S1") & (frame["year"] >= 2021)
    found = compute_quality(with_values(registry, bmi=frame["bmi"].mask(odd, frame["bmi"] * 2.2))).coding
    changes = found[found["changed"]]
    assert changes[["column", "statistic", "site", "period", "before"]].to_numpy().tolist() == [
        ["bmi", "mean", "S1", "2021", "2020"]
    ]


def test_a_column_that_was_dropped_is_found(registry: Registry):
    frame = registry.frame
    found = compute_quality(with_values(registry, education=frame["education"].mask(frame["year"] >= 2022))).coding
    changes = found[found["changed"] & (found["statistic"] == "missing")]
    assert changes[["column", "period"]].to_numpy().tolist() == [["education", "2022"]]
    assert changes["estimate"].tolist() == [100.0]


@pytest.mark.parametrize(("cohort", "seed"), [("lumbar", 1), ("lumbar", 2), ("cervical", 3), ("deformity", 4)])
def test_an_even_registry_has_no_change(cohort: str, seed: int):
    found = compute_quality(simulate_registry(cohort, n=N, seed=seed))
    assert not found.coding["changed"].any()
    assert row(found.findings, topic="follow_up_sites")["count"] == 0


def test_short_registries_are_followed_by_quarter(registry: Registry):
    frame = registry.frame
    recent = replace(registry, frame=frame[frame["year"] >= 2022].reset_index(drop=True))
    periods = compute_quality(recent).coding["period"].unique()
    assert periods[0] == "2022 Q1"
    assert len(periods) == 8


def test_changes_are_told_from_the_last_period_with_enough_values():
    n = np.array([100, 10, 100, 100])
    estimate = np.array([20.0, 90.0, 60.0, 65.0])
    series = Series(
        statistic="share", level=0, n=n, estimate=estimate, lower=estimate - 8, upper=estimate + 8, bound=10.0
    )
    assert find_changes(series).tolist() == [-1, -1, 0, -1]


def test_order_of_the_rows_is_of_no_account(registry: Registry, quality: Quality):
    shuffled = replace(registry, frame=registry.frame.sample(frac=1, random_state=3).reset_index(drop=True))
    found = compute_quality(shuffled)
    for name in QUALITY:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(quality, name), obj=name)


@given(
    st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=6), st.integers(2, 10)
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_hidden_cells_do_not_follow_from_totals(cells: list[list[int]], suppress_below: int):
    counts = np.array(cells, dtype=np.int64)
    hidden = hide_cells(counts, suppress_below)
    assert hidden[(counts > 0) & (counts < suppress_below)].all()
    for axis_counts, axis_hidden in ((counts, hidden), (counts.T, hidden.T)):
        for one, mask in zip(axis_counts, axis_hidden, strict=True):
            if mask.any() and not mask.all():
                assert mask.sum() > 1
                assert not 0 < one[mask].sum() < suppress_below


DEGENERATE = {
    "one row": {"rows": 1},
    "few rows": {"rows": 7},
    "no date": {"drop": ("operation_date", "year", "follow_up_days")},
    "no site": {"drop": ("site",)},
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_registries_have_every_table(registry: Registry, case: str):
    found = compute_quality(keep(registry, **DEGENERATE[case]))
    for name, columns in QUALITY.items():
        assert tuple(getattr(found, name).columns) == columns, name


def test_a_registry_without_any_value(registry: Registry):
    names = [name for name in registry.columns if registry.columns[name].kind != "identifier"]
    empty = registry.frame.copy()
    for name in names:
        empty[name] = empty[name].mask(np.ones(N, dtype=bool))
    found = compute_quality(replace(registry, frame=empty))
    assert (found.completeness.loc[found.completeness["by"] == "all", "percent"] == 0).all()
    assert row(found.findings, topic="empty")["count"] > 40
    assert set(found.extremes["status"]) == {"not assessable"}
    assert set(found.digits["status"]) == {"not assessable"}


def test_one_row_shows_no_count(registry: Registry):
    found = compute_quality(keep(registry, rows=1))
    for name in ("completeness", "extremes", "follow_up", "responders"):
        table = getattr(found, name)
        numbers = [
            column for column in ("n", "n_known", "count", "n_due", "n_responders", "percent") if column in table
        ]
        assert not ((table[numbers] > 0) & (table[numbers] < 5)).to_numpy().any(), name


def test_no_shown_share_is_that_of_a_few_patients(quality: Quality):
    coding = quality.coding[quality.coding["statistic"].isin(["share", "missing"]) & (quality.coding["status"] == "ok")]
    shares = {
        "coding": (coding["estimate"], coding["n"]),
        "completeness": (quality.completeness["percent"], quality.completeness["n"]),
        "extremes": (quality.extremes["percent"], quality.extremes["n"]),
        "follow_up": (quality.follow_up["percent"], quality.follow_up["n_due"]),
    }
    levels = quality.responders[quality.responders["level"] != ""]
    shares |= {f"responders {who}": (levels[who], levels[f"n_{who}"]) for who in ("responders", "others")}
    for name, (percent, n) in shares.items():
        counts = (percent * n / 100).dropna().round()
        assert len(counts) > 20, name
        assert not ((counts > 0) & (counts < 5)).any(), name
        assert not ((n.loc[counts.index] - counts > 0) & (n.loc[counts.index] - counts < 5)).any() or name == "coding"


def test_coding_gives_no_hidden_number_of_missing_values_away(registry: Registry):
    """The known of a period, its size, and the total over the periods are told elsewhere."""
    age = registry.frame["age"].copy()
    age[np.flatnonzero(registry.frame["year"] == 2020)[:3]] = np.nan
    age[np.flatnonzero(registry.frame["year"] == 2021)[:30]] = np.nan
    quality = compute_quality(with_values(registry, age=age))
    missing = quality.coding[(quality.coding["statistic"] == "missing") & (quality.coding["site"] == "")]
    whole = quality.completeness[quality.completeness["by"] == "year"]
    both = missing.merge(whole, left_on=["column", "period"], right_on=["column", "level"], suffixes=("", "_year"))
    assert len(both) == len(missing)
    assert (both["status"] == both["status_year"]).all()
    hidden = both.loc[both["status"] == "suppressed", ["column", "period"]]
    others = quality.coding[quality.coding["statistic"].isin(["share", "median"]) & (quality.coding["site"] == "")]
    assert hidden[hidden["column"] == "age"].to_numpy().tolist() == [["age", "2020"], ["age", "2021"]]
    assert others.merge(hidden, on=["column", "period"])["n"].isna().all()


def test_the_data_reach_to_the_last_visit(tmp_path: Path) -> None:
    text = """
name = "own"
title = "Own"
base = "lumbar"
[tables.operations]
file = "o.csv"
[tables.visits]
rows = "visits"
file = "v.csv"
key = ["operation"]
date = "day"
columns.odi.header = "odi"
"""
    operated = pd.date_range("2020-01-01", periods=40, freq="7D")
    pd.DataFrame(
        {
            "patient": range(40),
            "operation": range(40),
            "operation_date": operated.strftime("%Y-%m-%d"),
            "age": 60,
            "sex": "male",
        }
    ).to_csv(tmp_path / "o.csv", index=False)
    later = pd.DataFrame({"operation": range(40), "day": operated + pd.Timedelta(365, "D"), "odi": 20}).iloc[:30]
    last = pd.DataFrame({"operation": [39], "day": [pd.Timestamp("2023-05-05")], "odi": [20]})
    pd.concat([later, last]).to_csv(tmp_path / "v.csv", index=False)
    quality = compute_quality(read_registry(tmp_path, parse_definition(text)))
    assert (str(quality.cut_month), quality.cut_column) == ("2023-05", "visits visit_days")
    answered = row(quality.follow_up, visit="12m", by="all")
    assert (answered["n_due"], answered["n_answered"]) == (40, 30)
