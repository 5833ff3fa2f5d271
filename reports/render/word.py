"""From a document's blocks to one Word file: real headings, tables, captions and editable text."""

from __future__ import annotations

from collections.abc import Sequence

from docx.document import Document

from reports.blocks import Figure, Report, Table, Text
from reports.render.numbering import AUTHOR, Item, mark_of, name_item, tie
from reports.render.paper import LONG_CONTENTS, PORTRAIT_MM, Layout, place_items, running_title
from reports.render.paper_order import order_for_paper
from reports.render.word_figures import paint_figures, write_figure
from reports.render.word_file import ALERT, COLUMN_MM, in_columns, open_document, save_document, set_pages, turn_page
from reports.render.word_parts import (
    make,
    mark,
    parse_elements,
    to_twips,
    write_bookmark,
    write_field,
    write_link,
    write_page_of,
    write_paragraph,
    write_run,
)
from reports.render.word_tables import FACE, write_table

STYLES = {
    "paragraph": "Normal",
    "note": "Note",
    "warning": "Attention",
    "code": "Code",
}


def render_word(report: Report) -> bytes:
    """Render a document for Word.

    Parameters
    ----------
    report
        What to say.

    Returns
    -------
    bytes
        A file whose texts, tables and captions can be edited, on A4, without a date, so that the same document gives
        the same bytes. A wide table stands on a turned page; a folded one at the end.
    """
    document = open_document()
    items = order_for_paper(report)
    set_pages(document, running_title(report), mark_of(report), report.kicker)
    _append(document, _write_front(report))
    if contents := _write_contents(items):
        _append(document, [write_paragraph("TOCHeading", [write_run("Contents")])])
        with in_columns(document, 2 if len(contents) > LONG_CONTENTS else 1):
            _append(document, contents)
    pictures = paint_figures(list(report.figures()))
    turned = False
    last = {"table": 0, "figure": 0}
    for position, placed in enumerate(place_items(items, FACE), start=1):
        item = placed.item
        if placed.turned != turned:
            turn_page(document)
            turned = placed.turned
        follows = item.number == last.get(item.kind, 0) + 1
        last[item.kind] = item.number
        match item.block:
            case Figure() as figure:
                drawn = write_figure(document, figure, pictures[item.number - 1], item.number)
                caption = _write_caption(item, figure.caption, mark_of(report), follows=follows)
                _append(document, [drawn, write_paragraph("FigureCaption", caption)])
            case Table() as table if placed.layout is not None:
                caption = _write_caption(item, table.caption, mark_of(report), follows=follows)
                named = write_bookmark(position, _name_table(item), caption)
                _append(document, [write_paragraph("TableCaption", named)])
                _append(document, _write_whole_table(item, table, placed.layout))
            case Table() as table:
                _append(document, [_write_elsewhere(item, table)])
            case Text() as text:
                _append(document, _write_text(item, text, position))
    return save_document(document, title=report.title, subject=report.kicker)


def _append(document: Document, elements: Sequence[str]) -> None:
    """Put elements at the end, before the properties of the last pages."""
    for element in parse_elements(elements):
        document.element.body[-1].addprevious(element)


def _write_front(report: Report) -> list[str]:
    front = [
        write_paragraph("Subtitle", [write_run(report.kicker)]),
        write_paragraph("Title", [write_run(report.title)]),
    ]
    if report.banner:
        front.append(write_paragraph("Banner", [write_run(report.banner)]))
    return front


def _write_contents(items: Sequence[Item]) -> list[str]:
    """Write the list of contents: links with page numbers.

    The numbers are fields, one in each line: a field around the whole list would be filled by Word alone.
    """
    levels = {"section": "TOC1", "subsection": "TOC2"}
    lines = [
        (levels[item.kind], [_write_entry(item.block.text, _name_heading(k))])
        for k, item in enumerate(items, start=1)
        if isinstance(item.block, Text) and item.kind in levels
    ]
    room = COLUMN_MM if len(lines) > LONG_CONTENTS else PORTRAIT_MM
    end = make("w:tab", {"w:val": "right", "w:leader": "dot", "w:pos": to_twips(room)})
    return [write_paragraph(style, runs, [make("w:tabs", children=[end])]) for style, runs in lines]


def _write_entry(title: str, name: str) -> str:
    return write_link(name, [write_run(title), make("w:r", children=[make("w:tab")]), *write_page_of(name)])


def _name_heading(position: int) -> str:
    return f"_Toc{position:06d}"


def _name_table(item: Item) -> str:
    return f"table_{item.number}"


def _write_text(item: Item, text: Text, position: int) -> list[str]:
    match item.kind:
        case "list":
            return [write_paragraph("ListBullet", [write_run(tie(point.text))]) for point in item.points]
        case "author":
            runs = [
                write_run(AUTHOR, make("w:b"), mark("w:highlight", "yellow")),
                write_run(f" {tie(text.text)}", mark("w:highlight", "yellow")),
            ]
            return [write_paragraph("AuthorPlace", runs)]
        case "section" | "subsection":
            named = write_bookmark(position, _name_heading(position), [write_run(text.text)])
            looks = [make("w:pageBreakBefore")] if text.fresh else []
            return [write_paragraph(f"Heading{item.level}", named, looks)]
        case "heading":
            return [write_paragraph(f"Heading{item.level}", [write_run(text.text)])]
        case _:
            said = text.text if item.kind == "code" else tie(text.text)
            return [write_paragraph(STYLES[item.kind], [write_run(said)])]


def _write_whole_table(item: Item, table: Table, layout: Layout) -> list[str]:
    """Write table and notes; without notes an empty line keeps it from growing together with the next table."""
    styles = [*["TableNote"] * (len(table.notes) - 1), "TableNoteLast"]
    notes = [write_paragraph(style, [write_run(tie(note))]) for style, note in zip(styles, table.notes, strict=False)]
    return [write_table(table, layout, name_item(item)), *(notes or [write_paragraph("TableNoteLast", [])])]


def _write_caption(item: Item, caption: str, marked: str, *, follows: bool) -> list[str]:
    """Write a caption whose number Word counts, told to start anew where the order on paper is another."""
    what = name_item(item).split()[0]
    counted = f"SEQ {what} \\* ARABIC" + ("" if follows else f" \\r {item.number}")
    bold = make("w:b")
    number = write_field(counted, str(item.number), bold)
    runs = [write_run(f"{what} ", bold), *number, write_run(". ", bold), write_run(tie(caption))]
    if marked:
        frame = make("w:bdr", {"w:val": "single", "w:sz": "4", "w:space": "0", "w:color": ALERT})
        looks = [mark("w:color", ALERT), mark("w:sz", 14), mark("w:szCs", 14), frame]
        runs += [write_run("  "), write_run(f" {marked} ".replace(" ", "\u00a0"), *looks)]
    return runs


def _write_elsewhere(item: Item, table: Table) -> str:
    link = write_link(_name_table(item), [write_run("at the end", mark("w:color", "0A5C94"), mark("w:u", "single"))])
    label = write_run(f"{name_item(item)}. ", make("w:b"))
    return write_paragraph("Note", [label, write_run(f"{tie(table.caption).rstrip('.')}: "), link, write_run(".")])
