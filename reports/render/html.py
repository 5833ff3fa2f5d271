"""From a report to one HTML file that needs nothing else: style, script and figures stand inside."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.blocks import Figure, Report
from reports.figures.canvas import PALETTE
from reports.render.numbering import AUTHOR, list_contents, mark_of, number_blocks, tie

TEMPLATES = Path(__file__).parents[1] / "templates"


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
    environment.filters |= {"tie": tie, "drawing": inline_svg}
    return environment.get_template("report.html.j2").render(
        report=report,
        items=number_blocks(report.blocks),
        contents=list_contents(report),
        mark=mark_of(report),
        author=AUTHOR,
        # Both files are ours and hold no text from a run.
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        script=Markup((TEMPLATES / "script.js").read_text(encoding="utf-8")),
    )


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
