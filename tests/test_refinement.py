"""Refinement with the scripted teacher: what becomes of suggestions, rounds, and items whose chats fail."""

from pathlib import Path
from typing import Any

from orca_agents import SkillRun, run_skill
from orca_agents.models.api import Reply, Request
from orca_agents.testing import ScriptedModel
from tests.test_runs import ANSWER, PASSAGE, QUESTION, SKILL, SOLVED, WRONG

GOALS = """\
refine:
  agents: [suggester, editor]
  propose: 3
  suggestions: {suggestions}
  rounds: {rounds}
  goals:
    - {{name: complicate, description: make it harder, edits: question}}
    - {{name: unanswerable, description: take the answer away, edits: passage}}
"""
AGENTS = """\
agents:
  suggester:
    {description: d, system_message: You are the suggester., task: "{{ passage }} {{ question }} GOAL {{ goal.name }}"}
  editor: {description: d, system_message: You are the editor., task: "Carry out {{ number }}: {{ suggestion }}"}
"""
HARDER = [
    "Which event of 1871 put an end to the grinding of oats at the mill of Orrin?",
    "What happened in 1871 so that the mill at Orrin ground no more oats for the valley?",
    "What put an end, after 67 years, to the grinding of oats at the mill at Orrin?",
]
WITHOUT = PASSAGE.replace("until a flood broke its wheel in 1871", "for many years")


def skill_file(folder: Path, suggestions: int = 1, rounds: int = 1) -> str:
    path = folder / "skills" / "facts.yaml"
    path.parent.mkdir(exist_ok=True)
    text = SKILL.replace("agents:\n", AGENTS, 1).replace(
        "respond:\n", GOALS.format(suggestions=suggestions, rounds=rounds) + "respond:\n"
    )
    path.write_text(text, encoding="utf-8")
    return str(path)


def play(request: Request) -> Any:
    """Every agent of the skill, by what stands in its prompt."""
    system, prompt = request.messages[0]["content"], str(request.messages[1:])
    gone = "until a flood broke its wheel" not in prompt
    match system.removeprefix("You are the ").rstrip("."):
        case "writer":
            return QUESTION
        case "suggester":
            return {"suitable": "yes", "why_not": "", "suggestions": ["change one", "change two", "change three"]}
        case "editor" if "unanswerable" in prompt:
            return {"passage": WITHOUT}
        case "editor":
            number = next(n for n, word in enumerate(("one", "two", "three")) if f"{n + 1}: change {word}" in prompt)
            return {"question": HARDER[number], "answer": "a flood"}
        case "responder" if gone:
            reasoning = "The passage does not say what ended the work of the mill."
            return {**ANSWER, "reasoning": reasoning, "evidence": [], "answerable": "no"}
        case "responder":
            return ANSWER
        case _ if gone:
            return {**SOLVED, "answerable": "no"}
        case _:
            return SOLVED


def items(run: SkillRun, goal: str | None) -> list[str]:
    return [example.messages[0].content for example in run if example.metadata.goal == goal]


def test_every_suggestion_becomes_an_item_of_its_own(tmp_path: Path) -> None:
    run = run_skill(skill_file(tmp_path, suggestions=3), PASSAGE, model=ScriptedModel(play), goals=2)
    assert [(r.check, r.reason) for r in run.rejections] == []
    assert [(f.error, f.message) for f in run.failures] == []
    harder = [question for question in HARDER if any(question in item for item in items(run, "complicate"))]
    assert harder == HARDER
    assert {example.metadata.suggestion for example in run if example.metadata.goal} == {
        "change one",
        "change two",
        "change three",
    }
    assert len({example.id for example in run}) == len(run) == 7


def test_an_editor_hears_the_suggester_but_no_other_edit(tmp_path: Path) -> None:
    model = ScriptedModel(play)
    run_skill(skill_file(tmp_path, suggestions=3), PASSAGE, model=model, goals=2)
    editing = [str(r.messages) for r in model.requests if "the editor" in r.messages[0]["content"]]
    assert len(editing) == 6
    for prompt in editing:
        assert "[suggester]" in prompt
        assert not any(question in prompt for question in HARDER)
        assert "suggestions" not in prompt.rpartition("Carry out")[2]


def test_the_suggester_is_paid_once_however_many_edits_follow(tmp_path: Path) -> None:
    model = ScriptedModel(play)
    run = run_skill(skill_file(tmp_path, suggestions=3), PASSAGE, model=model, goals=2)
    assert sum("the suggester" in r.messages[0]["content"] for r in model.requests) == 2
    assert sum((chat.usage.calls for chat in run.transcripts.values()), 0) == run.usage.calls == len(model.requests)


