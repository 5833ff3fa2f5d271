"""Figures for Word: the vector drawing, and beside it a picture for programs that cannot show it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import typst
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part

from reports.blocks import Figure
from reports.render.paper import load_fonts, size_figure
from reports.render.word_parts import clean, make, write_paragraph

PICTURES = Path(__file__).parents[1] / "templates" / "pictures.typ"
DOTS_PER_INCH = 200
_EMU_PER_MM = 36000
_DRAWING = """
<wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
    xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"
    xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    xmlns:asvg="http://schemas.microsoft.com/office/drawing/2016/SVG/main" distT="0" distB="0" distL="0" distR="0">
  <wp:extent cx="{width}" cy="{height}"/><wp:docPr id="{number}" name="Figure {number}" descr={words}/>
  <wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr>
  <a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>
    <pic:nvPicPr><pic:cNvPr id="{number}" name="Figure {number}" descr={words}/><pic:cNvPicPr/></pic:nvPicPr>
    <pic:blipFill>
      <a:blip r:embed="{picture}"><a:extLst>
        <a:ext uri="{{96DAC541-7B7A-43D3-8B79-37D633B846F1}}"><asvg:svgBlip r:embed="{drawing}"/></a:ext>
      </a:extLst></a:blip>
      <a:stretch><a:fillRect/></a:stretch>
    </pic:blipFill>
    <pic:spPr>
      <a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>
      <a:prstGeom prst="rect"><a:avLst/></a:prstGeom>
    </pic:spPr>
  </pic:pic></a:graphicData></a:graphic>
</wp:inline>
"""


def paint_figures(figures: Sequence[Figure]) -> list[bytes]:
    """Paint each figure as PNG, in order."""
    if not figures:
        return []
    sizes = [size_figure(figure) for figure in figures]
    given = [
        {"svg": figure.svg, "width": width, "height": height}
        for figure, (width, height) in zip(figures, sizes, strict=True)
    ]
    compiler = typst.Compiler(PICTURES.read_bytes(), font_paths=load_fonts(), sys_inputs={"figures": json.dumps(given)})
    made = compiler.compile(format="png", ppi=DOTS_PER_INCH)
    return made if isinstance(made, list) else [made or b""]


def write_figure(document: Document, figure: Figure, picture: bytes, number: int) -> str:
    """Write a figure as a paragraph, and put both its files into the document.

    Parameters
    ----------
    document
        Gets the files ``figure-<number>.svg`` and ``.png``.
    figure
        The drawing; its description becomes the alternative text.
    picture
        The same as PNG.
    number
        Of the figure; unique in the document.
    """
    width, height = (round(side * _EMU_PER_MM) for side in size_figure(figure))
    inline = _DRAWING.format(
        width=width,
        height=height,
        number=number,
        words=quoteattr(clean(figure.description)),
        picture=_add_file(document, f"figure-{number}.png", "image/png", picture),
        drawing=_add_file(document, f"figure-{number}.svg", "image/svg+xml", figure.svg.encode()),
    )
    return write_paragraph("Figure", [make("w:r", children=[make("w:drawing", children=[inline])])])


def _add_file(document: Document, name: str, kind: str, content: bytes) -> str:
    """Put a file into the document and return the name by which the text points to it."""
    package = document.part.package
    part = Part(PackURI(f"/word/media/{name}"), kind, content, package)
    return document.part.relate_to(part, RELATIONSHIP_TYPE.IMAGE)
