"""The author's file: what counts as an answer, what is refused, and that nothing written in it is lost."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_reports_report import write_run

from reports.run_folder import RunFolder, read_run_folder
from reports.tripod.answer_draft import draft_answers, quote
from reports.tripod.answer_file import ANY, Answers, parse_answers
from reports.tripod.answers import ADDED, AGREED, AGREED_TO_ANY, Told, answers_of, check_against, mark_draft, merge
from reports.tripod.items import ITEMS
from schemas.errors import InputError

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=40)
AUTHORS = [item.name for item in ITEMS.values() if item.tell is None]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return read_run_folder(write_run(tmp_path_factory.mktemp("run")))


def tell(run: RunFolder, text: str, name: str) -> Told:
    return merge(replace(run, answers_text=text), items=[ITEMS[name]])[0]


def answer(run: RunFolder, text: str) -> dict[str, Told]:
    return {told.name: told for told in merge(replace(run, answers_text=text))}


def alone(run: RunFolder, name: str) -> Told:
    return tell(run, "", name)


def test_a_text_answers_an_item_of_the_author(run: RunFolder) -> None:
    told = tell(run, '[items.3a]\ntext = """\nWhy.\n\nAnd how:\nin lines.\n"""', "3a")
    assert told.status == "answered"
    assert told.paragraphs == ("Why.", "And how: in lines.")
    assert told.where == "Introduction: Background"


def test_a_text_replaces_a_draft_and_an_addition_follows_it(run: RunFolder) -> None:
    draft = alone(run, "1")
    assert tell(run, '[items.1]\ntext = "Mine"', "1").paragraphs == ("Mine",)
    added = tell(run, '[items.1]\nadd = "And mine."', "1")
    assert (added.status, added.paragraphs) == ("answered", (*draft.paragraphs, "And mine."))
    both = tell(run, '[items.1]\ntext = "Mine."\nadd = "More."', "1")
    assert both.paragraphs == ("Mine.", "More.")


def test_a_draft_is_taken_by_its_mark(run: RunFolder) -> None:
    draft = alone(run, "26")
    assert draft.mark == mark_draft(draft.paragraphs)
    taken = tell(run, f'[items.26]\nagreed = "{draft.mark}"', "26")
    assert (taken.status, taken.paragraphs, taken.reason) == ("answered", draft.paragraphs, AGREED)
    whatever = tell(run, "[items.26]\nagreed = true", "26")
    assert (whatever.status, whatever.reason) == ("answered", AGREED_TO_ANY)
    assert tell(run, "[items.26]\nagreed = false", "26") == draft


def test_an_agreement_to_another_draft_leaves_the_item_open(run: RunFolder) -> None:
    draft = alone(run, "26")
    changed = replace(run, facts=run.facts.model_copy(update={"warnings": ("another warning",)}))
    told = tell(changed, f'[items.26]\nagreed = "{draft.mark}"', "26")
    assert told.status == "drafted"
    assert told.reason.startswith("The author agreed to another draft")


def test_not_applicable_needs_a_reason_of_the_author(run: RunFolder) -> None:
    told = tell(run, '[items.8b]\nnot_applicable = "Nobody had to judge."', "8b")
    assert (told.status, told.reason, told.where) == ("not_applicable", "Nobody had to judge.", "")
    assert tell(run, '[items.8b]\nnot_applicable = ""', "8b").status == "author"


def test_what_the_run_has_filled_stays_and_the_authors_words_follow(run: RunFolder) -> None:
    filled = alone(run, "13")
    assert filled.status == "filled"
    for key in ("add", "text", "not_applicable"):
        told = tell(run, f'[items.13]\n{key} = "Mine."', "13")
        assert (told.status, told.paragraphs, told.reason) == ("filled", (*filled.paragraphs, "Mine."), ADDED)
    assert tell(run, "[items.13]\nagreed = true", "13") == filled


def test_an_item_that_the_run_takes_for_not_applicable_can_be_answered(run: RunFolder) -> None:
    assert alone(run, "24").status == "not_applicable"
    told = tell(run, '[items.24]\ntext = "It was updated by hand."', "24")
    assert (told.status, told.where) == ("answered", "Results: Updated model")


@pytest.mark.parametrize("text", ["", " \n ", "TODO", "tbd", "...", "\u2026", "n/a", " ? "])
def test_empty_texts_and_placeholders_are_no_answers(run: RunFolder, text: str) -> None:
    told = answer(run, f"title = {quote(text)}\n[items.17]\ntext = {quote(text)}\n[items.4]\nadd = {quote(text)}")
    assert told["17"].status == "author"
    assert told["4"].status == "drafted"
    assert told["1"].status == "drafted"


def test_none_is_an_answer(run: RunFolder) -> None:
    assert tell(run, '[items.18b]\ntext = "None."', "18b").status == "answered"


def test_the_title_of_the_file_answers_the_first_item(run: RunFolder) -> None:
    told = tell(run, 'title = "Our title"\nauthors = ["A. Author"]', "1")
    assert (told.status, told.paragraphs) == ("answered", ("Our title",))
    found = answers_of(replace(run, answers_text='authors = ["A. Author"]\nkeywords = ["spine"]'))
    assert (found.authors, found.keywords, found.affiliations) == (("A. Author",), ("spine",), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[items.12]\ntext = "x"', r"items\.12: a subitem must be a known name, got '12'; nearest is '12"),
        ('[items.3A]\ntext = "x"', r"got '3A'; nearest is '3a'"),
        ('[items.99]\ntext = "x"', r"got '99'; none is near \(52 are known\)"),
        ('[items.3a]\ntxet = "x"', r"items\.3a\.txet: is not a known key; nearest is 'text'"),
        ('[item.3a]\ntext = "x"', r"item: is not a known key; nearest is 'items'"),
        ('[items]\n3a = "x"', r"items\.3a: must be a table"),
        ("[items.3a]\ntext = 3", r"items\.3a\.text: must be a text in quotes, got 3"),
        ('authors = "A. Author"', r"authors: must be a list in brackets"),
        ('[items.3a]\nadd = "x"', r"items\.3a: add must follow a draft, and this subitem has none; write under text"),
        ("[items.3a]\nagreed = true", r"items\.3a: agreed must follow a draft"),
        ("[items.1]\nagreed = 3", r"items\.1\.agreed: must be a text in quotes, got 3"),
        ('[items.1]\ntext = "x"\nagreed = true', r"agreed takes the run's draft and text replaces it; keep one"),
        ('[items.1]\nadd = "x"\nnot_applicable = "y"', r"not_applicable must stand alone, got add beside it"),
        ('title = "x"\n[items.1]\ntext = "y"', r"title: answers items\.1, which has a text of its own"),
        ("text = ", r"mine\.toml must be TOML: .*; a text of several lines stands between"),
        ('[items.3a]\ntext = "x\ny"', r"mine\.toml must be TOML"),
    ],
)
def test_what_cannot_be_used_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_answers(text, name="mine.toml")


def test_all_faults_are_named_at_once() -> None:
    text = '[items.28]\ntext = "x"\n[items.3a]\nadd = "x"\n[items.1]\ntext = "x"\nagreed = true'
    with pytest.raises(InputError, match="nothing was changed") as caught:
        parse_answers(text)
    assert len(str(caught.value).splitlines()) == 4
    with pytest.raises(InputError, match=r"items\.28") as caught:
        parse_answers('author = 3\n[items.28]\ntext = "x"\n[items.3a]\ntxet = "x"')
    assert all(words in str(caught.value) for words in ("items.3a.txet", "nearest is 'authors'"))


def test_answers_are_checked_against_what_the_run_has_filled(run: RunFolder) -> None:
    check_against(parse_answers('[items.13]\nadd = "x"\n[items.4]\ntext = "x"\n[items.3a]\ntext = "x"'), run)
    with pytest.raises(InputError, match=r"items\.13: is filled from the run's tables; write .* under add") as caught:
        check_against(parse_answers('[items.13]\ntext = "x"\n[items.20a]\nnot_applicable = "x"'), run)
    assert "items.20a" in str(caught.value)


def test_an_item_of_the_author_is_closed_by_the_author_alone(run: RunFolder) -> None:
    text = "\n".join(f'[items.{name}]\ntext = "{name}."' for name in AUTHORS)
    told = answer(run, text)
    assert all(told[name].paragraphs == (f"{name}.",) for name in AUTHORS)
    assert {told[name].status for name in AUTHORS} == {"answered"}


def test_the_draft_asks_every_question_and_answers_none(run: RunFolder) -> None:
    text = draft_answers(run)
    assert parse_answers(text).given == {}
    assert "answered" not in {told.status for told in answer(run, text).values()}
    words = " ".join(line.removeprefix("#").strip() for line in text.splitlines())
    words = re.sub(r"\s+", " ", words)
    for told in merge(run):
        assert re.search(rf"\[items\.{told.name}\]", text)
        if told.status == "author":
            assert told.item.question in words
        if told.status == "drafted":
            assert re.sub(r"\s+", " ", told.reason or told.item.question) in words
    assert "from 7 predictors known before the operation" in words
    assert text == draft_answers(run)


def test_every_line_that_the_draft_offers_can_be_used(run: RunFolder) -> None:
    text = draft_answers(run)
    marks = re.findall(r'^# (agreed = "[0-9a-f]{12}")$', text, flags=re.MULTILINE)
    assert len(marks) == sum(told.status == "drafted" for told in merge(run))
    agreed = re.sub(r'^# (agreed = ".*")$', r"\1", text, flags=re.MULTILINE)
    assert not [told.name for told in answer(run, agreed).values() if told.status == "drafted"]
    opened = re.sub(r"^# (\[items\.\w+\]|(?:text|add|not_applicable) = .*)$", r"\1", text, flags=re.MULTILINE)
    assert set(parse_answers(opened).items) == set(ITEMS)


def test_the_draft_keeps_what_was_answered(run: RunFolder) -> None:
    given = (
        'title = "Our \\"title\\""\nauthors = ["\u00c9. Author", "B\\\\C"]\n'
        '[items.3a]\ntext = """\nOne.\n\nTwo with \\"quotes\\" and \\\\ and \\u007f.\n"""\n'
        '[items.13]\nadd = "More."\n[items.26]\nagreed = true\n[items.24]\nnot_applicable = "No."\n'
        '[items.8b]\nnot_applicable = "Nobody."\n'
    )
    held = replace(run, answers_text=given)
    before, after = parse_answers(given), parse_answers(draft_answers(held))
    assert after.given == before.given
    assert after.given["26"].agreed == ANY
    assert (after.title, after.authors) == (before.title, before.authors)


@given(text=WORDS)
def test_any_text_survives_the_file(text: str) -> None:
    parsed = parse_answers(f"[items.17]\ntext = {quote(text)}")
    expected = Answers.model_validate({"items": {"17": {"text": text}}})
    assert parsed == expected
