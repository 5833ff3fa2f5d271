"""The command line: each command is a few lines over a public function.

Heavy modules are imported inside the commands, so that help is quick.
"""

from __future__ import annotations

import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.simulation.scenario import Drift, Missingness, Response, Sites
from spinerisk.cli_documents import documents
from spinerisk.exit_codes import DONE, NEEDS_A_PERSON, ExitCodes
from spinerisk.options import DEFAULT_WORKERS, AsJson, Quiet, Workers

if TYPE_CHECKING:
    from pipelines.result import StudyResult
    from schemas.registry import Registry
    from schemas.study import Study
    from spinerisk.console import Console

app = typer.Typer(
    help="Predict what spine surgery will do for a patient, from registry data, honestly.",
    epilog="Exit codes: 0 done; 3 done, but something needs a person; 2 the input cannot be used; "
    "70 internal error; 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
)

app.add_typer(documents)


@app.command(epilog="Example: spinerisk demo --out runs/demo")
def demo(
    out: Annotated[Path, typer.Option(help="Folder of the run.")] = Path("runs/demo"),
    workers: Workers = DEFAULT_WORKERS,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run a small study on a synthetic lumbar registry, from file to report."""
    from schemas.registry import read_registry
    from schemas.study import read_study
    from schemas.synthetic import simulate_registry, write_synthetic
    from spinerisk.console import open_console
    from spinerisk.running import DEMO_PATIENTS, DEMO_STUDY

    console = open_console(quiet=quiet, as_json=as_json)
    study = read_study(DEMO_STUDY)
    with TemporaryDirectory() as folder:
        data = write_synthetic(simulate_registry("lumbar", n=DEMO_PATIENTS, seed=study.seed), folder)
        registry = read_registry(data, data.with_name("lumbar_definition.toml"))
        _run(study, registry, {}, out, workers, console, keep=Path(folder))


@app.command(epilog="Example: spinerisk check export.csv --definition lumbar --out runs/check")
def check(
    data: Annotated[str, typer.Argument(help="The registry: a file, a folder of files, or the URL of a database.")],
    definition: Annotated[str, typer.Option(help="lumbar, cervical, deformity, nsqip, or a TOML file.")],
    out: Annotated[Path, typer.Option(help="Folder for the page and the quarantined rows.")] = Path("runs/check"),
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Validate a registry file against its definition; faulty rows are kept apart with their reasons."""
    from schemas.registry import read_registry
    from spinerisk.checking import describe_check, write_check
    from spinerisk.console import open_console

    console = open_console(quiet=quiet, as_json=as_json)
    registry = read_registry(data, definition)
    write_check(registry, out)
    console.show_check(describe_check(registry, out))
    raise typer.Exit(NEEDS_A_PERSON if registry.n_quarantined else DONE)


@app.command(epilog="Example: spinerisk define export.csv --base lumbar --out my_registry.toml")
def define(
    data: Annotated[str, typer.Argument(help="The export: a file, a folder, a zip, a workbook, or a database URL.")],
    base: Annotated[str, typer.Option(help="lumbar, cervical or deformity.")] = "lumbar",
    redcap: Annotated[Path | None, typer.Option(help="The data dictionary (CSV) of a REDCap project.")] = None,
    out: Annotated[Path, typer.Option(help="The TOML file to write; none is replaced.")] = Path("my_registry.toml"),
    name: Annotated[str | None, typer.Option(help="Name of the registry.")] = None,
    separator: Annotated[str | None, typer.Option(help="Sign between fields; found out if not stated.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Such as utf-8 or cp1252; found out if not stated.")] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal sign, . or , ; found out if not stated.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The only sheet of a workbook to be read.")] = None,
    member: Annotated[str | None, typer.Option(help="The only file of a zip to be read.")] = None,
    query: Annotated[str | None, typer.Option(help="SQL of a database, or one of its tables.")] = None,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Draft a registry definition from an export; what is not sure is marked in it, and nothing is guessed silently."""
    from schemas.drafting import draft_definition
    from spinerisk.console import open_console
    from spinerisk.defining import build_file_plan, describe_draft, summarise_draft, write_draft

    console = open_console(quiet=quiet, as_json=as_json)
    stated = {"separator": separator, "encoding": encoding, "decimal": decimal}
    stated |= {"sheet": sheet, "member": member, "query": query}
    draft = draft_definition(data, base=base, plan=build_file_plan(stated), name=name, dictionary=redcap)
    write_draft(draft, out)
    console.show_draft(describe_draft(draft), summarise_draft(draft, out))
    raise typer.Exit(NEEDS_A_PERSON if draft.needs_a_person else DONE)


@app.command(epilog="Example: spinerisk simulate lumbar --n 5000 --seed 1 --out simulated")
def simulate(
    cohort: Annotated[str, typer.Argument(help="lumbar, cervical or deformity.")],
    n: Annotated[int, typer.Option(help="Number of operations.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder of the files.")] = Path("simulated"),
    missing: Annotated[Missingness, typer.Option(help="How predictors go missing.")] = "at_random",
    response: Annotated[Response, typer.Option(help="Who answers, and whose complications are known.")] = "at_random",
    sites: Annotated[Sites, typer.Option(help="In what hospitals differ.")] = "effects",
    drift: Annotated[Drift, typer.Option(help="In what years differ.")] = "effects",
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files of an earlier simulation.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Write a simulated registry with its definition and the true risks; every patient in it is invented."""
    from schemas.simulation.scenario import Scenario
    from spinerisk.console import open_console
    from spinerisk.simulating import write_simulation

    scenario = Scenario(missing=missing, response=response, sites=sites, drift=drift)
    data, definition, truth = write_simulation(cohort, n=n, seed=seed, out=out, scenario=scenario, overwrite=overwrite)
    console = open_console(quiet=quiet, as_json=as_json)
    console.show_facts({"data": str(data), "definition": str(definition), "true_risks": str(truth)})


@app.command(epilog="Example: spinerisk run study.toml --data registry.csv --validate-on next_year.csv --workers 2")
def run(
    study: Annotated[Path, typer.Argument(help="The study's TOML file.")],
    data: Annotated[str | None, typer.Option(help="The registry's data; default: `data` in the study.")] = None,
    validate_on: Annotated[
        list[str] | None,
        typer.Option(help="PATH or PATH=DEFINITION of further data; the models are applied unchanged. Repeatable."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; default: runs/<name of the study>.")] = None,
    workers: Workers = DEFAULT_WORKERS,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run a study: validate, tune, compare, calibrate, explain, report, log."""
    from schemas.study import read_study
    from spinerisk.answering import gather_answers
    from spinerisk.console import open_console
    from spinerisk.running import read_development, read_validation

    console = open_console(quiet=quiet, as_json=as_json)
    plan = read_study(study)
    folder = out or Path("runs") / study.stem
    answers = gather_answers(study, folder)
    registry = read_development(plan, data)
    outside = read_validation(plan, validate_on or [])
    _run(plan, registry, outside, folder, workers, console, answers=answers)


@app.command(epilog="Example: spinerisk predict runs/demo/models/odi_mcid_12m/spline_logistic new.csv --out risks.csv")
def predict(
    model_dir: Annotated[Path, typer.Argument(help="Folder of a model bundle.")],
    data: Annotated[str, typer.Argument(help="The registry's data of the patients.")],
    out: Annotated[Path | None, typer.Option(help="CSV to write; default: standard output.")] = None,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Predict the risk of each patient of a file with a saved model."""
    from spinerisk.console import open_console
    from spinerisk.predicting import predict_file, write_predictions

    console = open_console(quiet=quiet, as_json=as_json)
    predicted, registry = predict_file(model_dir, data)
    if out is None and as_json:
        console.show_rows(predicted.to_dict("records"), title="predicted risks")
    else:
        write_predictions(predicted, out)
    if out is not None:
        facts = {"written_to": str(out), "predicted": len(predicted), "quarantined": len(registry.quarantine)}
        console.show_facts(facts)
    console.warn_of_faults(registry)
    raise typer.Exit(NEEDS_A_PERSON if len(registry.quarantine) else DONE)


@app.command(epilog="Example: spinerisk validate runs/mine later.csv --out runs/mine_later")
def validate(
    target: Annotated[
        Path, typer.Argument(help="Folder of a finished run, or one of its bundles (models/<outcome>/<model>).")
    ],
    data: Annotated[str, typer.Argument(help="Data that the models were not developed on.")],
    definition: Annotated[str | None, typer.Option(help="How the data are read; default: as in the run.")] = None,
    subgroup: Annotated[
        list[str] | None, typer.Option(help="Column whose groups are audited; repeatable; default: as in the plan.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; default: runs/<run>_on_<data>.")] = None,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Validate the locked models of a finished run on other data: nothing is fitted again."""
    from spinerisk.console import open_console
    from spinerisk.evaluating import list_records
    from spinerisk.validating import list_notes, name_folder, tabulate_validation, validate_into

    console = open_console(quiet=quiet, as_json=as_json)
    folder = out or name_folder(target, data)
    with ExitCodes(interrupted="interrupted; nothing was written"):
        found = validate_into(target, data, out=folder, definition=definition, subgroups=subgroup)
    console.show_evaluation(
        tabulate_validation(found), list_records(found.tables["evaluation"]), notes=list_notes(found), out=folder
    )
    registry = found.dataset.registry
    console.warn_of_faults(registry)
    raise typer.Exit(NEEDS_A_PERSON if len(registry.quarantine) or found.notes else DONE)


@app.command(epilog="Example: spinerisk evaluate predictions.csv --outcome died --risk our_model --risk published")
def evaluate(
    data: Annotated[str, typer.Argument(help="The predictions: a file with one row per operation.")],
    outcome: Annotated[str | None, typer.Option(help="Column of what happened, 1 or 0; default: y_true.")] = None,
    risk: Annotated[
        list[str] | None, typer.Option(help="Column of predicted risks; repeatable to compare models; default: y_prob.")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="Column of weights; default: every row counts once.")] = None,
    patient: Annotated[str | None, typer.Option(help="Column of the patient; default: patient, if there.")] = None,
    thresholds: Annotated[str, typer.Option(help="Threshold probabilities of an action, such as 0.1,0.2.")] = "",
    reference: Annotated[str | None, typer.Option(help="The risk to compare with; default: the first.")] = None,
    separator: Annotated[str | None, typer.Option(help="Sign between fields, if it is no comma.")] = None,
    decimal: Annotated[str, typer.Option(help="Decimal sign, . or , ; with a comma the separator is ;.")] = ".",
    out: Annotated[Path | None, typer.Option(help="CSV to write the numbers to.")] = None,
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file --out if it is there.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate anyone's predicted risks against what happened, and compare models."""
    from spinerisk.console import open_console
    from spinerisk.evaluating import (
        check_output,
        evaluate_file,
        list_records,
        read_thresholds,
        tabulate_evaluation,
        write_evaluation,
    )

    console = open_console(quiet=quiet, as_json=as_json)
    check_output(out, overwrite=overwrite)
    found = evaluate_file(
        data, outcome=outcome, risks=risk or (), weights=weights, patient=patient, reference=reference,
        thresholds=read_thresholds(thresholds), decimal=decimal, separator=separator,
    )  # fmt: skip
    if out is not None:
        write_evaluation(found.table, out)
    console.show_evaluation(tabulate_evaluation(found), list_records(found.table), notes=found.notes, out=out)


@app.command(
    epilog="Example: spinerisk thresholds old.csv --definition lumbar --instrument odi --follow-up odi_12m "
    "--anchor gpe_12m --improved 1,2 --out my_thresholds.toml"
)
def thresholds(
    data: Annotated[str, typer.Argument(help="The registry's data, other than those of the study to come.")],
    definition: Annotated[str, typer.Option(help="lumbar, cervical, deformity, nsqip, or a TOML file.")],
    instrument: Annotated[str, typer.Option(help="The score, such as odi: see `list instruments`.")],
    baseline: Annotated[str, typer.Option(help="Column before the operation; default: <instrument>_0.")] = "",
    follow_up: Annotated[str, typer.Option(help="Column after the operation.")] = "",
    anchor: Annotated[str, typer.Option(help="Column of the question on change, asked at follow-up.")] = "",
    improved: Annotated[str, typer.Option(help="Answers that count as improved, such as 1,2.")] = "",
    minimal: Annotated[str, typer.Option(help="Answers that are the least improvement, such as 2.")] = "",
    repeat: Annotated[str, typer.Option(help="Column of the score again, nothing having changed.")] = "",
    items: Annotated[str, typer.Option(help="Items of the baseline; default: <instrument>_q01_0 ...")] = "",
    reliability: Annotated[float | None, typer.Option(help="ICC or Cronbach's alpha of the score.")] = None,
    reliability_source: Annotated[str, typer.Option(help="Where that reliability was published.")] = "",
    anchor_reliability: Annotated[float | None, typer.Option(help="Reliability of the anchor question.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    out: Annotated[Path, typer.Option(help="TOML to write, with a CSV beside it.")] = Path("my_thresholds.toml"),
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Derive thresholds of a score from one's own data, for studies of other data."""
    from pipelines.deriving.threshold_questions import derive_thresholds
    from reports.reference.own_thresholds import list_notes, list_rows, list_warnings
    from schemas.registry import read_registry
    from spinerisk.console import open_console
    from spinerisk.thresholds import check_output, write_thresholds

    console = open_console(quiet=quiet, as_json=as_json)
    check_output(out)
    registry = read_registry(data, definition)
    found = derive_thresholds(
        registry, instrument=instrument, baseline=baseline, follow_up=follow_up, anchor=anchor, improved=improved,
        minimal=minimal, repeat=repeat, items=items, reliability=reliability, reliability_source=reliability_source,
        anchor_reliability=anchor_reliability, seed=seed,
    )  # fmt: skip
    files, warnings = write_thresholds(found, out), list_warnings(found)
    console.show_thresholds(list_rows(found), files, notes=list_notes(found), warnings=warnings)
    raise typer.Exit(NEEDS_A_PERSON if warnings else DONE)


@app.command(name="list", epilog="Example: spinerisk list outcomes")
def list_entries(
    table: Annotated[
        str,
        typer.Argument(
            help="outcomes, models, metrics, instruments, threshold-sets, columns, splits, derivations, rules, sources."
        ),
    ],
    definition: Annotated[
        str | None, typer.Option(help="List what this registry definition knows, its own entries included.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write any of these tables to a file (.csv) instead, outcomes with their whole definitions; outcomes, "
            "columns (the data dictionary) and metrics also as a page (.html, .md)."
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List what the toolkit knows: outcomes, models, metrics, instruments, thresholds, columns, rules and more."""
    from spinerisk.console import open_console
    from spinerisk.listing import list_table, write_table

    console = open_console(quiet=False, as_json=as_json)
    if out is None:
        console.show_rows(list_table(table, definition), title=table)
    else:
        console.show_facts({"written_to": str(write_table(table, out, definition))})


@app.command(epilog="Example: spinerisk describe reherniation_24m")
def describe(
    name: Annotated[str, typer.Argument(help="An outcome, an instrument, a threshold set or a column.")],
    definition: Annotated[str | None, typer.Option(help="Registry definition whose own entries are known too.")] = None,
    study: Annotated[str | None, typer.Option(help="Study (TOML) under whose choices an outcome is described.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print the definition that a Methods section needs: unit, window, rule, what counts as unknown, source."""
    from spinerisk.console import open_console
    from spinerisk.describing import describe_entry

    open_console(quiet=False, as_json=as_json).show_facts(describe_entry(name, definition, study))


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        from spinerisk import __version__

        typer.echo(__version__)
        raise typer.Exit


def _run(
    study: Study,
    registry: Registry,
    validate_on: dict[str, Registry],
    out: Path,
    workers: int,
    console: Console,
    *,
    answers: str = "",
    keep: Path | None = None,
) -> None:
    """Run a study into its folder, say what came out, and end with the right code."""
    from spinerisk.running import log_finished, run_into

    with ExitCodes(interrupted="interrupted; nothing was written"):
        result: StudyResult = run_into(
            study,
            registry,
            validate_on=validate_on,
            out=out,
            workers=workers,
            console=console,
            answers=answers,
            keep=keep,
        )
    with ExitCodes(interrupted=f"interrupted while logging; the run is complete in {out}, `spinerisk log` sends it"):
        warnings = (*result.warnings, *log_finished(out))
    console.show_result(result, out, warnings=warnings)
    raise typer.Exit(NEEDS_A_PERSON if warnings else DONE)


def main() -> None:
    """Start the command line; a request to end counts as an interrupt."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitCodes():
        app()
