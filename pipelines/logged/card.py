"""Model cards and notes in Markdown, put together from a run's record and tables; nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from pipelines.logged.naming import MAIN, OVERALL, read_bundle_file, word_estimate, word_measure
from pipelines.logged.run_files import SHARED, RunFiles
from pipelines.predictions import DEVELOPMENT
from schemas.tables import VALIDATIONS

NOTE_LENGTH = 5000
"""Characters that MLflow keeps of a description in every database."""
CARD_FILE = "model_card.md"
MOST_NAMES = 40
"""Predictors that a card names; the rest is in the plan."""
PREDICTED_AT = {
    "preop": "before the operation",
    "planned": "when the operation is planned",
    "intraop": "during the operation",
    "discharge": "at discharge",
}
SHORTENED = "\n\n…the rest is in `{file}`, an artifact of the run."
NOT_A_DEVICE = (
    "This is not a medical device. It is for research; no decision about a patient may rest on it, and an alias in a "
    "registry does not change that."
)


def write_card(run: RunFiles, *, outcome: str, model: str) -> str:
    """Return the card of a model bundle: what it is for, how it did, and where it must not be used."""
    card = read_bundle_file(run, outcome, model)["card"]
    title = run.describe_model(model).get("title") or model
    parts = [
        f"## {_line(title)}: {_line(_title(run, outcome))}",
        f"**{NOT_A_DEVICE}**",
        *_describe_use(run, card, outcome=outcome, model=model),
        "### Data",
        *_describe_data(run, card, outcome),
        "### Performance",
        _tabulate(run.rows("evaluation", outcome=outcome, model=model)),
        "Estimates with 95 % intervals, of the whole group. Internal validation is of the procedure that made this "
        "model, on patients that it had not seen. Not informative is what the folds hold near its ideal themselves.",
        "### Verdict",
        _describe_verdict(run, outcome=outcome, model=model),
        "### Limits of use",
        *(f"- {limit}" for limit in _list_limits(run, card, outcome=outcome, model=model)),
        "### Where it comes from",
        *_list_hashes(run, card),
    ]
    return "\n\n".join(part for part in parts if part).replace("\n\n- ", "\n- ") + "\n"


def shorten(text: str, *, file: str) -> str:
    """Return a text as a description that every database takes, cut between two lines if it must be."""
    if len(text) <= NOTE_LENGTH:
        return text
    rest = SHORTENED.format(file=file)
    return text[: NOTE_LENGTH - len(rest)].rpartition("\n")[0] + rest


def write_note(run: RunFiles) -> str:
    """Return what a reader meets first on the parent run's page: the verdicts, then where to look."""
    parts = [
        *(["**Made from synthetic data: no real patients.**"] if run.synthetic else []),
        *_list_verdicts(run),
        *_describe_evaluation(run),
        f"**Where to look.** Among the artifacts are the documents ({_list_documents(run)}), pictures in "
        "`share/figures`, and tables of the whole study. Each nested run is one model of one outcome, with its "
        "intervals in `evaluation.json`.",
        "**To compare with another run of this study**, mark both and choose Compare: parameters say how the plans "
        "differ, metrics how the results do. Read a difference beside both intervals (`.lower`, `.upper`).",
    ]
    return shorten("\n\n".join(parts) + "\n", file="share/report.html")


def describe_registered(run: RunFiles, outcome: str) -> str:
    """Return the description of a registered model: the outcome, and what the aliases mean."""
    text = (
        f"{_line(_title(run, outcome))}, of the study “{_line(run.title)}”. Each version is one model of one run, with "
        "its card. Aliases: `reference` is the model that the others are compared with, `candidate` the rival that the "
        "primary verdict is about, both of the run that was logged last; `approved` is set by a person only.\n\n"
        f"{NOT_A_DEVICE}"
    )
    return shorten(text, file="share/report.html")


def _list_verdicts(run: RunFiles) -> Iterator[str]:
    verdicts = run.tables["verdicts"]
    for row in verdicts[verdicts["role"] == "primary"].to_dict("records"):
        yield f"**{_line(_title(run, row['outcome']))}.** {_line(row['text'])}{_count(row)}"


def _describe_evaluation(run: RunFiles) -> Iterator[str]:
    if run.record.get("kind") == "evaluation":
        sources = ", ".join(_line(data["source"]) for data in run.record["data"])
        yield f"**Locked models, evaluated as they are on other data: {sources}.** No verdict is passed on them here."


def _list_documents(run: RunFiles) -> str:
    pages = sorted(path.name for path in (run.folder / SHARED).glob("*.html"))
    return ", ".join(f"`{SHARED}/{name}`" for name in pages) + "; also PDF and Word" if pages else "none were written"


def _count(row: Mapping[Any, Any]) -> str:
    counts = [f"{name} {int(row[name])}" for name in ("n", "events") if not pd.isna(row[name])]
    return f" ({', '.join(counts)})" if counts else ""


def _title(run: RunFiles, outcome: str) -> str:
    return str(run.describe_outcome(outcome).get("title") or outcome)


def _line(text: object) -> str:
    """Return a text of the user's on one line, in which no Markdown table can break."""
    return " ".join(str(text).split()).replace("|", "/")


