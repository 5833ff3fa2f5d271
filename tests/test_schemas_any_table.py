"""Whatever the table: a registry or a list of faults, every row accounted for, no value told."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.columns import COLUMNS
from schemas.definition import parse_definition
from schemas.errors import InputError
from schemas.registry import Registry, read_registry

MARK = "qzjx"
"""In every text of a cell, in no name, rule or word of ours."""
NUMBER = 918273.645
"""Impossible in every column, and in no range or count of ours."""

KNOWN = [
    "patient",
    "operation",
    "operation_date",
    "site",
    "year",
    "age",
    "sex",
    "bmi",
    "smoking",
    "odi_0",
    "nrs_leg_12m",
]
HEADERS = st.one_of(
    st.sampled_from(KNOWN),
    st.sampled_from(sorted(COLUMNS)),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=12).filter(lambda text: MARK not in text),
)
TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=10).map(lambda text: MARK + text)
PLAUSIBLE = st.sampled_from(["1", "0", "61", "female", "male", "2020-02-03", "no", "", "  ", "never", "current"])
CELLS = {
    "texts": st.one_of(TEXTS, PLAUSIBLE, st.none()),
    "numbers": st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.integers(0, 100), st.just(NUMBER)),
    "whole numbers": st.integers(-(2**63), 2**63 - 1),
    "flags": st.booleans(),
    "dates": st.one_of(st.dates(), st.datetimes(), st.none()),
    "anything": st.one_of(
        TEXTS, PLAUSIBLE, st.none(), st.booleans(), st.floats(), st.integers(), st.dates(), st.datetimes(),
        st.decimals(), st.binary(max_size=4), st.lists(st.integers(), max_size=2), st.just(pd.NaT), st.just(pd.NA),
    ),
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    n = draw(st.integers(0, 6))
    headers = draw(st.lists(HEADERS, max_size=6))
    columns = [
        pd.Series(draw(st.lists(CELLS[draw(st.sampled_from(sorted(CELLS)))], min_size=n, max_size=n)), dtype=object)
        for _ in headers
    ]
    frame = pd.DataFrame(dict(enumerate(columns)), index=range(n))
    frame = frame.infer_objects() if draw(st.booleans()) else frame
    return frame.set_axis(headers, axis=1)


def told(registry: Registry) -> str:
    """Return all that may be shown of a registry to anyone."""
    return "\n".join([repr(registry), *registry.warnings, registry.faults.to_csv(), registry.tables.to_csv()])


def check_nothing_lost(registry: Registry, n: int) -> None:
    assert registry.n_read == n == len(registry.frame) + len(registry.quarantine)
    kept = [*registry.frame["row_id"], *registry.quarantine["row_id"]]
    assert sorted(kept, key=int) == [str(number + 1) for number in range(n)]
    assert (registry.quarantine["reasons"] != "").all()


OPTIONAL = parse_definition('name = "any"\ntitle = "Any"\nbase = "lumbar"\n')


@given(tables())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_table_is_a_registry_or_a_list_of_faults(frame: pd.DataFrame) -> None:
    for definition in ("lumbar", OPTIONAL):
        try:
            registry = read_registry(frame, definition)
        except InputError as error:
            shown = str(error)
        else:
            check_nothing_lost(registry, len(frame))
            shown = told(registry)
        assert MARK not in shown
        assert str(NUMBER) not in shown


@given(st.lists(st.lists(st.one_of(TEXTS, PLAUSIBLE), min_size=4, max_size=4), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_and_a_frame_agree(tmp_path: Path, rows: list[list[str]]) -> None:
    frame = pd.DataFrame(rows, columns=["patient", "age", "sex", "odi_0"])
    path = tmp_path / "any.parquet"
    frame.to_parquet(path)
    found = []
    for data in (frame, path):
        try:
            registry = read_registry(data, "lumbar")
        except InputError as error:
            found.append(str(error).replace("any.parquet", "data frame"))
        else:
            check_nothing_lost(registry, len(frame))
            found.append(registry.fingerprint)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "cell",
    [
        datetime(1, 1, 1),
        date(9999, 12, 31),
        Decimal("NaN"),
        b"\xff",
        [1],
        {"a": 1},
        10**30,
        float("inf"),
        complex(1, 2),
    ],
    ids=str,
)
def test_odd_cells_are_faults_of_their_row(cell: object) -> None:
    frame = pd.DataFrame({"patient": ["a", "b"], "age": pd.Series([cell, 61], dtype=object), "sex": ["male"] * 2})
    registry = read_registry(frame, "lumbar")
    check_nothing_lost(registry, 2)
    missing = isinstance(cell, Decimal)
    assert len(registry.quarantine) == (0 if missing else 1)
