"""What is said of headers that a definition does not know."""

from __future__ import annotations

import pytest

from schemas.columns import COLUMNS
from schemas.definition import read_definition
from schemas.headers import SHOWN_HEADERS, describe_ignored
from schemas.wording import squash


@pytest.mark.parametrize(
    ("header", "column"),
    [("smokin", "smoking"), ("ODI-0", "odi_0"), ("Asa_Clas", "asa_class"), ("diabetess", "diabetes")],
)
def test_slip_of_the_pen_has_a_hint(header: str, column: str) -> None:
    (note,) = describe_ignored(["patient", header], read_definition("lumbar"))
    assert note == f"header {header!r} is not in the definition 'lumbar' and is ignored; nearest is {column!r}"


def test_header_that_begins_otherwise_or_is_much_longer_has_none() -> None:
    notes = describe_ignored(["var_17_region", "the_diabetes_of_it"], read_definition("lumbar"))
    assert notes == [
        "headers that are not in the definition 'lumbar' and are ignored: 'var_17_region', 'the_diabetes_of_it'"
    ]


def test_hints_are_few_and_no_header_is_lost() -> None:
    definition = read_definition("lumbar")
    known = [name for name in COLUMNS if name in definition.sources and len(squash(name)) > 6]
    headers = [f"{name}x" for name in known[:300]]
    *hints, last = describe_ignored(headers, definition)
    assert len(hints) == SHOWN_HEADERS
    assert (
        hints[0] == f"header {headers[0]!r} is not in the definition 'lumbar' and is ignored; nearest is {known[0]!r}"
    )
    assert last.endswith(f", ... ({len(headers) - SHOWN_HEADERS} in all)")


def test_header_without_a_latin_letter_is_compared_too() -> None:
    assert describe_ignored(["\u5e74\u9f62"], read_definition("lumbar")) == [
        "headers that are not in the definition 'lumbar' and are ignored: '\u5e74\u9f62'"
    ]


@pytest.mark.parametrize("header", ["OpID", "Reoperasjon", "Roker", "baseline_cancer", "odi_13m", "cord"])
def test_other_word_has_no_hint(header: str) -> None:
    (note,) = describe_ignored(["patient", header], read_definition("lumbar"))
    assert note == f"headers that are not in the definition 'lumbar' and are ignored: {header!r}"
