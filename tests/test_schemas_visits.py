"""Visits in windows: known answers, worked out by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.columns import COLUMNS
from schemas.definition import Definition, parse_definition
from schemas.errors import DataError
from schemas.fault import Fault
from schemas.linking import RawData
from schemas.long_tables import Linked, link_long
from schemas.visits import (
    NONE,
    TARGETS,
    WINDOWS,
    build_windows,
    choose_visits,
    describe_window_faults,
    find_disagreeing,
    find_windows,
    rank_visits,
)

HEAD = """
name = "export"
title = "Export"
base = "lumbar"
[columns.operation]
header = "OpID"
[tables.operations]
file = "operations.csv"
"""

VISITS = """
[tables.visits]
rows = "visits"
file = "visits.csv"
key = ["OpID"]
%s
[tables.visits.columns.odi]
header = "ODI"
missing = ["-1"]
[tables.visits.columns.nrs_leg]
header = "LEG"
[tables.visits.columns.tired]
kind = "number"
range = [0, 10]
text = "Tiredness."
optional = true
"""

OPERATED = ["2020-01-01", "2020-01-01", "2020-03-01"]


def definition_of(when: str, more: str = "") -> Definition:
    return parse_definition(HEAD + VISITS % when + more)


def raw_of(rows: list[dict[str, str]], operations: tuple[str, ...] = ("a", "b", "c")) -> RawData:
    table = pd.DataFrame({"OpID": list(operations)}, dtype="str")
    long = pd.DataFrame(rows, dtype="str").fillna("").astype("str")
    return RawData(table=table, source="x", files=pd.DataFrame(), long={"visits": long})


def link(rows: list[dict[str, str]], definition: Definition, dates: list[str] | None = None, n: int = 3) -> Linked:
    """Link visits of the operations a, b, c, operated on the days `OPERATED`."""
    values = pd.DataFrame({"operation_date": pd.to_datetime(dates or OPERATED).astype("datetime64[us]")})
    return link_long(raw_of(rows, tuple("abcdefgh"[:n])), values, definition)


def visit(key: str, when: str, odi: str = "", leg: str = "", **more: str) -> dict[str, str]:
    return {"OpID": key, "Day": when, "ODI": odi, "LEG": leg, **more}


def listed(series: pd.Series) -> list[object]:
    return [None if pd.isna(value) else value for value in series]


def reasons(linked: Linked) -> list[tuple[str, str]]:
    rows = linked.quarantine["visits"]
    return list(zip(rows["row_id"], rows["reasons"], strict=True))


DAYS = definition_of('days = "Day"')


def test_windows_do_not_overlap_and_hold_their_targets() -> None:
    windows = list(build_windows({}).values())
    assert [window.ending for window in windows] == ["0", "6w", "3m", "6m", "12m", "24m", "60m"]
    assert all(earlier.high < later.low for earlier, later in pairwise(windows))
    assert all(window.low <= window.target <= window.high for window in windows)
    assert [TARGETS[window.ending] for window in windows] == [0, 42, 91, 183, 365, 730, 1826]
    # Published conventions; the others are our own.
    assert (WINDOWS["3m"], WINDOWS["12m"], WINDOWS["24m"]) == ((60, 150), (270, 540), (600, 900))


def test_every_window_of_the_dictionary_is_one() -> None:
    endings = {name.removeprefix("odi_") for name in COLUMNS if name.startswith("odi_") and "_q" not in name}
    assert endings <= set(WINDOWS)


def test_scores_of_one_stem_mean_the_same_at_every_visit() -> None:
    """A row of visits is converted once, whatever its window: kind, unit, range and levels must not depend on it."""
    stems = {name.rpartition("_")[0] for name in COLUMNS if name.rpartition("_")[2] in WINDOWS}
    assert "odi" in stems
    for stem in stems:
        columns = [COLUMNS[f"{stem}_{ending}"] for ending in WINDOWS if f"{stem}_{ending}" in COLUMNS]
        assert len({(column.kind, column.unit, column.hard, column.levels) for column in columns}) == 1, stem


@pytest.mark.parametrize(
    ("day", "ending"),
    [
        (-181, None), (-180, "0"), (0, "0"), (1, None), (20, None), (21, "6w"), (59, "6w"), (60, "3m"), (150, "3m"),
        (151, "6m"), (269, "6m"), (270, "12m"), (540, "12m"), (541, None), (599, None), (600, "24m"), (900, "24m"),
        (901, None), (1460, "60m"), (2190, "60m"), (2191, None), (np.nan, None),
    ],
)  # fmt: skip
def test_both_days_of_a_window_belong_to_it(day: float, ending: str | None) -> None:
    windows = list(build_windows({}).values())
    (code,) = find_windows(np.array([day], dtype=float), windows)
    assert (None if code == NONE else windows[code].ending) == ending


def test_without_windows_no_visit_is_in_one() -> None:
    assert find_windows(np.array([1.0, np.nan]), []).tolist() == [NONE, NONE]


def test_own_windows_have_a_target_inside() -> None:
    windows = build_windows({"18m": (541, 599), "12m": (400, 500), "3m": (50, 120)}, ["3m", "12m", "18m"])
    assert {ending: window.target for ending, window in windows.items()} == {"3m": 91, "12m": 450, "18m": 570}


def test_wrong_windows_are_named_all_at_once() -> None:
    faults = describe_window_faults({"3m": (60, 200), "9 m": (1, 0)}, ["12x"])
    assert [fault.partition(":")[0] for fault in faults] == ["windows", "windows", "endings"]
    (fault,) = describe_window_faults({"0": (-90, 14)})
    assert fault.startswith("windows: '0' must end on day 0 at the latest, as its columns count as known before the")
    (fault,) = describe_window_faults({"3m": (60, 200)})
    assert fault.startswith("windows: '3m' [60, 200] and '6m' [151, 269] must not overlap; change one of them")
    assert not describe_window_faults({"3m": (60, 200)}, ["0", "3m", "12m"])


def test_the_nearest_visit_wins_and_of_two_as_near_the_earlier() -> None:
    """355 and 375 are ten days from 365; 360 is nearer, but of another operation."""
    rows = [visit("a", "375", "40"), visit("a", "355", "30"), visit("b", "360", "10"), visit("b", "300", "20")]
    linked = link(rows, DAYS)
    assert listed(linked.wide["odi_12m"]) == [30.0, 10.0, None]
    assert reasons(linked) == []


@pytest.mark.parametrize(("choose", "expected"), [("nearest", 2.0), ("first", 1.0), ("last", 3.0)])
def test_the_definition_says_which_visit_wins(choose: str, expected: float) -> None:
    rows = [visit("a", "500", "3"), visit("a", "280", "1"), visit("a", "366", "2")]
    linked = link(rows, definition_of(f'days = "Day"\nchoose = "{choose}"'))
    assert linked.wide["odi_12m"].iloc[0] == expected


def test_a_reminder_that_fills_one_score_is_not_lost() -> None:
    """Score by score: day 365 has the ODI only, day 400 the leg pain too, -1 is a code for missing."""
    rows = [
        visit("a", "365", "20", ""),
        visit("a", "400", "30", "4"),
        visit("b", "365", "-1", "2"),
        visit("b", "390", "8"),
    ]
    linked = link(rows, DAYS)
    assert listed(linked.wide["odi_12m"]) == [20.0, 8.0, None]
    assert listed(linked.wide["nrs_leg_12m"]) == [4.0, 2.0, None]


def test_months_are_whole_days_of_a_mean_month() -> None:
    rows = [visit("a", "12", "1"), visit("a", "3", "2"), visit("a", "1.9", "3"), visit("b", "1.97", "4")]
    linked = link(rows, definition_of('months = "Day"'))
    # 12, 3, 1.9 and 1.97 x 30.4375 = 365.25, 91.3, 57.8 and 59.96 days
    assert linked.visits["visit_days"].tolist() == [58.0, 91.0, 365.0, 60.0]
    assert listed(linked.wide["odi_6w"]) == [3.0, None, None]
    assert listed(linked.wide["odi_3m"]) == [2.0, 4.0, None]


def test_dates_are_counted_from_the_operation_across_a_leap_day() -> None:
    definition = definition_of('date = "Day"\ndate_format = "%d.%m.%Y"')
    rows = [visit("a", "31.12.2020", "1"), visit("c", "01.03.2021", "2"), visit("b", "31.12.2019", "3")]
    linked = link(rows, definition)
    assert linked.visits["visit_days"].tolist() == [365.0, -1.0, 365.0]
    assert listed(linked.wide["odi_12m"]) == [1.0, None, 2.0]
    assert listed(linked.wide["odi_0"]) == [None, 3.0, None]


def test_a_visit_of_unknown_day_is_in_no_window_and_no_fault() -> None:
    rows = [visit("a", "", "1"), visit("b", "2021-01-01", "2"), visit("c", "2021-01-01", "3")]
    linked = link(rows, definition_of('date = "Day"'), dates=["2020-01-01", "", "2020-03-01"])
    assert listed(linked.wide["odi_12m"]) == [None, None, 3.0]
    assert reasons(linked) == []
    assert listed(linked.visits["window"]) == [None, None, "12m"]
    assert linked.notes[0] == "table 'visits': 3 rows read, 1 in a window, 2 without a known day"


def test_labels_say_the_window() -> None:
    definition = definition_of('label = "Day"\nlabels = { "pre" = "0", "1 yr" = "12m", "extra" = "" }')
    assert not any(name == "odi_3m" and at.table for name, at in definition.sources.items())
    rows = [visit("a", "1 yr", "1"), visit("a", "pre", "2"), visit("b", "extra", "3"), visit("b", "2 yr", "4")]
    linked = link(rows, definition)
    assert listed(linked.wide["odi_12m"]) == [1.0, None, None]
    assert listed(linked.wide["odi_0"]) == [2.0, None, None]
    assert reasons(linked) == [("4", "visit_label: must be one of the labels pre, 1 yr, extra")]


def test_rows_with_one_label_complete_each_other_and_must_not_disagree() -> None:
    """A form per row, as exports of repeated instruments have; b has two different answers, nobody knows which."""
    definition = definition_of('label = "Day"\nlabels = { "1 yr" = "12m" }')
    rows = [
        visit("a", "1 yr", "10"), visit("a", "1 yr", "", "3"), visit("a", "1 yr", "10"),
        visit("b", "1 yr", "10"), visit("b", "1 yr", "20"), visit("c", "1 yr", "30"),
    ]  # fmt: skip
    linked = link(rows, definition)
    assert listed(linked.wide["odi_12m"]) == [10.0, None, 30.0]
    assert listed(linked.wide["nrs_leg_12m"]) == [3.0, None, None]
    rule = "odi: must be the same in all visits of one operation with one label"
    assert reasons(linked) == [("4", rule), ("5", rule)]


def test_a_day_beside_the_label_says_which_visit_wins() -> None:
    definition = definition_of('label = "Name"\nlabels = { "1 yr" = "12m" }\ndays = "Day"')
    rows = [
        visit("a", "500", "10", Name="1 yr"),
        visit("a", "380", "20", Name="1 yr"),
        visit("a", "", "5", Name="1 yr"),
    ]
    # 365 is what the window stands for: 380 is nearest, a visit of unknown day comes last
    assert link(rows, definition).wide["odi_12m"].iloc[0] == 20.0


def test_two_answers_of_one_day_are_both_at_fault() -> None:
    rows = [
        visit("a", "365", "10", "1"),
        visit("a", "365", "20", "1"),
        visit("a", "100", "5"),
        visit("b", "5", "1"),
        visit("b", "5", "2"),
    ]
    linked = link(rows, DAYS)
    assert linked.faults == (
        Fault(column="odi", rule=linked.faults[0].rule, positions=linked.faults[0].positions, table="visits"),
    )
    assert linked.faults[0].positions.tolist() == [0, 1]
    assert linked.faults[0].rule == "must be the same in all visits of one operation on one day"
    # days 5 of b are in no window: nothing is made of them
    assert len(linked.visits) == 3
    assert "odi_12m" not in linked.wide


def test_a_faulty_visit_goes_alone() -> None:
    rows = [visit("a", "365", "101", "3"), visit("a", "400", "50", "x"), visit("a", "420", "60"), visit("b", "x", "1")]
    linked = link(rows, DAYS)
    assert reasons(linked) == [
        ("1", "odi: must be within 0 to 100"),
        ("2", "nrs_leg: must be a number"),
        ("4", "visit_days: must be a number"),
    ]
    assert listed(linked.wide["odi_12m"]) == [60.0, None, None]
    assert {fault.table for fault in linked.faults} == {"visits"}


def test_orphans_blank_keys_and_ambiguous_keys_are_quarantined() -> None:
    rows = [visit("a", "365", "1"), visit("z", "365", "2"), visit("", "365", "3"), visit("b", "365", "4")]
    values = pd.DataFrame({"operation_date": pd.to_datetime(OPERATED)})
    linked = link_long(raw_of(rows, ("a", "b", "b")), values, DAYS)
    assert sorted(reasons(linked)) == [
        ("2", "OpID: must be the key of an operation"),
        ("3", "OpID: must be given"),
        ("4", "OpID: must be the key of one operation only"),
    ]
    assert listed(linked.wide["odi_12m"]) == [1.0, None, None]
    assert linked.notes[0] == "table 'visits': 4 rows read, 3 of no known operation, 1 in a window"


def test_every_visit_is_counted_once() -> None:
    rows = [
        visit("a", "365", "10"), visit("a", "400", "20"), visit("a", "30", ""), visit("a", "10", "5"),
        visit("a", "", "5"), visit("z", "365", "1"), visit("b", "365", "999"),
    ]  # fmt: skip
    told = link(rows, DAYS).notes
    assert told == (
        "table 'visits': 7 rows read, 1 of no known operation, 1 faulty, 3 in a window, 1 of these replaced by another "
        "visit of the window, 1 of these without any answer, 1 in no window, 1 without a known day",
        "table 'visits': no visit in the windows 0, 3m, 6m, 24m, 60m",
    )


def test_own_scores_become_columns_known_when_the_visit_is() -> None:
    columns = DAYS.columns_of()
    assert columns["tired_0"].known_at == "preop"
    assert columns["tired_12m"].known_at == "followup"
    assert columns["tired_12m"].text == "Tiredness; from day 270 to 540 after the operation."
    assert columns["odi_12m"] is COLUMNS["odi_12m"]
    linked = link([visit("a", "365", "1", tired="7")], DAYS)
    assert linked.wide["tired_12m"].iloc[0] == 7
    assert linked.columns["tired_12m"] == columns["tired_12m"]


def test_a_window_of_its_own_makes_columns_of_known_scores() -> None:
    definition = definition_of('days = "Day"\nwindows = { "18m" = [541, 599] }')
    column = definition.columns_of()["odi_18m"]
    assert (column.kind, column.hard, column.known_at) == ("number", (0, 100), "followup")
    assert column.text.endswith("lower is better; from day 541 to 599 after the operation.")
    assert listed(link([visit("b", "560", "12")], definition).wide["odi_18m"]) == [None, 12.0, None]


def test_texts_and_dates_come_through() -> None:
    more = '[tables.visits.columns.seen]\nkind = "date"\ntext = "Seen."\n'
    more += '[tables.visits.columns.satisfaction]\nheader = "SAT"\n'
    rows = [visit("b", "365", "1", seen="2021-02-03", SAT="satisfied"), visit("a", "365", SAT="happy")]
    linked = link(rows, definition_of('days = "Day"', more))
    assert listed(linked.wide["satisfaction_12m"]) == [None, "satisfied", None]
    assert listed(linked.wide["seen_12m"]) == [None, pd.Timestamp("2021-02-03"), None]
    assert linked.wide["satisfaction_12m"].dtype == "str"
    assert linked.wide["seen_12m"].dtype == "datetime64[us]"
    assert [row_id for row_id, _ in reasons(linked)] == ["2"]


def test_a_column_of_the_operations_own_table_is_not_made() -> None:
    definition = definition_of('days = "Day"', '[columns.odi_0]\nheader = "ODI before"\n')
    assert definition.sources["odi_0"].table == ""
    linked = link([visit("a", "-10", "55", "3")], definition)
    assert "odi_0" not in linked.wide
    assert linked.wide["nrs_leg_0"].iloc[0] == 3
    assert linked.visits["odi"].tolist() == [55.0]


def test_a_required_score_without_a_visit_is_there_and_missing() -> None:
    definition = parse_definition('required = ["odi_24m"]' + HEAD + VISITS % 'days = "Day"')
    linked = link([visit("a", "365", "1")], definition)
    assert linked.wide["odi_24m"].isna().all()
    assert "odi_3m" not in linked.wide


def test_missing_headers_of_visits_are_named() -> None:
    with pytest.raises(
        DataError, match=r"table 'visits' must have the headers .*\n  'LEG'; not found; nearest is 'LEGS'"
    ):
        link([{"OpID": "a", "Day": "1", "ODI": "1", "LEGS": "1", "tired": "1"}], DAYS)
    with pytest.raises(DataError, match=r"'Day'; not found"):
        link([{"OpID": "a", "ODI": "1", "LEG": "1", "tired": "1"}], DAYS)


def test_a_wrong_code_throughout_is_no_slip() -> None:
    rows = [visit("a", str(day), "yes") for day in range(20)]
    with pytest.raises(DataError, match=r"column 'odi' \(header 'ODI'\) must be a number; none of its 20 values is"):
        link(rows, DAYS)
    with pytest.raises(
        DataError, match=r"must have rows that belong to operations, none of its 20 does; check its key"
    ):
        link([visit("q", str(day), "1") for day in range(20)], DAYS)
    labels = definition_of('label = "Day"\nlabels = { "1 yr" = "12m" }')
    with pytest.raises(
        DataError, match=r"table 'visits': must have labels of the definition under 'Day', none of its 20"
    ):
        link([visit("a", "12", "1")] * 20, labels)


VISIT = st.tuples(
    st.sampled_from("abz"),
    st.sampled_from(["-5", "30", "42", "44", "80", "91", "365", "366", "364", "2000", "", "x"]),
    st.sampled_from(["", "10", "20", "101"]),
    st.sampled_from(["", "1", "2"]),
)


def expected_score(rows: list[dict[str, str]], key: str, ending: str, header: str) -> float | None:
    """Work out a score by the words of the rule, row by row."""
    low, high = WINDOWS[ending]
    usable = [row for row in rows if row["OpID"] == key and row["Day"] not in ("", "x") and row["ODI"] != "101"]
    usable = [row for row in usable if low <= int(row["Day"]) <= high]
    odd = [
        row
        for row in usable
        for other in usable
        for name in ("ODI", "LEG")
        if row["Day"] == other["Day"] and "" not in (row[name], other[name]) and row[name] != other[name]
    ]
    answers = [row for row in usable if row not in odd and row[header] != ""]
    best = min(answers, key=lambda row: (abs(int(row["Day"]) - TARGETS[ending]), int(row["Day"])), default=None)
    return None if best is None else float(best[header])


@settings(max_examples=60, deadline=None)
@given(st.lists(VISIT, min_size=1, max_size=14), st.randoms(use_true_random=False))
def test_visits_follow_the_rule_in_any_order(drawn: list[tuple[str, str, str, str]], random: object) -> None:
    rows = [visit(*cells, tired="1") for cells in drawn]
    linked = link(rows, DAYS)
    for position, key in enumerate("ab"):
        for ending in WINDOWS:
            for stem, header in (("odi", "ODI"), ("nrs_leg", "LEG")):
                made = linked.wide.get(f"{stem}_{ending}")
                value = None if made is None or pd.isna(made.iloc[position]) else made.iloc[position]
                assert value == expected_score(rows, key, ending, header)
    assert len(linked.visits) + len(linked.quarantine["visits"]) == len(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = link(shuffled, DAYS)
    pd.testing.assert_frame_equal(linked.wide, again.wide)
    pd.testing.assert_frame_equal(linked.visits, again.visits)
    assert sorted(linked.notes) == sorted(again.notes)


def test_scores_of_two_tables_stand_side_by_side() -> None:
    more = """
