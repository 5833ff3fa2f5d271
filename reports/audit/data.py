"""The audit as data: a tidy CSV and a JSON that say what the page says, no more and no less."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping

import pandas as pd

from pipelines.groups.group_curves import LEAST
from pipelines.groups.group_gaps import GAP_METRICS
from reports.audit.hashes import list_hashes
from reports.audit.rows import Judgement, build_rows, list_judgements
from reports.audit.scope import list_analyses
from reports.run_folder import RunFolder
from reports.tables import distinct

CSV, JSON = "audit.csv", "audit.json"
FORMAT = 1
FLEXIBLE = 100
"""Events and patients without from which a curve has more than 3 knots."""

Value = str | float | int | bool | None
Record = dict[str, Value]


def list_files(run: RunFolder) -> Mapping[str, bytes]:
    """Return the audit as CSV and as JSON, by file name; the same run gives the same bytes."""
    rows = build_rows(run)
    return {CSV: _write_csv(rows), JSON: _write_json(describe_audit(run, rows), rows)}


def hash_files(run: RunFolder) -> dict[str, str]:
    """Return the SHA-256 of the audit as CSV and as JSON, with which a signature names what was signed."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in list_files(run).items()}


def _write_csv(rows: pd.DataFrame) -> bytes:
    shown = rows.astype(dict.fromkeys(("n", "events"), "Int64"))
    return shown.to_csv(index=False, lineterminator="\n").encode()


def _write_json(facts: Mapping[str, object], rows: pd.DataFrame) -> bytes:
    """Write the facts indented, and beneath them each row of the audit on a line of its own."""
    head = json.dumps({**facts, "rows": []}, ensure_ascii=False, indent=1, allow_nan=False)
    records = ({str(name): _plain(value) for name, value in row.items()} for row in rows.to_dict("records"))
    lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records]
    return (head.removesuffix("[]\n}") + "[\n" + ",\n".join(lines) + "\n]\n}\n").encode()


def describe_audit(run: RunFolder, rows: pd.DataFrame) -> dict[str, object]:
    """Return what ``audit.json`` holds beside the rows.

    Parameters
    ----------
    run
        A finished run.
    rows
        What `build_rows` made of it.
    """
    facts = run.facts
    return {
        "format": FORMAT,
        "document": "subgroup calibration audit",
        "study": facts.study.title,
        "synthetic": run.synthetic,
        "target": [
            {
                "outcome": analysis.view.outcome.name,
                "dataset": analysis.view.dataset,
                "validation": analysis.view.validation,
                "target": analysis.target,
                "models": [*analysis.models],
                "other_models": [*analysis.others],
            }
            for analysis in list_analyses(run)
        ],
        "groups": [*facts.study.subgroups],
        "margin": find_margin(run),
        "rule": {
            "suppress_below": facts.study.suppress_below,
            "complementary": True,
            "group_with_one_fate": "suppressed",
            "least_events_and_others": {
                name: GAP_METRICS[name].least for name in distinct(run.tables["gaps"]["metric"]) if name in GAP_METRICS
            },
            "least_for_curve": LEAST,
            "least_for_flexible_curve": FLEXIBLE,
        },
        "hashes": dict(list_hashes(run)),
        "suppressed": list(count_suppressed(rows)),
        "conclusions": [_describe_judgement(found) for found in list_judgements(run)],
    }


def find_margin(run: RunFolder) -> float | None:
    """Return the margin that the plan sets; None where no group was judged by one."""
    margins = run.tables["gaps"]["margin"].dropna()
    return float(margins.iloc[0]) if len(margins) else None


def count_suppressed(rows: pd.DataFrame) -> Iterator[Record]:
    """Yield by outcome, data and attribute how many groups are hidden, and how many cells of the audit."""
    keys = ["outcome", "dataset", "validation", "subgroup"]
    hidden = rows[rows["status"] == "suppressed"]
    for key, part in hidden.groupby(keys, sort=False):
        groups = part.groupby("level")["measure"].size()
        named: Record = {name: str(value) for name, value in zip(keys, key, strict=True)}
        yield named | {"groups": len(groups), "cells": len(part)}


def _describe_judgement(found: Judgement) -> Record:
    view = found.analysis.view
    return {
        "outcome": view.outcome.name,
        "dataset": view.dataset,
        "validation": view.validation,
        "model": found.model,
        "subgroup": found.subgroup,
        "level": found.level,
        "n": _count(found.n),
        "events": _count(found.events),
        "gap": _plain(found.gap),
        "lower": _plain(found.lower),
        "upper": _plain(found.upper),
        "conclusion": found.conclusion,
    }


def _count(value: float) -> int | None:
    return None if math.isnan(value) else round(value)


def _plain(value: Value) -> Value:
    """Return a value as JSON has it: no NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value
