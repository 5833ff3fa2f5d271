"""Sources whose files need logic before their columns can be read: what a definition's ``source`` may name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from schemas import nsqip
from schemas.prepared import Prepared


@dataclass(frozen=True, kw_only=True)
class Source:
    """A kind of file with its own logic; `prepare` keeps the number and the order of the rows."""

    name: str
    title: str
    prepare: Callable[[pd.DataFrame], Prepared]


ENTRIES: tuple[Source, ...] = (Source(name="nsqip", title="ACS NSQIP participant use file", prepare=nsqip.prepare),)

SOURCES: dict[str, Source] = {source.name: source for source in ENTRIES}
