"""Registry definitions: what TOML may say, and every way in which it may be wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from schemas.column import Column
from schemas.columns import COLUMNS
from schemas.definition import BUILT_IN, Definition, parse_definition, read_definition
from schemas.errors import DefinitionError, suggest
from schemas.units import UNITS, convert_unit

HEAD = 'name = "own"\ntitle = "Own"\n'

FULL = (
    HEAD
    + """
base = "lumbar"
required = ["age"]

[file]
separator = ";"
encoding = "latin-1"
decimal = ","
missing = ["*"]

[columns.sex]
header = "Gender"
recode = { "1" = "male", "2" = "female" }
missing = ["9"]

[columns.grip_kg]
kind = "number"
unit = "kg"
range = [0, 100]
plausible = [5, 80]
known_at = "preop"
text = "Grip strength."
unit_in_file = "pounds"

[columns.walks]
header = "WALK"
kind = "flag"
known_at = "followup"
text = "Walks without help after a year."
optional = true

[instruments.oks]
title = "Oxford Knee Score"
low = 0
high = 48
direction = "higher_is_better"

[threshold_sets.oks_7]
title = "7 points"
thresholds = [{ instrument = "oks", kind = "absolute_change", value = 7 }]

[outcomes.walking]
title = "Walks"
kind = "event"
desirable = true
horizon = "12 months"
any_of = ["walks"]

