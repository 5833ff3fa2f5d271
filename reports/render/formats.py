"""The kinds of files that a document can be written as: one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports.blocks import Report
from reports.render.html import render_html
from reports.render.pdf import render_pdf
from reports.render.word import render_word


@dataclass(frozen=True, kw_only=True)
class Format:
    """One kind of file: its name, which is its ending too, and the function that makes its bytes."""

    name: str
    title: str
    render: Callable[[Report], bytes]


_ENTRIES = (
    Format(name="html", title="page", render=lambda report: render_html(report).encode()),
    Format(name="pdf", title="PDF", render=render_pdf),
    Format(name="docx", title="Word", render=render_word),
)
FORMATS: dict[str, Format] = {entry.name: entry for entry in _ENTRIES}
