"""A registry in which some patients have unmistakable identifiers, dates, texts and values: for the privacy gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from schemas.synthetic import simulate_registry, write_synthetic

NUMBERS = {
    "age": (30, 80), "bmi": (20, 38), "symptom_duration_months": (2, 60), "odi_0": (30, 70), "nrs_back_0": (3, 8),
    "nrs_leg_0": (3, 8), "eq5d_index_0": (0.1, 0.8),
}  # fmt: skip
"""The numbers among the predictors, and between what the planted patients of the middle have them."""
LOWEST = {
    "age": 18.1, "bmi": 13.1, "symptom_duration_months": 0.1, "odi_0": 12.1, "nrs_back_0": 0.1, "nrs_leg_0": 0.1,
    "eq5d_index_0": -0.55,
}  # fmt: skip
HIGHEST = {
    "age": 103.7, "bmi": 61.1, "symptom_duration_months": 387.3, "odi_0": 97.1, "nrs_back_0": 9.7, "nrs_leg_0": 9.7,
    "eq5d_index_0": 0.985,
}  # fmt: skip
UNMISTAKABLE = ("age", "symptom_duration_months")
"""Whose highest value is told by four digits already: no share, no percentage and no number of patients is like it."""
FREE = {"sex": "QX-neither-nor", "smoking": "QX-pipe-on-sundays", "diagnosis": "QX-lumbago-of-uncle"}
STEMS = ("Zebulon", "Quixley", "fell off the", "camel at noon", *(text.removeprefix("QX-") for text in FREE.values()))
"""Parts of these texts that are told by themselves already."""
IDENTIFIERS = ("patient_name", "e_mail", "national_number", "remarks")


@dataclass
class Plant:
    """A table with its planted patients, and what is known of them."""

    table: pd.DataFrame
    tag: str
    rng: np.random.Generator
    texts: dict[str, str] = field(default_factory=dict)
    stems: dict[str, str] = field(default_factory=lambda: {f"stem {stem}": stem for stem in STEMS})
    days: dict[str, date] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def unmistakable(self) -> dict[str, float]:
        """Numbers that are known by fewer digits, where a reader sees them."""
        return {f"highest {name}": self.numbers[f"highest {name}"] for name in UNMISTAKABLE}

    def identify(self, row: int, who: str) -> None:
        """Give a patient identifiers and texts that nobody else has."""
        word = f"{self.tag}{who}"
        number = self.rng.integers(10**9, 10**10)
        texts = {
            "patient": f"QX-{word}-0071", "operation": f"QXO-{word}-0071", "patient_name": f"Zebulon {word} Quixley",
            "e_mail": f"zebulon.{word}@quixley.example", "national_number": f"QN{word}{number}",
            "remarks": f"fell off the {word} camel at noon", "surgeon": f"QXS-{word}",
        }  # fmt: skip
        for name, text in texts.items():
            self.table.loc[row, name] = text
            self.texts[f"{who} {name}"] = text
        self.stems[f"stem {who}"] = word
        self.numbers[f"digits of {who}"] = float(number)

    def number(self, row: int, who: str, name: str, near: float) -> None:
        """Give a patient a value of nine digits."""
        text = f"{near + self.rng.uniform(0.001, 0.009):.9f}"
        self.table.loc[row, name] = text
        self.numbers[f"{who} {name}"] = float(text)

    def operate(self, row: int, who: str, day: date) -> None:
        """Set the day of the operation, and that of the discharge."""
        stay = timedelta(days=int(self.table.loc[row, "length_of_stay_days"]))
        for name, own in {"operation_date": day, "discharge_date": day + stay}.items():
            self.table.loc[row, name] = f"{own}"
            self.days[f"{who} {name}"] = own
        self.table.loc[row, "year"] = f"{day.year}"

    def clear(self, row: int, *names: str) -> None:
        self.table.loc[row, list(names)] = ""


def plant(folder: Path, seed: int, tag: str, *, n: int, first: date, last: date) -> Plant:
    """Simulate a lumbar registry into a folder and plant its patients.

    `first` and `last` are the days of the first and the last operation. There are patients in the middle of all others
    (``clean``), at the lowest and at the highest of every number, one whose values cannot be read, one whose outcomes
    are unknown and one who is left out, since the baseline leaves no room for improvement.
    """
    simulated = write_synthetic(simulate_registry("lumbar", n=n, seed=seed), folder)
    table = pd.read_csv(simulated, dtype="str", keep_default_na=False)
    made = Plant(table=table, tag=tag, rng=np.random.default_rng(seed))
    for name in NUMBERS:
        inside = pd.to_numeric(table[name]).clip(LOWEST[name] + 0.1, HIGHEST[name] - 0.1)
        table[name] = [("" if np.isnan(value) else f"{value:g}") for value in inside]
    table["odi_12m"] = table["odi_12m"].replace({"0": "2", "100": "98"})
    for name in IDENTIFIERS:
        table[name] = [f"{name} {row}" for row in range(len(table))]
    table["e_mail"] = [f"p{row}@b.example" for row in range(len(table))]
    whole = table["odi_12m"].ne("") & table["readmission_30d"].ne("")
    rows = [int(row) for row in np.flatnonzero(whole)[[3, 20, 40, 60, 80, 100, 120]]]
    clean, low, high, faulty, unknown, excluded, lonely = rows
    middles = {name: tuple(np.linspace(*ends, 4)) for name, ends in NUMBERS.items()}
    for at, (row, who) in enumerate({clean: "clean", unknown: "unknown", lonely: "lonely"}.items()):
        _fill(made, row, who, {name: points[at] for name, points in middles.items()})
        made.operate(row, who, first + timedelta(days=500 + 211 * at))
    _fill(made, low, "lowest", LOWEST)
    made.operate(low, "lowest", first)
    _fill(made, high, "highest", HIGHEST)
    made.operate(high, "highest", last)
    _fill(made, excluded, "excluded", LOWEST | {"age": 50.1, "bmi": 27.1, "odi_0": 13.1})
    for row, who, score in ((clean, "clean", 21.1), (low, "lowest", 1.1), (high, "highest", 99.1)):
        made.number(row, who, "odi_12m", score)
    made.clear(unknown, *[name for name in table if name.endswith(("_30d", "_12m", "_90d")) or name == "clavien_dindo"])
    # the name of a group is told, all that is counted in it is not
    table.loc[lonely, "site"] = f"{tag}-Hospital-of-one"
    made.identify(faulty, "faulty")
    for name, bad in {"age": -431.1, "odi_0": 431.1, "bmi": 843.1}.items():
        made.number(faulty, "faulty", name, bad)
    for name, text in FREE.items():
        table.loc[faulty, name] = made.texts[f"faulty {name}"] = f"{text}-{tag}"
    return made


def _fill(made: Plant, row: int, who: str, values: Mapping[str, float]) -> None:
    made.identify(row, who)
    made.clear(row, "height_cm", "weight_kg")
    for name, near in values.items():
        made.number(row, who, name, near)