[comparators.theirs]
title = "Their score"
outcome = "walking"
plus = ["grip_kg"]
"""
)


def column_toml(**lines: str) -> str:
    """A definition of one own flag `x`, with further lines of TOML or other ones."""
    keys = {"kind": '"flag"', "known_at": '"preop"', "text": '"X."'} | lines
    return HEAD + "[columns.x]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items() if value)


def test_a_full_definition_is_read() -> None:
    definition = parse_definition(FULL)
    assert (definition.name, definition.title, definition.base) == ("own", "Own", "lumbar")
    assert not definition.synthetic
    assert definition.text == FULL
    assert definition.sha256 == hashlib.sha256(FULL.encode()).hexdigest()
    assert (definition.file.separator, definition.file.encoding, definition.file.decimal) == (";", "iso8859-1", ",")
    assert [spec.name for spec in definition.instruments] == ["oks"]
    assert [spec.name for spec in definition.threshold_sets] == ["oks_7"]
    assert [spec.name for spec in definition.outcomes] == ["walking"]
    assert [spec.name for spec in definition.comparators] == ["theirs"]


def test_columns_come_from_the_base_and_the_definition() -> None:
    definition = parse_definition(FULL)
    columns = definition.columns_of()
    lumbar = {name for name, column in COLUMNS.items() if "lumbar" in column.cohorts}
    assert set(columns) == lumbar | {"grip_kg", "walks"}
    assert columns["sex"] is COLUMNS["sex"]
    assert columns["grip_kg"] == Column(
        name="grip_kg",
        kind="number",
        known_at="preop",
        text="Grip strength.",
        unit="kg",
        hard=(0.0, 100.0),
        plausible=(5.0, 80.0),
    )
    assert set(definition.required) == {"age", "sex", "grip_kg"}
    assert definition.sources["sex"].header == "Gender"
    assert definition.sources["age"].header == "age"


def test_a_prediction_needs_the_predictors_only() -> None:
    definition = parse_definition(FULL)
    ready = definition.for_prediction(("age", "grip_kg", "year"))
    assert set(ready.required) == {"age", "grip_kg"}
    assert (ready.text, ready.sha256) == (definition.text, definition.sha256)
    assert ready.columns_of() == definition.columns_of()
    assert set(definition.required) == {"age", "sex", "grip_kg"}


def test_own_identifiers_and_dates_are_no_predictors() -> None:
    definition = parse_definition(
        column_toml(kind='"identifier"') + column_toml(kind='"date"')[len(HEAD) :].replace(".x", ".y")
    )
    assert [column.predictor for column in definition.columns_of().values()] == [False, False]


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_definitions_are_sound(name: str) -> None:
    definition = read_definition(name)
    assert definition.name == name
    assert definition.base == name
    assert not definition.synthetic
    assert {column.name for column in definition.columns_of().values()} >= {"age", "sex", "site", "patient"}


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[1] / "studies" / "definitions").glob("*.toml")), ids=str
)
def test_definitions_that_come_with_the_checkout_are_sound(path: Path) -> None:
    assert read_definition(path).name == path.stem


def test_a_path_is_read_against_the_folder(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(FULL, encoding="utf-8")
    assert read_definition("own.toml", folder=tmp_path) == read_definition(tmp_path / "own.toml")


def test_an_unknown_built_in_name_gets_the_nearest() -> None:
    with pytest.raises(DefinitionError, match=r"'lumbr'; nearest is 'lumbar'; known: cervical, deformity, lumbar"):
        read_definition("lumbr")


def test_a_missing_file_gets_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(FULL, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"No such file or directory; nearest is 'own\.toml'"):
        read_definition("owm.toml", folder=tmp_path)


def test_a_folder_is_no_definition_and_no_suggestion_of_itself(tmp_path: Path) -> None:
    (tmp_path / "own.toml").mkdir()
    with pytest.raises(DefinitionError, match=r"must be a readable TOML file, got '.*own\.toml': Is a directory$"):
        read_definition(tmp_path / "own.toml")


def test_a_suggestion_is_of_the_same_kind_and_not_the_name_itself() -> None:
    assert suggest("lumbar.csv", ["lumbar.csv", "lumbar.toml", "lumbar.html"]) == ""
    assert suggest("lumbar.csv", ["lumbar.toml", "lumber.csv.gz"]) == "; nearest is 'lumber.csv.gz'"
    assert suggest("lumbar", ["lumbar", "lumbar.csv"]) == "; nearest is 'lumbar.csv'"
    assert suggest("Age", ["age"]) == "; nearest is 'age'"


def test_bad_toml_says_where_without_the_parser(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\ntitle = \n', encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"must be TOML, .*: Invalid value \(at line 2") as caught:
        read_definition(path)
    assert caught.value.__suppress_context__


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes('name = "Rückgrat"'.encode("latin-1"))
    with pytest.raises(DefinitionError, match="must be text in UTF-8"):
        read_definition(path)


FAULTS = {
    "title: must be given": 'name = "own"',
    "titel: is not a known key; nearest is 'title'": HEAD + 'titel = "x"',
    "file.seperator: is not a known key; nearest is 'separator'": HEAD + '[file]\nseperator = ";"',
    "got 'lumba'; nearest is 'lumbar'": HEAD + 'base = "lumba"',
    "required: a required column must be a known name, got 'agee'; nearest is 'age'": HEAD
    + 'base = "lumbar"\nrequired = ["agee"]',
    "file.encoding: must be a known text encoding": HEAD + '[file]\nencoding = "klingon"',
    "columns.x.levls: is not a known key; nearest is 'levels'": column_toml(levls='["a"]'),
    "columns.x: must have kind, known_at, text: it is not in the dictionary": HEAD + "[columns.x]\n",
    "columns.agee: must have kind, known_at, text: it is not in the dictionary; nearest is 'age'": HEAD
    + "[columns.agee]\n",
    "columns.age: must have known_at, text: with a kind it is the registry's own; leave out kind": HEAD
    + '[columns.age]\nkind = "number"',
    "columns.x: must have text": column_toml(text=""),
    "columns.x.kind: must be 'number', 'flag'": column_toml(kind='"boolean"'),
    "columns.x: range: a number must have its lowest and highest possible value": column_toml(kind='"number"'),
    "columns.x: range: the first number must be below the second": column_toml(kind='"number"', range="[9, 1]"),
    "columns.x: plausible: must be increasing and within range": column_toml(
        kind='"number"', range="[0, 9]", plausible="[0, 10]"
    ),
    "columns.x: levels: a category must have its levels": column_toml(kind='"category"'),
    "columns.x: levels: each level must stand once": column_toml(kind='"category"', levels='["a", "a"]'),
    "columns.x: levels: a level must not be blank": column_toml(kind='"category"', levels='["a", ""]'),
    "columns.x: levels: only a category can have it, the column is a flag": column_toml(levels='["a"]'),
    "columns.x: date_format: only a date can have it": column_toml(date_format='"%d.%m.%Y"'),
    "columns.x: recode: the code '1' must become 0 or 1, got 2": column_toml(recode='{ "1" = 2 }'),
    "columns.x: recode: the code 'a' must become one of the levels b": column_toml(
        kind='"category"', levels='["b"]', recode='{ "a" = "c" }'
    ),
    "columns.x: recode: the code 'a' must become a number": column_toml(
        kind='"number"', range="[0, 1]", recode='{ "a" = "c" }'
    ),
    "columns.x: recode: a date cannot have codes": column_toml(kind='"date"', recode='{ "a" = "c" }'),
    "columns.x: unit_in_file: must be a known unit, got 'ells'; known: cm, inches": column_toml(
        kind='"number"', range="[0, 1]", unit='"cm"', unit_in_file='"ells"'
    ),
    "columns.x: unit_in_file: must be a known unit, got 'cm'; known: none": column_toml(
        kind='"number"', range="[0, 1]", unit_in_file='"cm"'
    ),
    "columns.patient: kind: must be identifier for a column of this name, got flag": column_toml().replace(
        "columns.x", "columns.patient"
    ),
    "columns.row_id: must have another name": column_toml().replace("columns.x", "columns.row_id"),
    "columns.age: kind: must be left out or be 'number' as in the dictionary": HEAD
    + 'base = "lumbar"\n[columns.age]\nkind = "flag"',
    "columns.age: unit: must be left out or be 'years'": HEAD + '[columns.age]\nunit = "months"',
    "instruments.oks.direction: must be given": HEAD + '[instruments.oks]\ntitle = "O"\nlow = 0\nhigh = 48',
    "instruments.oks.lo: is not a known key; nearest is 'low'": HEAD
    + '[instruments.oks]\ntitle = "O"\nlo = 0\nlow = 0\nhigh = 48\ndirection = "higher_is_better"',
    "outcomes.died.name: must be left out": HEAD + '[outcomes.died]\nkind = "event"\nname = "lived"',
    "outcomes.died.kind: the kind of an outcome must be a known name": HEAD + '[outcomes.died]\ntitle = "D"',
    "an outcome of kind event must have any_of": HEAD
    + '[outcomes.died]\ntitle = "D"\nkind = "event"\ndesirable = false\nhorizon = "30 days"',
    "outcomes.walking: a column must be a known name, got 'wlks'; nearest is 'walks'": FULL.replace(
        'any_of = ["walks"]', 'any_of = ["wlks"]'
    ),
    "comparators.theirs: a column must be a known name, got 'grip'": FULL.replace(
        'plus = ["grip_kg"]', 'plus = ["grip"]'
    ),
}


@pytest.mark.parametrize(("message", "toml"), FAULTS.items(), ids=FAULTS)
def test_faults_are_named(message: str, toml: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(toml, name="own.toml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("own.toml must follow the shape of a registry definition:")
    assert caught.value.__context__ is None


def test_a_column_of_another_kind_is_no_suggestion() -> None:
    with pytest.raises(DefinitionError, match=r"must have known_at, text: it is not in the dictionary$"):
        parse_definition(HEAD + '[columns.agee]\nkind = "category"')


def test_all_faults_come_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(HEAD + "[columns.a]\n[columns.b]\nkin = 1\n[instruments.c]\n")
    places = {line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]}
    assert places == {"columns.a", "columns.b.kin"} | {
        f"instruments.c.{key}" for key in ("title", "low", "high", "direction")
    }


def test_a_declared_kind_owns_the_name_without_a_base() -> None:
    """A later dictionary must not change the meaning of a definition that says what its column is."""
    toml = HEAD + '[columns.diabetes]\nkind = "flag"\nknown_at = "discharge"\ntext = "Own."\n'
    assert parse_definition(toml).columns_of()["diabetes"].known_at == "discharge"
    assert parse_definition(HEAD + "[columns.diabetes]\n").columns_of()["diabetes"] is COLUMNS["diabetes"]


@pytest.mark.parametrize(
    ("given", "wanted", "factor"),
    [
        ("inches", "cm", 2.54),
        ("pounds", "kg", 0.45359237),
        ("months", "days", 365.25 / 12),
        ("cm", "cm", 1),
        (None, "cm", 1),
    ],
)
def test_units_are_those_of_the_standards(given: str | None, wanted: str, factor: float) -> None:
    assert convert_unit(1.0, given, wanted) == pytest.approx(factor, rel=1e-12)


def test_units_there_and_back_cancel() -> None:
    both = [(given, wanted) for given, wanted in UNITS if (wanted, given) in UNITS]
    assert both
    for given, wanted in both:
        assert UNITS[given, wanted] * UNITS[wanted, given] == pytest.approx(1, rel=1e-12)


def test_a_definition_is_not_changed_by_reading_it_again() -> None:
    definition = parse_definition(FULL)
    assert isinstance(definition, Definition)
    assert parse_definition(definition.text) == definition


TABLES = (
    HEAD
    + """
