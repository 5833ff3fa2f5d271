"""Outcomes from scores: has a score reached its threshold by a visit, and the score itself.

The entries lie in ``prom_entries/``. The set of each is a default; a study names its own under ``[threshold_sets]``.
"""

from __future__ import annotations

from outcomes.prom_entries.cervical import CERVICAL
from outcomes.prom_entries.deformity import DEFORMITY
from outcomes.prom_entries.generic import GENERIC
from outcomes.prom_entries.lumbar import LUMBAR
from outcomes.prom_entries.scores import SCORES
from schemas.specs import OutcomeSpec

PATIENT_REPORTED: tuple[OutcomeSpec, ...] = (*LUMBAR, *CERVICAL, *DEFORMITY, *GENERIC, *SCORES)
