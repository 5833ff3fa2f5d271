"""The small pieces of a Word document, as text: elements, runs, paragraphs, fields and links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.oxml.xmlchemy import BaseOxmlElement

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def make(tag: str, attributes: Mapping[str, str] | None = None, children: Iterable[str] = ()) -> str:
    """Make an element; names carry their prefix (``"w:p"``), what is inside is made already."""
    given = "".join(f" {name}={quoteattr(clean(value))}" for name, value in (attributes or {}).items())
    return f"<{tag}{given}>{''.join(children)}</{tag}>"


def clean(text: str) -> str:
    """Leave out the signs that no XML may hold."""
    return _FORBIDDEN.sub("", text)


def parse_elements(elements: Iterable[str]) -> list[BaseOxmlElement]:
    """Turn what was made into elements that python-docx knows."""
    return list(parse_xml(f"<w:body {nsdecls('w', 'r')}>{''.join(elements)}</w:body>"))


def mark(tag: str, value: str | float) -> str:
    """Make an element that says one thing: ``<w:sz w:val="16"/>``."""
    return make(tag, {"w:val": str(value)})


def write_run(text: str, *looks: str) -> str:
    """Make a run of text; a line feed becomes a line break."""
    lines = (f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in clean(text).split("\n"))
    return make("w:r", children=[make("w:rPr", children=looks) if looks else "", "<w:br/>".join(lines)])


def write_paragraph(style: str, runs: Iterable[str], looks: Iterable[str] = ()) -> str:
    """Make a paragraph in a style."""
    return make("w:p", children=[make("w:pPr", children=[mark("w:pStyle", style), *looks]), *runs])


def open_field(instruction: str, *, stale: bool = False) -> list[str]:
    """Make what stands before the shown text of a field; a stale one is filled by the program that opens the file."""
    code = f'<w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText>'
    return [_write_mark("begin", stale=stale), make("w:r", children=[code]), _write_mark("separate")]


def close_field() -> str:
    """Make what stands behind the shown text of a field."""
    return _write_mark("end")


def write_field(instruction: str, shown: str, *looks: str) -> list[str]:
    """Make a field with the text that stands until somebody updates it."""
    return [*open_field(instruction), write_run(shown, *looks), close_field()]


def write_page_of(name: str) -> list[str]:
    """Make the number of the page of a named place: only the program that lays out the pages knows it."""
    return [*open_field(f"PAGEREF {name} \\h", stale=True), write_run(""), close_field()]


def _write_mark(kind: str, *, stale: bool = False) -> str:
    return make("w:r", children=[make("w:fldChar", {"w:fldCharType": kind} | ({"w:dirty": "1"} if stale else {}))])


def write_bookmark(number: int, name: str, runs: Iterable[str]) -> list[str]:
    """Name a place, so that links lead there."""
    start = make("w:bookmarkStart", {"w:id": str(number), "w:name": name})
    return [start, *runs, make("w:bookmarkEnd", {"w:id": str(number)})]


def write_link(name: str, runs: Iterable[str]) -> str:
    """Link to a named place of the document."""
    return make("w:hyperlink", {"w:anchor": name, "w:history": "1"}, runs)


def to_twips(millimetres: float) -> str:
    """Return a length as Word counts it: twentieths of a point."""
    return str(round(millimetres / 25.4 * 1440))