base = "lumbar"
required = ["age", "odi_12m", "tired_18m"]
[identifiers]
drop = ["Name"]
[tables.operations]
file = "operations.csv"
[tables.patients]
file = "patients.csv"
key = ["PatID"]
[tables.visits]
rows = "visits"
key = ["OpID"]
date = "VisitDate"
windows = { "18m" = [541, 599] }
[tables.visits.columns.odi]
header = "ODI"
[tables.visits.columns.tired]
kind = "number"
range = [0, 10]
text = "Tiredness."
[tables.levels]
rows = "levels"
key = ["OpID"]
count = "n_levels_planned"
[tables.events]
rows = "events"
key = ["OpID"]
days = "Days"
first = { reherniation_days = ["reherniation"], fusion_days = ["fusion"] }
[columns.fusion_days]
kind = "number"
range = [0, 4000]
known_at = "followup"
text = "Days to the first fusion."
[outcomes.rested]
title = "Rested"
kind = "event_by_horizon"
desirable = false
horizon = "2 years"
horizon_days = 730
time = "fusion_days"
followed_until = "followup_days"
[columns.followup_days]
kind = "number"
range = [0, 9999]
known_at = "followup"
text = "Days of follow-up."
"""
)


def test_tables_make_columns_that_the_definition_knows() -> None:
    definition = parse_definition(TABLES)
    assert list(definition.tables) == ["operations", "patients", "visits", "levels", "events"]
    made = {name: at.table for name, at in definition.sources.items() if at.table}
    endings = ("0", "6w", "3m", "6m", "12m", "18m", "24m", "60m")
    assert {name for name, table in made.items() if table == "visits"} == {
        f"{stem}_{ending}" for stem in ("odi", "tired") for ending in endings
    }
    assert {name for name, table in made.items() if table == "levels"} == {
        "upper_level",
        "lower_level",
        "n_levels_planned",
    }
    assert {name for name, table in made.items() if table == "events"} == {"reherniation_days", "fusion_days"}
    assert set(definition.required) == {"age", "odi_12m", "tired_18m", "followup_days"}
    assert definition.columns_of()["odi_12m"] is COLUMNS["odi_12m"]
    assert definition.columns_of()["tired_18m"].known_at == "followup"
    assert definition.table_columns["visits"]["odi"].header == "ODI"
    assert list(definition.table_columns["levels"]) == ["level", "side"]
    assert definition.table_columns["patients"] == {}


def test_a_definition_without_tables_has_none() -> None:
    definition = parse_definition(FULL)
    assert (dict(definition.tables), dict(definition.table_columns)) == ({}, {})
    assert not [name for name, at in definition.sources.items() if at.table]


def test_a_prediction_needs_no_further_table() -> None:
    definition = parse_definition(TABLES)
    assert not any(plan.optional for plan in definition.tables.values())
    ready = definition.for_prediction(["age", "odi_0"])
    assert [name for name, plan in ready.tables.items() if not plan.optional] == ["operations"]
    assert set(ready.required) == {"age", "odi_0"}


def table_toml(text: str, name: str = "more") -> str:
    return HEAD + f'base = "lumbar"\n[tables.operations]\n[tables.{name}]\n{text}'


VISITS = 'rows = "visits"\nkey = ["OpID"]\ndate = "Day"\n'
ODI = "[tables.more.columns.odi]\n"

TABLE_FAULTS = {
    "tables: one of the tables must be 'operations'": HEAD + '[tables.patients]\nkey = ["a"]',
    "tables.operations.key: must be left out of the table of the operations; it can have file, sheet": HEAD
    + '[tables.operations]\nkey = ["a"]',
    "tables.operations.rows: must be left out, the table has one row per index operation": HEAD
    + '[tables.operations]\nrows = "visits"',
    "tables.more.rows: must be 'one', 'visits', 'levels' or 'events', got 'visit'": table_toml('rows = "visit"'),
    "tables.more.kye: is not a known key; nearest is 'key'": table_toml('kye = ["a"]'),
    "tables.more.key: must be given, the headers that say which operation a row belongs to": table_toml('file = "a"'),
    "tables.more.operations_key: must have as many headers as key (1), got 2": table_toml(
        'key = ["a"]\noperations_key = ["b", "c"]'
    ),
    "tables.more.key: the header 'a' must not be among identifiers.drop; pseudonymise it instead": table_toml(
        'key = ["a"]'
    )
    + '\n[identifiers]\ndrop = ["a"]',
    "tables.more.query: must stand alone, without file, sheet and member": table_toml(
        'key = ["a"]\nquery = "SELECT 1"\nfile = "a.csv"'
    ),
    "tables.more.file: must be the name of a file inside the data, got '../a.csv'": table_toml(
        'key = ["a"]\nfile = "../a.csv"'
    ),
    "tables.more.member: must be left out where there is a file": table_toml('key = ["a"]\nfile = "a"\nmember = "b"'),
    "tables.more.where.form: must have at least 1 item, got 0": table_toml('key = ["a"]\nwhere = { form = [] }'),
    "tables.more.date: only a table with rows = 'visits' or 'events' can have it, the rows are 'one'": table_toml(
        'key = ["a"]\ndate = "b"'
    ),
    "tables.more.columns: only a table with rows = 'visits' or 'levels' or 'events' can have it, the rows are 'one'; "
    "its columns stand under [columns]": table_toml('key = ["a"]\n[tables.more.columns.age]'),
    "tables.more.count: only a table with rows = 'levels' can have it, the rows are 'visits'": table_toml(
        VISITS + 'count = "n"\n' + ODI
    ),
    "tables.more.days: must be left out where there is date": table_toml(VISITS + 'days = "b"\n' + ODI),
    "tables.more.date: must be given: one of date, days, months or label says when a row of visits was": table_toml(
        'rows = "visits"\nkey = ["a"]\n' + ODI
    ),
    "tables.more.date: must be given: one of date, days or months says when a row of events was": table_toml(
        'rows = "events"\nkey = ["a"]\n'
    ),
    "tables.more.date_format: must be left out where there is no date": table_toml(
        'rows = "events"\nkey = ["a"]\ndays = "b"\ndate_format = "%d.%m.%Y"'
    ),
    "tables.more.date: needs the column operation_date, from which its days are counted": HEAD
    + "[tables.operations]\n[tables.more]\n"
    + VISITS
    + ODI,
    "tables.more.labels: must be given where there is a label, and only there": table_toml(
        'rows = "visits"\nkey = ["a"]\nlabel = "b"\n' + ODI
    ),
    "tables.more.labels: a window must be a known name, got '12 m'; nearest is '12m'": table_toml(
        'rows = "visits"\nkey = ["a"]\nlabel = "b"\nlabels = { x = "12 m" }\n' + ODI
    ),
    "tables.more.endings: must be left out where there is a label": table_toml(
        'rows = "visits"\nkey = ["a"]\nlabel = "b"\nlabels = { x = "12m" }\nendings = ["12m"]\n' + ODI
    ),
    "tables.more.endings: a window must be a known name, got '9m'": table_toml(VISITS + 'endings = ["9m"]\n' + ODI),
    "tables.more.windows: '3m' [60, 160] and '6m' [151, 269] must not overlap": table_toml(
        VISITS + "windows = { 3m = [60, 160] }\n" + ODI
    ),
    "tables.more.windows: the first day of '3m' must not be after the last, got [150, 60]": table_toml(
        VISITS + "windows = { 3m = [150, 60] }\n" + ODI
    ),
    "tables.more.columns: a table of visits must have a column at least": table_toml(VISITS),
    "tables.more.columns.odi.heder: is not a known key; nearest is 'header'": table_toml(VISITS + ODI + 'heder = "x"'),
    "tables.more.columns.odi: known_at: must be left out, the window of the visit says it": table_toml(
        VISITS + ODI + 'known_at = "preop"'
    ),
    "tables.more.columns.odi: range: must be left out or be (0, 100) as in the dictionary": table_toml(
        VISITS + ODI + "range = [0, 50]"
    ),
    "tables.more.columns.odi: unit_in_file: must be a known unit, got 'ells'": table_toml(
        VISITS + ODI + 'unit_in_file = "ells"'
    ),
    "tables.more.columns.oddi: must have kind, text: the dictionary has no score of this name; nearest is": table_toml(
        VISITS + "[tables.more.columns.oddi]"
    ),
    "tables.more.columns.own: range: a number must have its lowest and highest possible value": table_toml(
        VISITS + '[tables.more.columns.own]\nkind = "number"\ntext = "Own."'
    ),
    "tables.more.columns.level: recode: the code 'a' must become one of the levels c0_1, c1_2": table_toml(
        'rows = "levels"\nkey = ["a"]\n[tables.more.columns.level]\nrecode = { a = "l9" }'
    ),
    "tables.more.count: a column that is made of a table must be a known name, got 'n_levels'": table_toml(
        'rows = "levels"\nkey = ["a"]\ncount = "n_levels"'
    ),
    "tables.more.count: the column 'sex' must be a number, it is a category": table_toml(
        'rows = "levels"\nkey = ["a"]\ncount = "sex"'
    ),
    "columns.n_levels_planned: header: must be left out, the column is made of the table 'more'": table_toml(
        'rows = "levels"\nkey = ["a"]\ncount = "n_levels_planned"\n[columns.n_levels_planned]\nheader = "N"'
    ),
    "tables.more.first.reherniation_days: must have at least 1 item": table_toml(
        'rows = "events"\nkey = ["a"]\ndays = "b"\nfirst = { reherniation_days = [] }'
    ),
    "tables.again: the column 'odi_12m' is made of the table 'more' already": table_toml(VISITS + ODI)
    + '[tables.again]\nrows = "visits"\nkey = ["a"]\ndays = "b"\nendings = ["12m"]\n[tables.again.columns.odi]',
    "required: a required column must be a known name, got 'odi_9m'": table_toml(VISITS + ODI).replace(
        HEAD, HEAD + 'required = ["odi_9m"]\n'
    ),
}


@pytest.mark.parametrize(("message", "toml"), TABLE_FAULTS.items(), ids=TABLE_FAULTS)
def test_faults_of_tables_are_named(message: str, toml: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(toml, name="own.toml")
    assert message in str(caught.value)
    assert caught.value.__context__ is None


def test_faults_of_tables_come_at_once() -> None:
    toml = TABLES.replace('date = "VisitDate"', 'date = "VisitDate"\ncount = "n"').replace('key = ["PatID"]', "")
    with pytest.raises(DefinitionError) as caught:
        parse_definition(toml.replace('days = "Days"', "").replace('header = "ODI"', "levels = []"))
    places = {line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]}
    assert places >= {
        "tables.visits.count",
        "tables.patients.key",
        "tables.events.date",
        "tables.visits.columns.odi.levels",
    }


@pytest.mark.parametrize("text", ["%Q", "dd.mm.yyyy", "%Y", "", "31.12.2024"])
def test_a_date_format_that_reads_no_day_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match="date_format: must say day, month and year in the codes %d, %m and %Y"):
        parse_definition(f'name = "a"\ntitle = "A"\nbase = "lumbar"\ncolumns.operation_date.date_format = "{text}"\n')


@pytest.mark.parametrize("encoding", ["hex", "rot13", "base64", "unicode_escape", "idna", "utf-7", "no_such"])
def test_an_encoding_in_which_nobody_saves_a_file_is_refused(encoding: str) -> None:
    with pytest.raises(DefinitionError, match=r"file\.encoding: must be a known text encoding"):
        parse_definition(f'name = "a"\ntitle = "A"\nbase = "lumbar"\nfile.encoding = "{encoding}"\n')


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('columns.age.missing = "9"', r"columns\.age\.missing: must be a list in brackets, such as .*, got '9'"),
        ("columns.age.missing = [9]", r"columns\.age\.missing\.0: must be a text in quotes, got 9"),
        ("columns.age.header = 3", r"columns\.age\.header: must be a text in quotes, got 3"),
        ("columns.age.header = PatID", "must be TOML, with texts in straight quotes"),
    ],
)
def test_slips_of_writing_are_told_in_plain_words(line: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        parse_definition(f'name = "a"\ntitle = "A"\nbase = "lumbar"\n{line}\n')