[tables.phone]
rows = "visits"
key = ["OpID"]
days = "Day"
endings = ["12m"]
[tables.phone.columns.eq_vas]
header = "VAS"
"""
    definition = definition_of('days = "Day"', more)
    raw = raw_of([visit("b", "365", "10"), visit("a", "360", "20")])
    phone = pd.DataFrame({"OpID": ["a", "z"], "Day": ["366", "366"], "VAS": ["80", "90"]}, dtype="str")
    both = RawData(table=raw.table, source="x", files=raw.files, long={**raw.long, "phone": phone})
    linked = link_long(both, pd.DataFrame(index=range(3)), definition)
    assert listed(linked.wide["odi_12m"]) == [20.0, 10.0, None]
    assert listed(linked.wide["eq_vas_12m"]) == [80.0, None, None]
    assert linked.visits["position"].tolist() == [0, 0, 1]
    assert listed(linked.visits["eq_vas"]) == [None, 80.0, None]
    assert {name: len(rows) for name, rows in linked.quarantine.items()} == {"visits": 0, "phone": 1}


def test_a_table_without_a_row_gives_nothing() -> None:
    more = '[tables.events]\nrows = "events"\nkey = ["OpID"]\ndays = "D"\nfirst = { reherniation_days = ["x"] }\n'
    more += '[tables.levels]\nrows = "levels"\nkey = ["OpID"]\ncount = "n_levels_planned"\n'
    headers = {"visits": ["OpID", "Day", "ODI", "LEG"], "events": ["OpID", "D", "event"], "levels": ["OpID", "level"]}
    long = {name: pd.DataFrame({header: pd.Series([], dtype="str") for header in row}) for name, row in headers.items()}
    raw = RawData(table=pd.DataFrame({"OpID": ["a", "b"]}, dtype="str"), source="x", files=pd.DataFrame(), long=long)
    linked = link_long(raw, pd.DataFrame(index=range(2)), definition_of('days = "Day"', more))
    assert linked.wide[["n_levels_planned", "reherniation_days"]].isna().all(axis=None)
    assert (len(linked.visits), len(linked.levels), len(linked.events)) == (0, 0, 0)
    assert linked.faults == ()


def test_the_parts_work_alone() -> None:
    windows = list(build_windows({}, ["12m"]).values())
    position, days = np.array([0, 0, 1]), np.array([300.0, 380.0, 365.0])
    window = np.zeros(3, dtype=np.intp)
    ranked = rank_visits(position, window, days, windows, "nearest")
    assert ranked.tolist() == [1, 0, 2]
    assert choose_visits(ranked, position, window, np.array([True, False, True])).tolist() == [0, 2]
    moment = np.array([0, 0, 1, 1, NONE, NONE])
    values = pd.Series([1.0, 2.0, 3.0, 3.0, 4.0, 5.0])
    assert find_disagreeing(values, moment).tolist() == [0, 1]
