"""The TRIPOD+AI report: a manuscript's sections, written from the run, with what only its author can say left open."""

from __future__ import annotations

from reports.document import Document, Section
from reports.sections.summary import build_summary

_ENTRIES = (Section(name="summary", title="Summary", build=build_summary),)
SECTIONS: dict[str, Section] = {section.name: section for section in _ENTRIES}
TRIPOD = Document(
    name="report",
    title="TRIPOD+AI report",
    text="For the author of a paper: a manuscript with its numbers in place, and the checklist.",
    sections=SECTIONS,
)
