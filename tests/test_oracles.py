"""Every leaf of every oracle: the toolkit agrees within its tolerance, or there is a reason why it has no such number.

A module ``oracle_<number>.py`` gives our numbers (`compute_leaves`) and the reasons (`WITHOUT`, by pattern).
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ORACLES = Path(__file__).parent / "oracles"
SHARED = Path(__file__).parents[2] / "shared" / "oracles"
NAMES = sorted(path.stem for path in ORACLES.glob("[0-9][0-9]_*.json"))


def list_leaves(expected: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in expected.items():
        at = f"{path}/{name}" if path else name
        if not isinstance(value, dict):
            continue  # left out by the oracle, or a setting
        if "value" in value:
            yield at, value
        else:
            yield from list_leaves(value, at)


def find_reason(path: str, without: dict[str, str]) -> str | None:
    return next((reason for pattern, reason in without.items() if fnmatch(path, pattern)), None)


def departs(leaf: dict[str, Any], got: object) -> bool:
    expected, found = (np.asarray(values, dtype=np.float64) for values in (leaf["value"], got))
    return found.shape != expected.shape or not bool(np.all(np.abs(found - expected) <= leaf["abs_tol"]))


def test_there_are_seventeen() -> None:
    assert [name[:2] for name in NAMES] == [f"{number:02d}" for number in range(1, 18)]


@pytest.mark.parametrize("name", NAMES)
def test_every_leaf_holds_or_has_a_reason(name: str, record_property: Callable[[str, object], None]) -> None:
    module = importlib.import_module(f"oracle_{name[:2]}")
    leaves = dict(list_leaves(json.loads((ORACLES / f"{name}.json").read_text())["expected"]))
    found: dict[str, object] = module.compute_leaves()
    assert not found.keys() - leaves.keys(), "a leaf that the oracle does not have"
    assert not [path for path in found if departs(leaves[path], found[path])]
    reasons = {path: find_reason(path, module.WITHOUT) for path in leaves.keys() - found.keys()}
    absent = [path for path, reason in reasons.items() if reason is None]
    assert not absent or not SHARED.is_dir(), f"neither computed nor given a reason: {sorted(absent)}"
    record_property("oracle", [name, len(found), len(leaves), len(absent), _count(reasons)])


def _count(reasons: dict[str, str | None]) -> dict[str, int]:
    given = [reason for reason in reasons.values() if reason]
    return {reason: given.count(reason) for reason in sorted(set(given))}