def _describe_use(run: RunFiles, card: Mapping[str, Any], *, outcome: str, model: str) -> Iterator[str]:
    described = run.describe_outcome(outcome)
    text = run.describe_model(model).get("text")
    names = [str(one["name"]) for one in read_bundle_file(run, outcome, model)["predictors"]]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    horizon = described.get("horizon")
    predicted = PREDICTED_AT.get(str(card.get("predict_at")), "")
    yield "### What it predicts"
    yield f"{_line(_title(run, outcome))}{f' (horizon: {_line(horizon)})' if horizon else ''}."
    yield f"Rule: {_line(described['rule'])}." if described.get("rule") else ""
    yield f"Predicted {predicted}." if predicted else ""
    yield f"How: {_line(text)}" if text else ""
    yield f"Predictors: {', '.join(names[:MOST_NAMES])}{more}."


def _describe_data(run: RunFiles, card: Mapping[str, Any], outcome: str) -> Iterator[str]:
    data = run.record["data"][0]
    flow = run.tables["flow"]
    own = flow[(flow["outcome"] == outcome) & (flow["dataset"] == DEVELOPMENT)]
    steps = [_word_step(row) for row in own.to_dict("records")]
    counts = {name: card.get(name) for name in ("n", "events")}
    shown = [f"{name} {count}" for name, count in counts.items() if count is not None]
    title = run.record["definition"].get("title") or run.record["definition"]["name"]
    synthetic = " Synthetic: no real patients." if run.synthetic else ""
    yield f"{_line(title)}, {_line(data['source'])}: {', '.join(shown) or 'counts suppressed'}.{synthetic}"
    yield f"Who: {'; '.join(steps)}." if steps else ""


def _word_step(row: Mapping[Any, Any]) -> str:
    """Return a step of the flow with its counts, where they may be shown."""
    if row["status"] != "ok" or pd.isna(row["remaining"]):
        return f"{_line(row['reason'])} ({row['status']})"
    return f"{_line(row['reason'])} ({int(row['excluded'])} out, {int(row['remaining'])} left)"


def _tabulate(rows: pd.DataFrame) -> str:
    """Return the main measures of the whole group as a Markdown table, validation by validation."""
    whole = rows[(rows["subgroup"] == OVERALL) & rows["metric"].isin(MAIN) & (rows["validation"] != "apparent")]
    places = {"validated": whole["validation"].map(VALIDATIONS.index), "measured": whole["metric"].map(MAIN.index)}
    ordered = whole.assign(**places).sort_values(["validated", "dataset", "measured"], kind="stable")
    lines = ["| validation | measure | estimate | n | events |", "|---|---|---|---|---|"]
    for row in ordered.to_dict("records"):
        where = row["validation"] if row["dataset"] == DEVELOPMENT else f"{row['validation']} ({_line(row['dataset'])})"
        counts = [_whole(row[name]) for name in ("n", "events")]
        cells = [where, word_measure(row["metric"]), word_estimate(row), *counts]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) if len(lines) > 2 else "Not assessed."


def _whole(count: float) -> str:
    return "" if pd.isna(count) else str(int(count))


def _describe_verdict(run: RunFiles, *, outcome: str, model: str) -> str:
    row = run.find_verdict(outcome, model)
    if row:
        return " ".join([_line(row["text"]), *_word_arm(run, outcome=outcome, model=model)])
    if run.describe_model(model).get("role") == "reference":
        return "This is the reference that the other models are compared with."
    return "No verdict is about this model."


def _word_arm(run: RunFiles, *, outcome: str, model: str) -> Iterator[str]:
    """Say of the learner that an arm is in the end what the verdict on the arm is."""
    primary = run.find_primary(outcome)
    if primary is not None and primary != model == run.find_candidate(outcome):
        title = run.describe_model(primary).get("title") or primary
        text = run.find_verdict(outcome, primary)["text"]
        yield f"It is what “{_line(title)}” is in the end, of which the primary verdict is: {_line(text)}"


def _list_limits(run: RunFiles, card: Mapping[str, Any], *, outcome: str, model: str) -> Iterator[str]:
    rows = run.rows("evaluation", outcome=outcome, model=model)
    elsewhere = sorted(set(rows.loc[rows["dataset"] != DEVELOPMENT, "dataset"]))
    yield (
        "What a predictor adds is an association, not an effect: to change a predictor need not change what happens "
        "to the patient."
    )
    yield "It was made from patients who were operated on, and does not say what happens without an operation."
    if elsewhere:
        yield f"It was validated on {', '.join(map(_line, elsewhere))} as well; any other place needs that first."
    else:
        yield "It was validated within its own data only: validate it wherever it shall be used."
    unknown = run.describe_outcome(outcome).get("unknown_patients")
    if unknown:
        yield f"Unknown outcomes: {_line(unknown)}."
    if card.get("synthetic", run.synthetic):
        yield "It was made from synthetic data and is not meant for patients."


def _list_hashes(run: RunFiles, card: Mapping[str, Any]) -> Iterator[str]:
    record = run.record
    yield f"- spinerisk {record['spinerisk']}, code `{record['code_sha256']}`"
    yield f"- study `{record['study']['sha256']}`"
    yield f"- definition {_line(record['definition']['name'])}, `{record['definition']['sha256']}`"
    yield f"- data `{card.get('data_fingerprint') or run.fingerprint}`"
