"""Copies and items of benchmarks are stopped before an answer is bought, and always the same ones."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from orca_agents import run_skill
from orca_agents.contamination import BenchmarkIndex
from orca_agents.duplicates.texts import ItemText
from orca_agents.errors import ConfigError, DatasetError, StoreError
from orca_agents.execution import execute, replay
from orca_agents.models.api import Reply, Request
from orca_agents.outcomes import Rejection
from orca_agents.run_config import ModelConfig, RunConfig
from orca_agents.run_folder import End
from orca_agents.run_setup import hash_of, make_config, read_skills
from orca_agents.runs import SkillRun, collect
from orca_agents.screening import Screen
from orca_agents.store import Store
from orca_agents.testing import ScriptedModel
from tests.test_runs import ANSWER, QUESTION, SKILL, SOLVED, WRONG, script

PASSAGE = (
    "The mill at {place} was built by a carpenter from the coast. It ground oats for the villages of the valley until "
    "a flood broke its wheel in 1871. The family did not repair it, and sold the stones to a farmer of the valley."
)
PLACES = ("Orrin", "Halden", "Wexley", "Torvik", "Brahm", "Ilmar", "Quend", "Sarpo", "Yttre", "Lunne")
OTHERS = (
    "A lighthouse stands on the cape of {place}. Its keeper was a widow until a flood broke its lamp in 1871.",
    "The bakers of {place} bake on Mondays. Their oven was the pride of the town until a flood broke it in 1871.",
    "Bees were kept behind the school of {place}. The hives stood in two rows until a flood broke them in 1871.",
    "The bridge of {place} has nine arches of red stone. It carried carts until a flood broke one of them in 1871.",
)


@pytest.fixture
def skill(tmp_path: Path) -> str:
    path = tmp_path / "skills" / "facts.yaml"
    path.parent.mkdir()
    path.write_text(SKILL, encoding="utf-8")
    return str(path)


def teacher(**others: Any) -> ScriptedModel:
    """Asks about what the passage is about, and answers well."""

    def write(request: Request) -> dict[str, Any]:
        text = request.messages[-1]["content"]
        thing = next(word for word in ("mill", "lighthouse", "bakers", "school", "bridge") if word in text)
        place = next(place for place in PLACES if place in text)
        return {**QUESTION, "question": f"What broke what belonged to the {thing} of {place} in that year?"}

    def respond(request: Request) -> dict[str, Any]:
        text = "\n".join(message["content"] for message in request.messages)
        start = text.index("until a flood")
        quote = text[start : text.index(" in 1871", start)]
        return {**ANSWER, "evidence": [quote], "reasoning": "Nothing was broken until a flood came in 1871."}

    return script(**{"writer": write, "responder": respond, "solver": SOLVED, **others})


class Slow(ScriptedModel):
    """Answers after a while that differs from call to call."""

    def __init__(self, inner: ScriptedModel, seed: int) -> None:
        super().__init__({"": ""}, name=inner.name)
        self.inner, self.random = inner, random.Random(seed)

    async def complete(self, request: Request) -> Reply:
        await asyncio.sleep(self.random.random() * 0.01)
        return await self.inner.complete(request)


def seeds(copies_at: dict[int, int], number: int) -> list[str]:
    """Passages of which those at these places repeat earlier ones, but for their last words."""
    made = [PASSAGE.format(place="Orrin")]
    made += [OTHERS[n % len(OTHERS)].format(place=PLACES[1 + n // len(OTHERS)]) for n in range(number - 1)]
    for place, earlier in copies_at.items():
        made[place] = f"{made[earlier]} It rained for {place} days."
    return made


def run(skill: str, texts: list[str], model: ScriptedModel, out: Path, **options: Any) -> SkillRun:
    config = config_of(skill, **options)

    def read(store: Store, end: End) -> SkillRun:
        return collect(store, end, "facts", out)

    return asyncio.run(execute(config, texts, out=out, read=read, shared=model))


def config_of(skill: str, **options: Any) -> RunConfig:
    return make_config(
        **{"skill": skill, "seeds": ("(text)",), "model": ModelConfig(model="scripted"), "window": 2, **options}
    )


def stopped(run: SkillRun) -> list[Rejection]:
    return [it for it in run.rejections if it.check in ("near_duplicate", "in_benchmark")]


def test_a_copy_of_an_accepted_example_is_stopped_before_its_answer_is_bought(skill: str, tmp_path: Path) -> None:
    model = teacher()
    made = run(skill, seeds({12: 0}, 13), model, tmp_path / "out")
    [rejection] = stopped(made)
    assert len(made.examples) == 12
    assert (rejection.stage, rejection.check) == ("instruct", "near_duplicate")
    first = next(it for it in made.examples if "Orrin" in it.metadata.passage)
    assert f"it repeats the accepted example {first.id}" in rejection.reason
    assert len(rejection.chats) == 1  # it was written, and nothing more
    assert made.funnel.rejected == {"near_duplicate": 1}
    saved = json.loads((tmp_path / "out" / "summary.json").read_text())["saved"]
    assert saved.startswith("1 instruction was stopped before an answer was bought: about ")
    assert not list((tmp_path / "out").glob("duplicates*"))


def test_with_keep_duplicates_it_is_answered(skill: str, tmp_path: Path) -> None:
    made = run(skill, seeds({12: 0}, 13), teacher(), tmp_path / "out", keep_duplicates=True)
    assert len(made.examples) == 13


def test_what_is_near_in_the_order_of_the_seeds_is_not_compared_whatever_arrives_first(
    skill: str, tmp_path: Path
) -> None:
    made = run(skill, seeds({7: 0, 8: 0}, 10), teacher(), tmp_path / "out")  # a window of 2 looks 8 places back
    [rejection] = stopped(made)
    assert rejection.instruction is not None
    assert rejection.instruction.content.text.endswith("It rained for 8 days.")


@pytest.mark.parametrize("seed", range(3))
def test_the_order_in_which_answers_arrive_changes_nothing(skill: str, tmp_path: Path, seed: int) -> None:
    texts = seeds({9: 0, 14: 2, 20: 9, 21: 1, 23: 4}, 24)
    quick = run(skill, texts, teacher(), tmp_path / "quick")
    slow = run(skill, texts, Slow(teacher(), seed), tmp_path / "slow")
    assert len(stopped(quick)) == 5
    for name in ("examples.jsonl", "rejections.jsonl"):
        assert (tmp_path / "quick" / name).read_bytes() == (tmp_path / "slow" / name).read_bytes()
    assert slow.funnel.to_dict() == quick.funnel.to_dict()


def test_a_run_in_two_parts_comes_to_the_same_as_one(skill: str, tmp_path: Path) -> None:
    texts = seeds({9: 0, 14: 2, 20: 9}, 22)
    run(skill, texts, teacher(), tmp_path / "whole")
    run(skill, texts, teacher(), tmp_path / "parts", limit=11)
    run(skill, texts, teacher(), tmp_path / "parts")
    for name in ("examples.jsonl", "rejections.jsonl"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()


def test_a_replay_finds_the_same_copies(skill: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(skill, seeds({9: 0, 14: 2}, 15), teacher(), out)
    before = {name: (out / name).read_bytes() for name in ("examples.jsonl", "rejections.jsonl")}
    asyncio.run(replay(config_of(skill), out))
    assert {name: (out / name).read_bytes() for name in before} == before
    assert b"near_duplicate" in before["rejections.jsonl"]


def test_what_repeated_an_example_under_other_settings_is_looked_at_anew(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text(SKILL, encoding="utf-8")
    texts = seeds({12: 0}, 13)
    assert len(stopped(run(str(file), texts, teacher(), tmp_path / "out"))) == 1

    def solve(request: Request) -> dict[str, Any]:
        text = str(request.messages)
        return WRONG if "mill at Orrin" in text and "It rained" not in text else SOLVED

    file.write_text(SKILL.replace("You are the solver.", "You are the solver. Read well."), encoding="utf-8")
    made = run(str(file), texts, teacher(solver=solve), tmp_path / "out")
    assert stopped(made) == []  # the question is on record, but what it repeated is not accepted any more
    [example] = [it for it in made.examples if "Orrin" in it.metadata.passage]
    assert "It rained for 12 days." in example.metadata.passage


def test_copies_are_found_where_the_passage_is_hidden_and_stands_in_the_question(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    frame = 'frames: {any: ["{{ passage }}\\n\\n{{ question }}"]}'
    assert frame in SKILL
    file.write_text(SKILL.replace(frame, 'hides_passage: true\n  frames: {any: ["{{ question }}"]}'), encoding="utf-8")

    def write(request: Request) -> dict[str, Any]:
        shown = request.messages[-1]["content"].partition(" in 1871")[0]
        place = next(place for place in PLACES if place in shown)
        return {**QUESTION, "question": f"{shown} in 1871. What broke what belonged to {place}?"}

    made = run(str(file), seeds({12: 1}, 13)[1:], teacher(writer=write), tmp_path / "out")
    assert made.examples[0].metadata.passage_shown
    assert [it.check for it in stopped(made)] == ["near_duplicate"]


def test_the_window_decides_what_is_found_only_where_copies_are_looked_for(skill: str) -> None:
    def hashed(**options: Any) -> str:
        config = config_of(skill, **options)
        return hash_of(config, read_skills(config))

    assert hashed(window=2) != hashed(window=3)
    assert hashed(window=2, keep_duplicates=True) == hashed(window=3, keep_duplicates=True)


TWO_LEAVES = SKILL.replace(
    "    - {name: fact, description: asks for a fact, answer: span}\n",
    "    - {name: fact, description: asks for a fact, answer: span}\n"
    "    - {name: event, description: asks for an event, answer: span}\n",
).replace('"{{ passage }}", sampling', '"Kind: {{ leaf.name }}. {{ passage }}", sampling')


def test_of_two_leaves_that_ask_the_same_of_one_passage_the_later_one_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "facts.yaml").write_text(TWO_LEAVES, encoding="utf-8")
    text = PASSAGE.format(place="Orrin")
    made = run_skill(str(tmp_path / "facts.yaml"), text, model=Slow(teacher(), 5), choose=2)
    [rejection] = stopped(made)
    assert len(made.examples) == 1
    assert rejection.reason.startswith("it repeats another question about the same passage: 'What broke")
    first, second = [one for one in (made.examples[0].leaf, rejection.leaf) if one]
    for _ in range(3):
        again = run_skill(str(tmp_path / "facts.yaml"), text, model=Slow(teacher(), 9), choose=2)
        assert (again.examples[0].leaf, stopped(again)[0].leaf) == (first, second)


def test_a_leaf_that_fails_keeps_no_other_waiting(tmp_path: Path) -> None:
    (tmp_path / "facts.yaml").write_text(TWO_LEAVES, encoding="utf-8")

    def write(request: Request) -> Any:
        if "Kind: fact" in request.messages[1]["content"]:
            return "no JSON at all"
        return {**QUESTION, "question": "What broke the wheel of the mill of Orrin?"}

    made = run_skill(str(tmp_path / "facts.yaml"), PASSAGE.format(place="Orrin"), model=teacher(writer=write), choose=2)
    assert len(made.examples) == 1
    assert len(made.failures) == 1


# ------------------------------------------------------------------------------------------------------- benchmarks

ITEM = "A baker in the town of Halden bakes forty loaves each morning and sells three quarters of them before noon."


@pytest.fixture
def benchmarks(tmp_path: Path) -> Path:
    file = tmp_path / "words.jsonl"
    asked = "What broke what belonged to the mill of Orrin in that year?"
    rows = [{"question": f"{ITEM} How many loaves are left after noon?"}, {"question": asked}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with BenchmarkIndex.open(tmp_path / "benchmarks.sqlite", create=True) as index:
        index.add("loaves", file, ["question"])
    return tmp_path / "benchmarks.sqlite"


def test_a_seed_that_holds_an_item_of_a_benchmark_is_skipped_before_any_call(
    skill: str, tmp_path: Path, benchmarks: Path
) -> None:
    model = teacher()
    text = f"The bakers of Halden bake on Mondays. {ITEM} How many loaves are left after noon? Nobody knew."
    made = run(skill, [text], model, tmp_path / "out", benchmarks=benchmarks)
    assert model.requests == []
    [skip] = made.skips
    assert skip.stage == "seeds"
    assert skip.reason.startswith("it holds an item of loaves (row 1): ")
    assert made.funnel.sources_skipped == 1


def test_an_instruction_that_is_an_item_of_a_benchmark_is_not_answered(
    skill: str, tmp_path: Path, benchmarks: Path
) -> None:
    texts = [PASSAGE.format(place="Orrin"), OTHERS[0].format(place="Torvik")]
    made = run(skill, texts, teacher(), tmp_path / "out", benchmarks=benchmarks)
    [rejection] = stopped(made)
    assert rejection.check == "in_benchmark"
    assert "loaves (row 2)" in rejection.reason
    assert "Torvik" in made.examples[0].metadata.passage


def test_what_is_in_the_benchmarks_is_a_part_of_what_a_run_is(skill: str, tmp_path: Path, benchmarks: Path) -> None:
    out, texts = tmp_path / "out", [PASSAGE.format(place="Orrin")]
    assert len(run(skill, texts, teacher(), out).examples) == 1
    model = teacher()
    assert len(run(skill, texts, model, out, benchmarks=benchmarks).examples) == 0
    assert model.requests == []  # its question was on record


def test_an_index_that_is_not_there_stops_a_run_before_the_first_call(skill: str, tmp_path: Path) -> None:
    model = teacher()
    with pytest.raises(ConfigError, match=r"benchmarks: .*none\.sqlite"):
        run(skill, [PASSAGE], model, tmp_path / "out", benchmarks=tmp_path / "none.sqlite")
    assert model.requests == []


def test_an_index_that_breaks_ends_the_run_and_costs_no_items(skill: str, tmp_path: Path, benchmarks: Path) -> None:
    whole = benchmarks.read_bytes()

    def write(request: Request) -> dict[str, Any]:
        with sqlite3.connect(benchmarks) as connection:
            connection.execute("DROP TABLE IF EXISTS grams")
        connection.close()
        return {**QUESTION, "question": "What broke what belonged to the mill of Orrin in that year?"}

    texts = [PASSAGE.format(place="Orrin")]
    with pytest.raises(DatasetError, match=r"benchmarks\.sqlite: the index of benchmarks cannot be read"):
        run(skill, texts, teacher(writer=write), tmp_path / "out", benchmarks=benchmarks)
    assert (tmp_path / "out" / "failures.jsonl").read_text(encoding="utf-8") == ""
    benchmarks.write_bytes(whole)
    assert len(stopped(run(skill, texts, teacher(), tmp_path / "out", benchmarks=benchmarks))) == 1


def test_a_passage_that_a_transformer_wrote_is_held_against_the_benchmarks(tmp_path: Path, benchmarks: Path) -> None:
    index = BenchmarkIndex.open(benchmarks)
    with Screen(rouge_l=None, benchmarks=index) as screen:
        found = screen.find(ItemText("What does he sell?", f"{ITEM} How many loaves are left after noon?"), 0, [])
        assert found is not None
        assert found.reason.startswith("it holds an item of loaves (row 1): ")
        assert screen.find(ItemText("What does he sell?", "A baker sells bread."), 0, []) is None


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to see which files are open")
def test_a_replay_lets_go_of_the_index_of_benchmarks(skill: str, tmp_path: Path, benchmarks: Path) -> None:
    run(skill, seeds({}, 3), teacher(), tmp_path / "out", benchmarks=benchmarks)
    _, replayed = asyncio.run(replay(config_of(skill, benchmarks=benchmarks), tmp_path / "out"))
    assert replayed == 3
    held = [link.resolve() for link in Path("/proc/self/fd").iterdir()]
    assert benchmarks.resolve() not in held
    with pytest.raises(StoreError, match="the index of benchmarks"):
        asyncio.run(replay(config_of(skill), tmp_path / "out"))
