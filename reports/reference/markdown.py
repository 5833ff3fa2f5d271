"""Tables of the printed lists in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def tabulate(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    r"""Return the lines of a table.

    Examples
    --------
    >>> tabulate(("name", "range"), [("a|b", "0 to 1")])
    ['| name | range |', '|---|---|', '| a\\|b | 0 to 1 |']
    """
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (columns, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], "|---" * len(columns) + "|", *lines[1:]]
