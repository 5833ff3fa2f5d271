"""The commands that turn a finished run into documents.

Heavy modules are imported inside the commands, so that help is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinerisk.options import AsJson, Quiet

documents = typer.Typer()


@documents.command(epilog="Example: spinerisk report runs/demo --only audit --format pdf")
def report(
    run_dir: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    only: Annotated[list[str] | None, typer.Option(help="report, comparison or audit; repeatable.")] = None,
    form: Annotated[list[str] | None, typer.Option("--format", help="html, pdf or docx; repeatable.")] = None,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write the documents of a finished run again, from its tables."""
    from reports.documents import DOCUMENTS
    from reports.render.formats import FORMATS
    from reports.writing import write_documents
    from spinerisk.console import open_console

    console = open_console(quiet=quiet, as_json=as_json)
    paths = write_documents(run_dir, names=only or tuple(DOCUMENTS), formats=form or tuple(FORMATS))
    written = [str(path) for path in paths if path.parent.name != "figures"]
    console.show_facts({"written": written, "figures": len(paths) - len(written)})
