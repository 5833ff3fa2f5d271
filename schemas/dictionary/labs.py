"""Data dictionary: blood before the operation, how many days before it was taken, and blood after it."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.column import Column
from schemas.dictionary.common import Range, number


@dataclass(frozen=True, kw_only=True)
class Lab:
    """One value of the blood; `stem` names the days between it and the operation."""

    name: str
    stem: str
    unit: str
    hard: Range
    plausible: Range
    text: str


TESTS = (
    Lab(name="albumin_g_dl", stem="albumin", unit="g/dl", hard=(1, 6), plausible=(2.5, 5.5), text="Serum albumin"),
    Lab(name="haematocrit_percent", stem="haematocrit", unit="percent", hard=(10, 70), plausible=(25, 55),
        text="Haematocrit"),
    Lab(name="creatinine_mg_dl", stem="creatinine", unit="mg/dl", hard=(0.1, 25), plausible=(0.4, 3),
        text="Serum creatinine; a file in micromoles per litre says so"),
    Lab(name="wbc_1e3_ul", stem="wbc", unit="1e3/ul", hard=(0.1, 100), plausible=(2, 20), text="White blood cells"),
    Lab(name="platelets_1e3_ul", stem="platelets", unit="1e3/ul", hard=(1, 2000), plausible=(50, 700),
        text="Platelets"),
    Lab(name="inr", stem="inr", unit="ratio", hard=(0.5, 10), plausible=(0.8, 2),
        text="International normalised ratio of the prothrombin time"),
    Lab(name="sodium_mmol_l", stem="sodium", unit="mmol/l", hard=(100, 180), plausible=(125, 150),
        text="Serum sodium"),
    Lab(name="bun_mg_dl", stem="bun", unit="mg/dl", hard=(1, 200), plausible=(4, 60), text="Blood urea nitrogen"),
    Lab(name="hba1c_percent", stem="hba1c", unit="percent", hard=(3, 20), plausible=(4, 12),
        text="Glycated haemoglobin; a file in millimoles per mole says so"),
    Lab(name="bilirubin_mg_dl", stem="bilirubin", unit="mg/dl", hard=(0.05, 60), plausible=(0.1, 3),
        text="Total bilirubin"),
    Lab(name="sgot_u_l", stem="sgot", unit="U/l", hard=(1, 10000), plausible=(5, 150),
        text="Aspartate aminotransferase"),
    Lab(name="alk_phos_u_l", stem="alk_phos", unit="U/l", hard=(1, 5000), plausible=(20, 300),
        text="Alkaline phosphatase"),
    Lab(name="ptt_s", stem="ptt", unit="seconds", hard=(5, 250), plausible=(20, 60),
        text="Activated partial thromboplastin time"),
    Lab(name="pt_s", stem="pt", unit="seconds", hard=(5, 150), plausible=(9, 25), text="Prothrombin time"),
    Lab(name="haemoglobin_g_dl", stem="haemoglobin", unit="g/dl", hard=(2, 25), plausible=(8, 18),
        text="Haemoglobin"),
    Lab(name="crp_mg_l", stem="crp", unit="mg/l", hard=(0, 700), plausible=(0, 50), text="C-reactive protein"),
)  # fmt: skip


def _value(test: Lab) -> Column:
    return number(test.name, test.unit, test.hard, f"{test.text}; last value before the operation.",
                  plausible=test.plausible)  # fmt: skip


def _days(test: Lab) -> Column:
    what = test.text.split(";")[0]
    return number(f"{test.stem}_days_before", "days", (0, 1000), f"{what}: days between the blood test and the "
                  "operation.", plausible=(0, 90))  # fmt: skip


def _value_after(test: Lab) -> Column:
    return number(f"postop_{test.name}", test.unit, test.hard, f"{test.text}; first value after the operation.",
                  plausible=test.plausible, at="discharge")  # fmt: skip


LABS = tuple(_value(test) for test in TESTS) + tuple(_days(test) for test in TESTS)

TESTED_AFTER = ("albumin", "haematocrit", "creatinine", "wbc", "platelets")
LABS_AFTER = tuple(_value_after(test) for test in TESTS if test.stem in TESTED_AFTER)
"""What studies have taken from the days after the operation for a predictor; known at discharge only."""
