"""The Word file itself: what it starts from, its pages, and how it is saved with the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm

from reports.render.paper import MARGIN_MM, PAGE_LENGTH_MM, PAGE_MM, PORTRAIT_MM
from reports.render.word_parts import make, mark, parse_elements, to_twips, write_field, write_run

TEMPLATES = Path(__file__).parents[1] / "templates"
TOP_MM, BOTTOM_MM, HEADER_MM = 25.0, 20.0, 10.0
GUTTER_MM = 8.0
COLUMN_MM = (PORTRAIT_MM - GUTTER_MM) / 2
"""Width of one of two columns."""
ALERT = "8A4B00"
"""Colour of what must not be overlooked, as in the page's style."""
_NEEDED = {RELATIONSHIP_TYPE.STYLES, RELATIONSHIP_TYPE.NUMBERING, RELATIONSHIP_TYPE.SETTINGS}
_ROOTS = {RELATIONSHIP_TYPE.OFFICE_DOCUMENT, RELATIONSHIP_TYPE.CORE_PROPERTIES}
_FIXED = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can name."""
_CORE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" \
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title><dc:subject>{subject}</dc:subject>\
<dc:creator>spinerisk</dc:creator><dc:language>en-GB</dc:language></cp:coreProperties>
"""


def open_document() -> Document:
    """Open an empty document in our own styles, without what a library's template brings along."""
    document = docx.Document()
    part = document.part
    for rels, kept in ((part.rels, _NEEDED), (part.package.rels, _ROOTS)):
        for name in [name for name, relation in rels.items() if relation.reltype not in kept]:
            del rels[name]
    document.element.body[-1].attrib.clear()
    _replace(document.styles.element, "word_styles.xml")
    _replace(document.settings.element, "word_settings.xml")
    _replace(part.numbering_part.element, "word_numbering.xml")
    return document


def _replace(element: BaseOxmlElement, name: str) -> None:
    for child in list(element):
        element.remove(child)
    for child in list(parse_xml((TEMPLATES / name).read_bytes())):
        element.append(child)


def set_pages(document: Document, head: str, warning: str, foot: str) -> None:
    """Set the size of the pages and what stands above and below on each of them.

    Parameters
    ----------
    document
        A new document.
    head
        Above, on the left.
    warning
        Above, on the right: what must be known of every page (synthetic data), or an empty text.
    foot
        Below, on the left; the page's number stands on the right.
    """
    section = document.sections[0]
    section.page_width, section.page_height = Mm(PAGE_MM), Mm(PAGE_LENGTH_MM)
    section.left_margin = section.right_margin = Mm(MARGIN_MM)
    section.top_margin, section.bottom_margin = Mm(TOP_MM), Mm(BOTTOM_MM)
    section.header_distance = section.footer_distance = Mm(HEADER_MM)
    tab = make("w:r", children=[make("w:tab")])
    above = [write_run(head)]
    if warning:
        above += [tab, write_run(f"{warning}: no patient", make("w:b"), mark("w:color", ALERT))]
    below = [write_run(foot), tab, *write_field("PAGE", "1"), write_run(" / "), *write_field("NUMPAGES", "1")]
    for paragraph, runs in ((section.header.paragraphs[0], above), (section.footer.paragraphs[0], below)):
        for run in parse_elements(runs):
            paragraph._p.append(run)


def turn_page(document: Document) -> None:
    """Go on on a new page that is turned: from upright to lying, and back."""
    section = document.add_section()
    width, height = section.page_width, section.page_height
    section.page_width, section.page_height = height, width
    turned = section.orientation == WD_ORIENT.PORTRAIT
    section.orientation = WD_ORIENT.LANDSCAPE if turned else WD_ORIENT.PORTRAIT
    _flatten_break(document)


@contextmanager
def in_columns(document: Document, count: int) -> Iterator[None]:
    """Set what is appended meanwhile in columns of the same height, and go on beneath them as before."""
    if count == 1:
        yield
        return
    _begin_columns(document, count)
    yield
    _begin_columns(document, 1)


def _begin_columns(document: Document, count: int) -> None:
    """Go on on the same page in another number of columns."""
    section = document.add_section(WD_SECTION.CONTINUOUS)
    _flatten_break(document)
    for given in section._sectPr.findall(qn("w:cols")):
        section._sectPr.remove(given)
    columns = make("w:cols", {"w:num": str(count), "w:space": to_twips(GUTTER_MM)})
    before = section._sectPr.find(qn("w:docGrid"))
    if before is None:
        section._sectPr.append(parse_elements([columns])[0])
    else:
        before.addprevious(parse_elements([columns])[0])


def _flatten_break(document: Document) -> None:
    """Let the paragraph that carries a break of sections take no room of its own."""
    ending = document.element.body[-2]
    spacing = make("w:spacing", {"w:before": "0", "w:after": "0", "w:line": "20", "w:lineRule": "exact"})
    ending[0].insert(0, parse_elements([spacing])[0])


def save_document(document: Document, *, title: str, subject: str) -> bytes:
    """Save with fixed order and times, and with our own properties: no date, no machine."""
    written = io.BytesIO()
    document.save(written)
    saved = io.BytesIO()
    with zipfile.ZipFile(written) as given, zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as taken:
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name == "docProps/core.xml":
                content = _CORE.format(title=escape(title), subject=escape(subject)).encode()
            taken.writestr(zipfile.ZipInfo(name, date_time=_FIXED), content, zipfile.ZIP_DEFLATED)
    return saved.getvalue()
