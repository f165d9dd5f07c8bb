"""Wrong answers beside right ones: only what was really answered, in the words of a student, and in its own letters."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from orca_agents.checks import FORMS
from orca_agents.dataset.exporting import Exported, Wanted, export
from orca_agents.dataset.formats.api import UnsuitedError
from orca_agents.dataset.formats.preferences import instruction_of, wrong_answers
from orca_agents.fixtures import CaseConfig, find_cases, read_cases
from orca_agents.outcomes import Example, Rejection
from orca_agents.records import Answer, Content, Instruction, Verification, Vote
from orca_agents.run_folder import write_jsonl
from tests.dataset.played import few_examples, lines, play
from tests.dataset.runs import example, write_run

SKILL = "retrieval_augmented_generation"


@cache
def claim() -> CaseConfig:
    """A case with options, which its solvers see in orders of their own; two of the three votes are enough."""
    return next(case for _, case in read_cases(find_cases(SKILL)) if case.leaf == "claim_verification")


@cache
def with_a_dissenting_solver(reasoning: str = "There is a plan for it.") -> dict[str, Any]:
    """The example of a real run in which the second solver takes another option."""
    (plain,) = play(SKILL, claim()).examples
    row = json.loads(plain.model_dump_json())
    item = instruction_of(row)
    form = FORMS["choice"]
    views = [form.shown(form.shuffled(item, f"solver_{number}"), "en") for number in (1, 2)]
    assert views[0] != views[1]
    solver = claim().replies["solver"]
    reply = {"reasoning": reasoning, "answerable": "yes", "option": "supported"}
    other = {"when": [solver[0]["when"], views[1]], "reply": reply}
    case = claim().model_copy(update={"replies": {**claim().replies, "solver": [other, *solver]}})
    (dissented,) = play(SKILL, case).examples
    found: dict[str, Any] = json.loads(dissented.model_dump_json())
    votes = {vote["voter"]: vote["agrees"] for vote in found["metadata"]["verification"]["votes"]}
    assert votes["solver_1"]
    assert not votes["solver_2"]
    return found


def vote(voter: str, value: str, *, agrees: bool, reasoning: str = "", answerable: bool = True, **more: Any) -> Vote:
    answer = Answer(value=(value,) if answerable else (), reasoning=reasoning, answerable=answerable)
    return Vote(voter=voter, answer=answer, agrees=agrees, **more)


def voted(*votes: Vote, key: object = "a", **metadata: Any) -> Example:
    """An example with these votes; its accepted answer is `the flood`."""
    own = vote("responder", "the flood", agrees=True, reasoning="Because of the flood.")
    verification = Verification(method="votes", verdict="accepted", votes=(own, *votes))
    return example(key, metadata={"verification": verification, "question": "Why did it fail?", **metadata})


def as_row(one: Example) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(one.model_dump_json())
    return found


def exported(tmp_path: Path, format: str, *examples: Example) -> tuple[Exported, list[dict[str, Any]]]:
    run = write_run(tmp_path / "run", examples)
    made = export(run, tmp_path / "out.jsonl", Wanted(format=format))
    return made, lines(tmp_path / "out.jsonl")


def test_a_solvers_answer_is_written_like_the_accepted_one_and_in_the_letters_of_the_question() -> None:
    row = with_a_dissenting_solver()
    options = row["metadata"]["parts"]["options"]
    letter = "ABC"[options.index("supported")]
    theirs = next(v for v in row["metadata"]["verification"]["votes"] if v["voter"] == "solver_2")
    assert theirs["answer"]["value"] != [letter], "the letters do not differ, so the test shows nothing"
    accepted = row["messages"][-1]["content"]
    direct = "Answer:" not in accepted
    wanted = f"{letter}. supported"
    assert wrong_answers(row) == [wanted if direct else f"There is a plan for it.\n\nAnswer: {wanted}"]


def test_reasoning_that_names_letters_of_another_order_is_left_out() -> None:
    with pytest.raises(UnsuitedError, match="letters of another order"):
        wrong_answers(with_a_dissenting_solver("Of all three it is C that holds."))
    assert wrong_answers(with_a_dissenting_solver("A plan is a bridge, I'd say."))


def test_votes_that_fit_no_order_of_the_options_make_no_pair() -> None:
    row = json.loads(json.dumps(with_a_dissenting_solver()))
    for one in row["metadata"]["verification"]["votes"]:
        one["agrees"] = False
    with pytest.raises(UnsuitedError, match="in which order the options"):
        wrong_answers(row)


def test_what_the_build_renamed_is_still_known_by_its_id_in_the_run() -> None:
    row = json.loads(json.dumps(with_a_dissenting_solver()))
    row["metadata"]["id_in_run"], row["id"] = row["id"], "0" * 16
    assert wrong_answers(row) == wrong_answers(with_a_dissenting_solver())


def test_a_pair_is_the_accepted_answer_and_the_dissenting_one(tmp_path: Path) -> None:
    one = voted(
        vote("solver_1", "the flood", agrees=True, reasoning="The flood."),
        vote("solver_2", "the frost", agrees=False, reasoning="It was cold."),
        vote("solver_closed_book", "the war", agrees=False, reasoning="A guess.", passage="none"),
    )
    made, (row,) = exported(tmp_path, "dpo", one, voted(key="b"))
    assert row["prompt"] == [{"role": "user", "content": one.messages[0].content}]
    assert row["chosen"] == [{"role": "assistant", "content": "Because of the flood.\n\nAnswer: the flood"}]
    assert row["rejected"] == [{"role": "assistant", "content": "It was cold.\n\nAnswer: the frost"}]
    assert made.counts == {"pairs": 1}
    assert made.left_out == {"no solver answered otherwise": 1}


def test_two_solvers_with_the_same_wrong_answer_are_one_pair_and_with_others_two(tmp_path: Path) -> None:
    same = [vote(f"solver_{n}", "the frost", agrees=False, reasoning="It was cold.") for n in (1, 2)]
    other = vote("solver_3", "the war", agrees=False, reasoning="There was a war.")
    made, _ = exported(tmp_path, "dpo", voted(*same, other))
    assert made.counts == {"pairs": 2}
    assert made.written == 1


def test_kto_has_every_accepted_answer_and_the_wrong_ones_there_are(tmp_path: Path) -> None:
    wrong = vote("solver_1", "the frost", agrees=False, reasoning="It was cold.")
    made, rows = exported(tmp_path, "kto", voted(wrong), voted(key="b"))
    assert made.counts == {"right answers": 2, "wrong answers": 1}
    assert [row["completion"][0]["content"] for row in rows if not row["label"]] == [
        "It was cold.\n\nAnswer: the frost"
    ]
    assert not made.left_out


def test_a_label_of_another_language_is_taken_from_the_accepted_answer() -> None:
    one = voted(vote("solver_1", "el hielo", agrees=False, reasoning="Hacía frío."), language="es")
    row = as_row(one)
    row["messages"][-1]["content"] = "Because of the flood.\n\nRespuesta: the flood"
    assert wrong_answers(row) == ["Hacía frío.\n\nRespuesta: el hielo"]


def test_an_answer_without_reasoning_is_met_by_one_without_reasoning() -> None:
    row = as_row(voted(vote("solver_1", "the frost", agrees=False, reasoning="It was cold.")))
    row["messages"][-1]["content"] = "the flood"
    assert wrong_answers(row) == ["the frost"]


def test_who_found_no_answer_says_so_in_the_words_of_the_skill() -> None:
    row = as_row(voted(vote("solver_1", "", agrees=False, reasoning="Nothing is said.", answerable=False)))
    with pytest.raises(UnsuitedError, match="how its skill says that is not known"):
        wrong_answers(row)  # of a skill that is not here
    row["skill"] = "reading_comprehension"
    assert wrong_answers(row) == ["Nothing is said.\n\nAnswer: The passage does not say."]


def test_a_reply_under_a_rule_for_its_form_makes_no_pair() -> None:
    row = as_row(voted(vote("solver_1", "the frost", agrees=False, reasoning="It was cold.")))
    row["messages"][-1]["content"] = "- Because of the flood.\n- the flood"
    with pytest.raises(UnsuitedError, match="a rule for its form"):
        wrong_answers(row)


def test_dialogues_and_graded_texts_make_no_pair() -> None:
    for form, reason in (("talk", "dialogue"), ("calls", "dialogue"), ("essay", "graded"), ("text", "graded")):
        row = as_row(voted(vote("solver_1", "no", agrees=False), form=form))
        with pytest.raises(UnsuitedError, match=reason):
            wrong_answers(row)


def test_an_example_of_an_older_run_is_left_out_and_not_guessed_at() -> None:
    row = as_row(voted(vote("solver_1", "the frost", agrees=False)))
    del row["metadata"]["question"]
    with pytest.raises(UnsuitedError, match="an older run"):
        wrong_answers(row)


# ------------------------------------------------------------------------------- what the run rejected of the same item


def rejection(key: str, answer: str | None, **changes: Any) -> Rejection:
    """A rejected item that asks what `voted()` asks, and what was answered to it."""
    same = voted().metadata
    item = Instruction(
        id=key,
        seed_id="s",
        content=Content(id="c", seed_id="s", text=same.passage, transformer="identity"),
        leaf="cause",
        form="span",
        question="Why did it fail?",
        key=("the frost",),
    )
    return Rejection(
        id=key,
        skill="facts",
        seed_id="s",
        leaf="cause",
        stage="verify",
        check="votes",
        reason="no",
        instruction=item.model_copy(update=changes),
        answer=None if answer is None else Answer(value=(answer,), reasoning="It froze."),
    )


@pytest.mark.parametrize(
    ("rejected", "wrong"),
    [
        (rejection("r", "the frost"), ["It froze.\n\nAnswer: the frost"]),
        (rejection("r", "the flood"), []),  # rejected for something else than its answer
        (rejection("r", None), []),
        (rejection("r", "the frost", question="Why did it stand?"), []),
        (rejection("r", "the frost", format="In one word."), []),
    ],
)
def test_a_rejected_answer_to_the_same_item_makes_a_pair_if_it_is_wrong(
    rejected: Rejection, wrong: list[str], tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", [voted()])
    write_jsonl(run / "rejections.jsonl", [rejected])
    export(run, tmp_path / "out.jsonl", Wanted(format="kto"))
    rows = lines(tmp_path / "out.jsonl")
    assert [row["completion"][0]["content"] for row in rows if not row["label"]] == wrong


def test_real_runs_without_dissent_have_right_answers_alone(tmp_path: Path) -> None:
    made, rows = exported(tmp_path, "kto", *few_examples())
    assert made.counts == {"right answers": len(few_examples())}
    assert all(row["label"] for row in rows)
