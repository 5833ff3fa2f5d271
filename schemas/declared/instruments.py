"""A patient-reported or clinician-rated instrument, declared."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from schemas.declared.spec import Direction, Name, Spec

Region = Literal["lumbar", "cervical", "spine", "upper_limb", "generic", "other"]


class InstrumentSpec(Spec):
    """An instrument: the range and direction of its score, and how it is made of its items.

    `name` is the stem of the score's columns: ``odi`` of ``odi_0`` and ``odi_12m``. `items` counts the questions.
    `follow_up_only` marks ratings that make no sense before the operation: outcomes or anchors, never predictors.
    """

    name: Name
    title: str
    low: float
    high: float
    direction: Direction
    region: Region = "other"
    domain: str = ""
    rated_by: Literal["patient", "clinician", "derived"] = "patient"
    items: int | None = None
    follow_up_only: bool = False
    text: str = ""
    source: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> InstrumentSpec:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        return self
