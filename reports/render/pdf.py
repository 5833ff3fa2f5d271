"""From a document's blocks to one PDF: tagged, with bookmarks, alternative texts and embedded fonts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import typst

from reports.blocks import Cell, Figure, Report, Table, Text
from reports.figures.canvas import PALETTE
from reports.render.numbering import AUTHOR, Item, mark_of, name_item, tie
from reports.render.paper import (
    LONG_CONTENTS,
    MARGIN_MM,
    Face,
    Layout,
    Placed,
    bracket,
    load_fonts,
    place_items,
    running_title,
    size_detail,
    size_figure,
    spans,
    tie_cell,
)
from reports.render.paper_order import order_for_paper

TEMPLATE = Path(__file__).parents[1] / "templates" / "document.typ"
FACE = Face(words=0.85, figures=0.77, sizes=(8.5, 8.0, 7.5, 7.0, 6.5), comfortable=3)
"""Libertinus Serif."""
Json = str | float | bool | Sequence["Json"] | Mapping[str, "Json"]

CONTENTS = ("section", "subsection")
"""Headings that the list of contents names."""


def render_pdf(report: Report) -> bytes:
    """Render a document as PDF.

    Parameters
    ----------
    report
        What to say. Its texts are data for the template, never markup.

    Returns
    -------
    bytes
        A tagged PDF (PDF/UA-1) on A4 without a date, so that the same document gives the same bytes. Fonts come with
        the libraries, none from the machine. A wide table stands on a turned page; `order_for_paper` says where folded
        ones are.
    """
    compiler = typst.Compiler(
        TEMPLATE.read_bytes(), font_paths=load_fonts(), sys_inputs={"document": json.dumps(_describe_document(report))}
    )
    made = compiler.compile(format="pdf", pdf_standards=["ua-1"])
    if not isinstance(made, bytes):
        raise TypeError(f"a PDF must be one file, got {type(made).__name__}")
    return made


def _describe_document(report: Report) -> dict[str, Json]:
    items = order_for_paper(report)
    contents = sum(item.kind in CONTENTS for item in items)
    return {
        "title": report.title,
        "running": running_title(report),
        "kicker": report.kicker,
        "banner": report.banner,
        "mark": mark_of(report),
        "palette": PALETTE,
        "contents": contents > 0,
        "long": contents > LONG_CONTENTS,
        "author": AUTHOR,
        "margin": MARGIN_MM,
        "gutter": FACE.gutter_mm,
        "pages": [
            {"flipped": flipped, "items": [_describe_item(placed) for placed in together]}
            for flipped, together in groupby(place_items(items, FACE), lambda placed: placed.turned)
        ],
    }


def _describe_item(placed: Placed) -> dict[str, Json]:
    item = placed.item
    match item.block:
        case Text() as text:
            points = [tie(point.text) for point in item.points]
            said = text.text if text.kind == "code" else tie(text.text)
            return {"kind": item.kind, "text": said, "level": item.level, "points": points, "fresh": text.fresh}
        case Figure() as figure:
            return _describe_figure(item, figure)
        case Table() as table:
            head: dict[str, Json] = {"kind": item.kind, "label": name_item(item), "name": table.name}
            if placed.layout is None:
                return head | {"caption": tie(table.caption).rstrip(".")}
            return head | {"caption": tie(table.caption)} | _describe_table(table, placed.layout)


def _describe_figure(item: Item, figure: Figure) -> dict[str, Json]:
    return {
        "kind": "figure",
        "label": name_item(item),
        "caption": tie(figure.caption),
        "description": figure.description,
        "svg": figure.svg,
        "width": size_figure(figure)[0],
    }


def _describe_table(table: Table, layout: Layout) -> dict[str, Json]:
    return {
        "columns": [tie(column) for column in table.columns],
        "rows": [_describe_row(row, beside=layout.beside) for row in table.rows],
        "notes": [tie(note) for note in table.notes],
        "widths": layout.widths_mm,
        "size": layout.size,
        "small": size_detail(layout.size),
        "whole": layout.whole,
        "unbroken": layout.unbroken,
    }


def _describe_row(row: tuple[Cell, ...], *, beside: bool) -> dict[str, Json]:
    blank = any(cell.style == "blank" for cell in row)
    return {"spans": spans(row), "blank": blank, "cells": [_describe_cell(cell, beside=beside) for cell in row]}


def _describe_cell(cell: Cell, *, beside: bool) -> dict[str, Json]:
    detail = tie_cell(cell.detail, cell)
    follows = beside and cell.style == "number" and detail != ""
    return {
        "text": tie_cell(cell.text, cell),
        "detail": bracket(detail) if follows else detail,
        "style": cell.style,
        "beside": follows,
    }
