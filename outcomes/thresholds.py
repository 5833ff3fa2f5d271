"""Named threshold sets. A minimal clinically important difference is not one number: a study names its set.

The entries lie in ``threshold_entries/``; docs/thresholds.md shows them as a table.
"""

from __future__ import annotations

from outcomes.threshold_entries.cervical import CERVICAL
from outcomes.threshold_entries.deformity import DEFORMITY
from outcomes.threshold_entries.generic import GENERIC
from outcomes.threshold_entries.lumbar import LUMBAR
from schemas.specs import ThresholdSetSpec

ENTRIES = (*LUMBAR, *CERVICAL, *DEFORMITY, *GENERIC)

THRESHOLD_SETS: dict[str, ThresholdSetSpec] = {entry.name: entry for entry in ENTRIES}
