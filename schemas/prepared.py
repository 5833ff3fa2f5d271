"""What a source's own logic makes of a raw table."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A raw table made ready.

    Attributes
    ----------
    table
        As many rows in the same order; headers and texts as the source's definition expects them.
    notes
        What was noticed; never values.
    label_rule
        What a flag or category of the file must be, as a fault says it to who knows the file's own labels and not
        those of the dictionary; blank to say it in the dictionary's.
    """

    table: pd.DataFrame
    notes: tuple[str, ...] = ()
    label_rule: str = ""
