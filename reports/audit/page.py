"""The subgroup calibration audit as a page that can be signed."""

from __future__ import annotations

from reports.document import Document, Section
from reports.sections.subgroups import build_subgroups

_ENTRIES = (Section(name="subgroups", title="Subgroups", build=build_subgroups),)
SECTIONS: dict[str, Section] = {section.name: section for section in _ENTRIES}
AUDIT = Document(
    name="audit",
    title="Subgroup calibration audit",
    text="For the auditor: whether risks are right in every group and at every site.",
    sections=SECTIONS,
)