def test_rounds_go_on_from_the_edited_item(tmp_path: Path) -> None:
    def again(request: Request) -> Any:
        reply = play(request)
        if "the editor" in request.messages[0]["content"] and HARDER[0] in str(request.messages):
            return {"question": HARDER[1], "answer": "a flood"} if "passage" not in reply else reply
        return reply

    run = run_skill(skill_file(tmp_path, rounds=2), PASSAGE, model=ScriptedModel(again), goals=2)
    by_round = {example.metadata.round: example for example in run if example.metadata.goal == "complicate"}
    assert by_round[2].metadata.parent_id == by_round[1].id
    assert by_round[1].metadata.parent_id == next(e.id for e in run if e.metadata.goal is None)


def test_a_sound_item_is_refined_although_its_own_answer_failed(tmp_path: Path) -> None:
    def cut(request: Request) -> Any:
        first = "the responder" in request.messages[0]["content"] and str(QUESTION["question"]) in str(request.messages)
        return Reply(text="{", finish="length") if first and HARDER[0] not in str(request.messages) else play(request)

    run = run_skill(skill_file(tmp_path), PASSAGE, model=ScriptedModel(cut), goals=2)
    assert [failure.error for failure in run.failures][:1] == ["TruncatedError"]
    assert len(items(run, "complicate")) == 1


def test_one_edit_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    def cut(request: Request) -> Any:
        second = "the editor" in request.messages[0]["content"] and "Carry out 2" in str(request.messages)
        return Reply(text="{", finish="length") if second else play(request)

    run = run_skill(skill_file(tmp_path, suggestions=3), PASSAGE, model=ScriptedModel(cut), goals=2)
    assert [failure.error for failure in run.failures] == ["TruncatedError"] * 2
    assert sum(chat.usage.calls for chat in run.transcripts.values()) == run.usage.calls
    assert len(items(run, "complicate")) == 2


def test_no_unanswerable_item_is_paid_for_where_a_vote_for_its_parent_is_missing(tmp_path: Path) -> None:
    votes = iter([WRONG])

    def doubted(request: Request) -> Any:
        solver = "the solver" in request.messages[0]["content"] and str(QUESTION["question"]) in str(request.messages)
        return next(votes, SOLVED) if solver else play(request)

    model = ScriptedModel(doubted)
    run = run_skill(skill_file(tmp_path), PASSAGE, model=model, goals=2)
    assert items(run, "unanswerable") == []
    assert not any("GOAL unanswerable" in str(request.messages) for request in model.requests)
    assert len(items(run, "complicate")) == 1


def test_an_item_whose_author_gives_it_up_after_the_vote_is_a_rejection_with_its_votes(tmp_path: Path) -> None:
    def gives_up(request: Request) -> Any:
        if "the writer" not in request.messages[0]["content"]:
            return play(request)
        declined = {**QUESTION, "suitable": "no", "why_not": "no good question in it"}
        return declined if "fails a check" in str(request.messages) else {**QUESTION, "answer": "coloured glass"}

    model = ScriptedModel(gives_up)
    run = run_skill(skill_file(tmp_path), PASSAGE, model=model, goals=2)
    first = next(rejection for rejection in run.rejections if rejection.instruction and not rejection.instruction.goal)
    assert first.check == "agrees_with_solvers"
    assert first.verification is not None
    assert len(first.verification.votes) == 3
    assert not any("GOAL unanswerable" in str(request.messages) for request in model.requests)
    assert run.skips == []


def test_every_chat_stands_behind_some_outcome(tmp_path: Path) -> None:
    run = run_skill(skill_file(tmp_path, suggestions=2), PASSAGE, model=ScriptedModel(play), goals=2)
    named = {chat for example in run for chat in example.metadata.chats}
    assert named == set(run.transcripts)
    for example in run:
        voters = {vote.passage for vote in example.metadata.verification.votes}
        if "parent" in voters:
            paths = [run.transcripts[chat].path for chat in example.metadata.chats]
            assert "identity/fact/respond" in paths


def test_the_same_run_gives_the_same_bytes_whatever_comes_first(tmp_path: Path) -> None:
    class Hasty(ScriptedModel):
        async def complete(self, request: Request) -> Reply:
            self.latency_s = (int(request.digest()[:4], 16) % 20) / 1000
            return (await super().complete(request)).model_copy(update={"latency_s": 0.0})

    skill, written = skill_file(tmp_path, suggestions=3), []
    for name, model in (("a", ScriptedModel(play)), ("b", Hasty(play))):
        run_skill(skill, [PASSAGE, PASSAGE.replace("Orrin", "Lune")], model=model, goals=2, out=tmp_path / name)
        written.append({path.name: path.read_bytes() for path in (tmp_path / name).glob("*.jsonl")})
    assert written[0] == written[1]
