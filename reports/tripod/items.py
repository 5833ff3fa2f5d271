"""The 52 subitems of TRIPOD+AI, in order, in our own words.

Paraphrased from Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement. BMJ 2024;385:e078378. The wording that
counts is that of the statement; this table only says what a run of the toolkit has to say to each point.
"""

from __future__ import annotations

from reports.tripod.entries.analysis import ANALYSIS
from reports.tripod.entries.closing import CLOSING
from reports.tripod.entries.methods import DATA
from reports.tripod.entries.opening import OPENING
from reports.tripod.entries.openness import OPENNESS
from reports.tripod.entries.results import RESULTS
from reports.tripod.item import Item

_ENTRIES = (*OPENING, *DATA, *ANALYSIS, *OPENNESS, *RESULTS, *CLOSING)
ITEMS: dict[str, Item] = {item.name: item for item in _ENTRIES}
