"""What a published model is: an equation that is frozen, with the coding of its inputs from our columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PublishedModel:
    """A model of somebody else, applied as it was printed and never fitted.

    Parameters
    ----------
    name, title
        Name in a study's ``comparators``, and heading.
    text
        One sentence: what it predicts, of whom, by when.
    source
        Where the equation is from.
    horizon
        Until when it predicts.
    outcomes
        Outcomes that have its own definition, by the name that the project or a registry gives them.
    related
        Outcomes of the same sense by another definition, beside which it may be set: its ranking is then of interest,
        its calibration is not to be expected.
    needs
        Columns that it is made of: of each group of alternatives one at least must be in the data.
    encode
        Frame with those columns to the model's own inputs by name, shape (n,) each; NaN where an input is unknown.
    predict
        Inputs to predicted risks in [0, 1], shape (n,); NaN where an input is.
    """

    name: str
    title: str
    text: str
    source: str
    horizon: str
    outcomes: tuple[str, ...]
    related: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    encode: Callable[[pd.DataFrame], dict[str, Array]]
    predict: Callable[[Mapping[str, Array]], Array]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it can use."""
        return tuple(dict.fromkeys(name for group in self.needs for name in group))

    def find_absent(self, columns: Mapping[str, object]) -> tuple[str, ...]:
        """Return each group of alternatives of which the data have none, in words."""
        return tuple(" or ".join(group) for group in self.needs if not any(name in columns for name in group))

    def compute(self, frame: pd.DataFrame) -> Array:
        """Return predicted risks of the rows of a frame, shape (n,); NaN where an input is unknown."""
        return self.predict(self.encode(frame))
