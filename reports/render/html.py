"""From a report to one HTML file that needs nothing else: style, script and figures stand inside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.blocks import Block, Figure, Report, Table, Text
from reports.figures.canvas import PALETTE

TEMPLATES = Path(__file__).parents[1] / "templates"


@dataclass(frozen=True, kw_only=True)
class Item:
    """A block as the template sees it: its kind, its number among its kind, and a figure's drawing."""

    kind: str
    block: Block
    number: int = 0
    drawing: Markup | None = None


def render_html(report: Report) -> str:
    """Render a report.

    Parameters
    ----------
    report
        What to say. Its texts are escaped here.

    Returns
    -------
    str
        One HTML page without any outside resource; readable without its script, in light and dark, on A4.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["tie"] = tie_percent
    return environment.get_template("report.html.j2").render(
        report=report,
        items=_number_blocks(report),
        contents=_list_contents(report),
        # Both files are ours and hold no text from a run.
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        script=Markup((TEMPLATES / "script.js").read_text(encoding="utf-8")),
    )


def tie_percent(text: str) -> str:
    """Keep a percent sign on the line of its number."""
    return text.replace(" %", "\u00a0%")


def _number_blocks(report: Report) -> list[Item]:
    counts = {"table": 0, "figure": 0}
    items = []
    for block in report.blocks:
        match block:
            case Text():
                items.append(Item(kind=block.kind, block=block))
            case Table():
                counts["table"] += 1
                items.append(Item(kind="table", block=block, number=counts["table"]))
            case Figure():
                counts["figure"] += 1
                items.append(Item(kind="figure", block=block, number=counts["figure"], drawing=inline_svg(block)))
    return items


def _list_contents(report: Report) -> list[tuple[Text, list[Text]]]:
    """List the sections, each with its subsections."""
    contents: list[tuple[Text, list[Text]]] = []
    for text in report.texts():
        if text.kind == "section":
            contents.append((text, []))
        elif text.kind == "subsection" and contents:
            contents[-1][1].append(text)
    return contents


def inline_svg(figure: Figure) -> Markup:
    """Make a figure's SVG part of a page: size from the page, colours that follow light and dark, words for readers.

    The SVG comes from our own drawing, which escapes every text of a run.
    """
    size = re.search(r'viewBox="0 0 ([\d.]+) [\d.]+"', figure.svg)
    millimetres = float(size.group(1)) / 72 * 25.4 if size else 174
    start = figure.svg.index("<svg")
    head_end = figure.svg.index(">", start)
    view = re.search(r'viewBox="[^"]*"', figure.svg[start:head_end])
    label = escape(figure.description, quote=True)
    head = f'<svg role="img" aria-label="{label}" {view.group(0) if view else ""} style="--width:{millimetres:.0f}mm">'
    body = figure.svg[head_end + 1 :].replace("xlink:href", "href")
    for name, color in PALETTE.items():
        body = body.replace(color, f"var(--figure-{name})")
    return Markup(head + body.strip())
