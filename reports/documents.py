"""The documents that a run can be read as: one line each."""

from __future__ import annotations

from reports.audit.page import AUDIT
from reports.comparison import COMPARISON
from reports.document import Document
from reports.tripod.manuscript import TRIPOD

_ENTRIES = (TRIPOD, COMPARISON, AUDIT)
DOCUMENTS: dict[str, Document] = {document.name: document for document in _ENTRIES}
