"""What is compared of a row: its question without what its skill puts around it, its options, its passage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orca_agents.dataset.building import build
from orca_agents.dataset.items import item_of, options_of
from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.rows import Row
from orca_agents.outcomes import Example
from orca_agents.records import Message
from tests.dataset.runs import dropped_of, example, write_run

PASSAGE = "The mill stood by the river."
FRAME = "Read the passage of the old book with care, think about it as long as you need, and then answer this.\n\n"


def as_row(one: Example) -> Row:
    row: Row = json.loads(one.model_dump_json())
    return row


def said(*texts: str) -> tuple[Message, ...]:
    return tuple(Message(role="assistant" if at % 2 else "user", content=text) for at, text in enumerate(texts))


def test_the_words_around_a_question_are_not_compared() -> None:
    messages = said(f"{FRAME}{PASSAGE}\n\nWho built it?", "Reed.")
    item = item_of(as_row(example(1, passage=PASSAGE, question="Who built it?", messages=messages)))
    assert (item.question, item.passage) == ("Who built it?", PASSAGE)


def test_options_are_parts_and_their_order_does_not_count() -> None:
    def row(*options: str) -> Row:
        data: dict[str, Any] = {"form": "choice", "parts": {"options": options}}
        messages = said("Which is a whale?\n\n" + "\n".join(options), "The first.")
        return as_row(example(1, passage="", question="Which is a whale?", messages=messages, metadata=data))

    assert item_of(row("orca", "cod", "crab")) == item_of(row("crab", "orca", "cod"))
    assert options_of(row("orca", "cod", "crab")) == 3


def test_a_passage_that_the_student_does_not_see_is_not_compared() -> None:
    item = item_of(as_row(example(1, passage="hidden", question="Why?", messages=said("Why?", "So."))))
    assert item.passage == ""


def test_turns_before_the_question_count_as_what_it_is_about() -> None:
    messages = said(f"{PASSAGE}\n\nWho built it?", "Reed.", "When?", "1823.")
    item = item_of(as_row(example(1, passage=PASSAGE, question="When?", messages=messages)))
    assert (item.question, item.passage) == ("When?", f"{PASSAGE}\n\nWho built it?")


def test_of_a_dialogue_all_that_its_user_says_is_the_question() -> None:
    messages = said("Book a table.", "For how many?", "For two.", "Done.")
    item = item_of(as_row(example(1, passage="", question="a plan", messages=messages, metadata={"form": "calls"})))
    assert item.question == "Book a table.\nFor two."


def test_a_row_that_does_not_say_what_it_asks_is_compared_by_its_last_message() -> None:
    item = item_of(as_row(example(1, passage=PASSAGE, question="", messages=said(f"{PASSAGE}\n\nWhen?", "1823."))))
    assert item.question == "When?"


def test_short_questions_in_long_frames_are_no_copies_of_each_other(tmp_path: Path) -> None:
    def one(question: str) -> Example:
        messages = said(f"{FRAME}{PASSAGE}\n\n{question}", "Answer: x")
        return example(question, skill="mills", passage=PASSAGE, question=question, messages=messages)

    examples = [one("Who built it?"), one("When did it burn?"), one("Who built   it ?")]
    run = write_run(tmp_path / "run", examples)
    build([run], tmp_path / "dataset", BuildOptions(flags="off", holdout=0, validation=0))
    (gone,) = dropped_of(tmp_path / "dataset")
    assert {gone["id"], gone["of"]} == {examples[0].id, examples[2].id}
