"""The paper's worked example through all stages and goals, with the scripted teacher and every real check."""

from pathlib import Path

import pytest

from orca_agents import Example, SkillRun, run_skill
from orca_agents.worked_example import SETTINGS, worked_example


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SkillRun:
    example = worked_example()
    out = tmp_path_factory.mktemp("runs") / "worked"
    return run_skill("reading_comprehension", example.seed, model=example.model, out=out, **SETTINGS)


def by_goal(run: SkillRun) -> dict[str | None, Example]:
    return {example.metadata.goal: example for example in run.examples}


def test_one_question_and_one_item_for_each_goal_are_accepted(run: SkillRun) -> None:
    assert not run.failures
    assert [(rejection.check, rejection.reason) for rejection in run.rejections] == []
    assert set(by_goal(run)) == {None, "unanswerable", "alter_answer", "complicate"}
    assert {example.leaf for example in run} == {"strengthen"}


def test_refined_items_are_linked_to_the_item_they_came_from(run: SkillRun) -> None:
    items = by_goal(run)
    parent = items[None]
    assert parent.metadata.parent_id is None
    assert parent.metadata.transformer == "argument_passage_generator"
    for goal in ("unanswerable", "alter_answer", "complicate"):
        assert items[goal].metadata.parent_id == parent.id
        assert items[goal].metadata.suggestion
    assert "conclusion round" in str(items["alter_answer"].metadata.suggestion)
    assert "Take away the conclusion" in str(items["unanswerable"].metadata.suggestion)


def test_each_goal_did_what_it_says(run: SkillRun) -> None:
    items = by_goal(run)
    parent = items[None].metadata
    assert items["alter_answer"].metadata.reference != parent.reference
    assert items["alter_answer"].metadata.passage != parent.passage
    assert items["complicate"].metadata.passage == parent.passage
    assert "from birth" in items["complicate"].messages[0].content
    assert items["unanswerable"].metadata.reference == ()
    assert not items["unanswerable"].metadata.answerable
    assert items["unanswerable"].messages[1].content.endswith("Answer: The passage does not say.")


def test_votes_are_three_and_six_where_the_answer_was_taken_away(run: SkillRun) -> None:
    items = by_goal(run)
    votes = items[None].metadata.verification.votes
    assert [vote.voter for vote in votes] == ["responder", "solver_1", "solver_2", "solver_closed_book"]
    assert [vote.agrees for vote in votes] == [True, True, True, False]
    both = items["unanswerable"].metadata.verification.votes
    assert [vote.passage for vote in both] == ["this"] * 3 + ["parent"] * 3
    assert all(vote.agrees for vote in both)


def test_evidence_stands_in_the_passage_at_its_offsets(run: SkillRun) -> None:
    for example in run:
        for span in example.metadata.evidence:
            assert example.metadata.passage[span.start : span.end] == span.text
    assert by_goal(run)[None].metadata.evidence


def test_the_example_is_what_a_student_should_see(run: SkillRun) -> None:
    question, answer = by_goal(run)[None].messages
    assert question.role == "user"
    assert "Doctors have long treated uric acid" in question.content
    assert "Patients given a drug that lowers uric acid" in question.content
    letter = by_goal(run)[None].metadata.reference[0]
    assert answer.content.splitlines()[-1].startswith(f"Answer: {letter}")
    teacher_words = ("<<<PASSAGE", "suitable", "why_not", "answerable", "JSON")
    assert not any(
        words in message.content for example in run for message in example.messages for words in teacher_words
    )


def test_every_example_carries_its_whole_conversation(run: SkillRun) -> None:
    for example in run:
        chats = [run.transcripts[id] for id in example.metadata.chats]
        stages = [chat.stage for chat in chats]
        assert stages[:2] == ["transform", "instruct"]
        assert ("refine" in stages) == (example.metadata.goal is not None)
        assert "respond" in stages
        assert "verify" in stages
        assert example.metadata.usage.calls == sum(chat.usage.calls for chat in chats)


def test_nobody_hears_what_he_must_not_know(run: SkillRun) -> None:
    for chat in run.transcripts.values():
        said = "\n".join(turn.text for turn in chat.turns if turn.agent == "moderator")
        if chat.stage in ("respond", "verify"):
            assert "Its author's answer" not in said
            assert "hypothetical study" not in said


def test_the_funnel_and_the_usage_add_up(run: SkillRun) -> None:
    assert run.funnel.made == run.funnel.accepted == 4
    assert run.usage.calls == sum(chat.usage.calls for chat in run.transcripts.values())
    assert "4 accepted" in repr(run)


def test_the_same_run_again_asks_nothing_and_writes_the_same_bytes(run: SkillRun) -> None:
    assert run.folder is not None
    before = {path.name: path.read_bytes() for path in run.folder.glob("*.jsonl")}
    again = worked_example()
    second = run_skill("reading_comprehension", again.seed, model=again.model, out=run.folder, **SETTINGS)
    assert again.model.requests == []
    assert [example.id for example in second] == [example.id for example in run]
    assert {path.name: path.read_bytes() for path in run.folder.glob("*.jsonl")} == before


def test_the_run_folder_holds_what_it_says(run: SkillRun, tmp_path: Path) -> None:
    assert run.folder is not None
    assert {path.name for path in run.folder.iterdir() if not path.name.startswith((".", "store", "run.lock"))} == {
        "run.yaml",
        "examples.jsonl",
        "rejections.jsonl",
        "failures.jsonl",
        "skips.jsonl",
        "transcripts.jsonl",
        "summary.json",
        "run.log",
    }
    run.to_jsonl(tmp_path / "mine.jsonl")
    assert (tmp_path / "mine.jsonl").read_bytes() == (run.folder / "examples.jsonl").read_bytes()
