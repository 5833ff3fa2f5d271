"""The commands that turn a finished run into documents.

Heavy modules are imported inside the commands, so that help is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinerisk.exit_codes import DONE, NEEDS_A_PERSON, ExitCodes
from spinerisk.options import AsJson, Quiet

documents = typer.Typer()


@documents.command(epilog="Example: spinerisk report runs/demo --only audit --format pdf")
def report(
    run_dir: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    only: Annotated[list[str] | None, typer.Option(help="report, comparison or audit; repeatable.")] = None,
    form: Annotated[list[str] | None, typer.Option("--format", help="html, pdf or docx; repeatable.")] = None,
    answers: Annotated[
        Path | None, typer.Option(help="The author's answers to TRIPOD+AI (TOML): checked, then kept with the run.")
    ] = None,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write the documents of a finished run again, from its tables."""
    from reports.documents import DOCUMENTS
    from reports.render.formats import FORMATS
    from reports.writing import write_documents
    from spinerisk.answering import keep_answers
    from spinerisk.console import open_console

    console = open_console(quiet=quiet, as_json=as_json)
    if answers is not None:
        keep_answers(run_dir, answers)
    paths = write_documents(run_dir, names=only or tuple(DOCUMENTS), formats=form or tuple(FORMATS))
    written = [str(path) for path in paths if path.parent.name != "figures"]
    console.show_facts({"written": written, "figures": len(paths) - len(written)})


@documents.command(epilog="Example: spinerisk audit runs/mine --by sex,age --out audits/mine")
def audit(
    target: Annotated[
        Path,
        typer.Argument(help="Folder of a finished run; with DATA also one of its bundles."),
    ],
    data: Annotated[
        str | None, typer.Argument(help="Other data: the models are applied to them as they are, and audited there.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="Groups, such as sex,age; of a run some of those that its plan declares; default: all.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; default: runs/<run>_audit, with DATA runs/<run>_on_<data>.")
    ] = None,
    definition: Annotated[str | None, typer.Option(help="How DATA are read; default: as in the run.")] = None,
    form: Annotated[list[str] | None, typer.Option("--format", help="html, pdf or docx; repeatable.")] = None,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Audit calibration by group: a page that can be signed, and the same as CSV and JSON."""
    from reports.render.formats import FORMATS
    from spinerisk.auditing import audit_data, audit_run, list_facts, needs_a_person, split_names, tabulate_conclusions
    from spinerisk.console import open_console

    console = open_console(quiet=quiet, as_json=as_json)
    names, formats = split_names(by), tuple(form or FORMATS)
    with ExitCodes(interrupted="interrupted; the audit is not finished"):
        if data is None:
            found = audit_run(target, by=names, out=out, formats=formats)
        else:
            found = audit_data(target, data, by=names, out=out, formats=formats, definition=definition)
    console.show_audit(tabulate_conclusions(found), list_facts(found))
    raise typer.Exit(NEEDS_A_PERSON if needs_a_person(found) else DONE)


@documents.command(epilog="Example: spinerisk tripod runs/mine --out mine.tripod.toml")
def tripod(
    run_dir: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[
        Path | None, typer.Option(help="The TOML file to write; none is replaced. Default: <run>.tripod.toml.")
    ] = None,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Draft the file in which the author answers TRIPOD+AI: every question, and what the run says to it."""
    from spinerisk.answering import ENDING, write_draft
    from spinerisk.console import open_console

    console = open_console(quiet=quiet, as_json=as_json)
    path, standing = write_draft(run_dir, out or Path(f"{run_dir.resolve().name}{ENDING}"))
    console.show_facts({"standing": standing, "written_to": str(path)})


@documents.command(name="log", epilog="Example: spinerisk log runs/mine --to http://mlflow.example:5000")
def log_to_mlflow(
    run_dir: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    to: Annotated[
        str | None, typer.Option(help="Address of MLflow; default: MLFLOW_TRACKING_URI, else mlflow/ in the run.")
    ] = None,
    approve: Annotated[
        str | None, typer.Option(help="OUTCOME/MODEL of the run that a person approves; nothing else ever does.")
    ] = None,
    approved_by: Annotated[str | None, typer.Option(help="Name of the person.")] = None,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Log a finished run to MLflow: all of it, and once, however often this is called."""
    from spinerisk.console import open_console
    from spinerisk.logging_runs import describe_logged, log_folder, needs_a_person

    console = open_console(quiet=quiet, as_json=as_json)
    with ExitCodes(interrupted="interrupted; log the run again, and what was left unfinished is removed first"):
        logged = log_folder(run_dir, to=to, chosen=approve, approved_by=approved_by, console=console)
    console.show_facts(describe_logged(logged))
    raise typer.Exit(NEEDS_A_PERSON if needs_a_person(logged) else DONE)
