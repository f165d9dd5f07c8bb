"""Runs of several skills: each seed is routed, all outcomes stand in one folder, and everything is accounted for."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from orca_agents import ConfigError, Seed, run_skill
from orca_agents.library import Library
from orca_agents.models.api import Request
from orca_agents.testing import ScriptedModel
from tests import mills

NAMES = "grain,stone"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two skills about mills: one for text, one for text and code, with other leaves and other agents."""
    folder = tmp_path / "library"
    (folder / "skills").mkdir(parents=True)
    (folder / "skills" / "grain.yaml").write_text(mills.SKILL, encoding="utf-8")
    stone = mills.SKILL.replace("You are the", "You are the other")
    stone = stone.replace("{name: cause,", "{name: reason,").replace("instruct:", "seeds: [text, code]\ninstruct:")
    (folder / "skills" / "stone.yaml").write_text(stone, encoding="utf-8")
    return folder


def teacher() -> ScriptedModel:
    return ScriptedModel({"": reply})


def reply(request: Request) -> dict[str, Any]:
    prompt = "\n".join(message["content"] for message in request.messages)
    fields = list((request.schema or {})["properties"])
    if "suggestions" in fields:
        return {"suitable": "no", "why_not": "it is hard enough", "suggestions": ["none"]}
    builder = "Kind: builder" in prompt or "Who built the mill" in prompt
    place = prompt.partition("mill at ")[2].partition(" ")[0]
    number = next(n for n in range(mills.MOST_SEEDS) if mills.place(n) == place)
    passage = mills.passage(number)
    carpenter = passage.partition(" by ")[2].partition(",")[0]
    cause = passage.partition("until ")[2].partition(" broke")[0]
    answer = carpenter if builder else cause
    if "question" in fields:
        asked = f"Who built the mill at {place}?" if builder else f"What broke the wheel of the mill at {place}?"
        return {"suitable": "yes", "why_not": "", "question": asked, "answer": answer}
    quote = passage.partition(". ")[0] if builder else passage.partition(". ")[2].partition(". ")[0]
    told = {
        "reasoning": f"The passage tells it of the mill at {place}, in so many words: {quote}.",
        "evidence": [quote],
        "answerable": "yes",
        "answer": answer,
    }
    return {name: told[name] for name in fields}


def seeds(count: int) -> list[Seed]:
    return [Seed(text=mills.passage(number), language="en") for number in range(count)]


def test_each_skill_works_on_each_seed_that_it_suits(library: Path) -> None:
    sources = [*seeds(3), Seed(text=mills.passage(9), kind="code", language="en")]
    run = run_skill(NAMES, sources, model=teacher(), library=library)
    assert run.funnel.by_skill["grain"]["accepted"] == 6
    assert run.funnel.by_skill["stone"]["accepted"] == 8
    assert {(example.skill, example.leaf) for example in run} == {
        *(("grain", leaf) for leaf in ("cause", "builder")),
        *(("stone", leaf) for leaf in ("reason", "builder")),
    }
    assert run.funnel.by_leaf["grain/builder"]["accepted"] == 3
    assert run.funnel.by_leaf["stone/builder"]["accepted"] == 4
    assert set(run.costs.leaves) >= {"grain/builder", "stone/builder"}


def test_a_seed_that_suits_no_skill_is_a_skip_with_the_reasons(library: Path) -> None:
    one = run_skill(NAMES, [Seed(text="too short", language="en")], model=teacher(), library=library)
    assert not one.examples
    assert len(one.skips) == 1
    assert "suits no skill of this run" in one.skips[0].reason


def test_with_one_skill_a_seed_the_shares_are_kept(library: Path) -> None:
    run = run_skill(NAMES, seeds(9), model=teacher(), library=library, per_seed=1, mix={"grain": 2, "stone": 1})
    assert run.funnel.by_skill["grain"]["accepted"] == 12
    assert run.funnel.by_skill["stone"]["accepted"] == 6


def test_a_second_run_buys_nothing_and_says_the_same(library: Path, tmp_path: Path) -> None:
    first_teacher, second_teacher = teacher(), teacher()
    first = run_skill(NAMES, seeds(4), model=first_teacher, library=library, out=tmp_path / "run")
    before = (tmp_path / "run" / "examples.jsonl").read_bytes()
    second = run_skill(NAMES, seeds(4), model=second_teacher, library=library, out=tmp_path / "run")
    assert first_teacher.requests
    assert not second_teacher.requests
    assert (tmp_path / "run" / "examples.jsonl").read_bytes() == before
    assert first.funnel == second.funnel
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["funnel"]["by_skill"]["stone"]["accepted"] == 8


def test_exactly_as_many_as_asked_for_are_kept_over_all_skills(library: Path) -> None:
    run = run_skill(NAMES, seeds(20), model=teacher(), library=library, accept=13, choose=1)
    assert len(run.examples) == 13
    by_leaf = dict.fromkeys(("grain/cause", "grain/builder", "stone/reason", "stone/builder"), 0)
    for example in run.examples:
        by_leaf[f"{example.skill}/{example.leaf}"] += 1
    assert min(by_leaf.values()) >= 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"leaves": ["cause"]}, "takes no `leaves`"),
        ({"quotas": {"cause": 2}}, "takes no `quotas`"),
        ({"mix": {"flour": 1.0}}, "'flour' is no skill of this run"),
    ],
)
def test_what_does_not_go_with_several_skills_is_refused(library: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        run_skill(NAMES, seeds(1), model=teacher(), library=library, **options)


def test_a_mix_for_a_single_skill_is_refused(library: Path) -> None:
    with pytest.raises(ConfigError, match="for runs of several skills"):
        run_skill("grain", seeds(1), model=teacher(), library=library, mix="released")


def test_explain_tells_where_each_chunk_goes_and_makes_no_call(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from orca_agents.cli.explaining import show_routes
    from orca_agents.run_setup import make_config

    mills.write_inputs(tmp_path, 3)
    (tmp_path / "gear.py").write_text("def teeth(ratio: int) -> int:\n    return ratio * 12\n" * 6, encoding="utf-8")
    config = make_config(
        skill=NAMES, seeds=("x",), model={"model": "none"}, library=(str(library),), per_seed=1, mix="even"
    )
    show_routes(config, [tmp_path / "mills.jsonl", tmp_path / "gear.py"])
    shown = capsys.readouterr().out
    assert "gear.py [0:" in shown
    assert "code -> stone" in shown
    assert "takes no code: grain" in shown
    assert "suits too, but has more of its share" in shown
    assert "4 chunks, 0 of them for no skill" in shown


def test_explain_leaves_out_skills_that_have_no_part_in_the_mix(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from orca_agents.cli.explaining import show_routes
    from orca_agents.run_setup import make_config

    mills.write_inputs(tmp_path, 3)
    config = make_config(
        skill=NAMES, seeds=("x",), model={"model": "none"}, library=(str(library),), mix={"stone": 2.0}
    )
    show_routes(config, [tmp_path / "mills.jsonl"])
    shown = capsys.readouterr().out
    assert "no part in the mix: grain" in shown
    assert "has more of its share" not in shown
    assert re.search(r"^stone +3 +3 100% 100%$", shown, re.MULTILINE)
    assert not re.search(r"^grain ", shown, re.MULTILINE)


def test_every_shipped_skill_can_be_run_together(capsys: pytest.CaptureFixture[str]) -> None:
    from orca_agents.run_setup import make_config, read_skills

    skills = read_skills(make_config(skill="all", seeds=("x",), model={"model": "none"}))
    assert [skill.name for skill in skills] == Library().names("skill")


async def test_a_run_of_several_skills_is_replayed_from_its_record(library: Path, tmp_path: Path) -> None:
    from orca_agents import run_skill_async
    from orca_agents.execution import replay
    from orca_agents.run_config import RunConfig
    from orca_agents.yaml_file import YamlFile

    folder = tmp_path / "run"
    await run_skill_async(NAMES, seeds(3), model=teacher(), library=library, out=folder, per_seed=1)
    before = {path.name: path.read_bytes() for path in folder.glob("*.jsonl")}
    assert before["examples.jsonl"]
    for path in folder.glob("*.jsonl"):
        path.unlink()
    end, count = await replay(YamlFile(folder / "run.yaml").read(RunConfig), folder)
    assert (end.why, count) == ("all", 3)
    assert {path.name: path.read_bytes() for path in folder.glob("*.jsonl")} == before


def test_a_transformer_is_paid_by_the_leaves_of_its_own_skill(library: Path) -> None:
    path = library / "skills" / "stone.yaml"
    agent = (
        "agents:\n  painter:\n    description: Paints it anew.\n    system_message: You are the painter.\n"
        '    task: "{{ seed.text }}"\n'
    )
    text = path.read_text().replace("agents:\n", agent, 1)
    text = text.replace("instruct:\n", "transform:\n  agents: [painter]\n  harvest: passage\ninstruct:\n", 1)
    path.write_text(text, encoding="utf-8")

    def paint(request: Request) -> dict[str, Any]:
        passage = request.messages[-1]["content"].partition("The mill")
        return {"suitable": "yes", "why_not": "", "passage": "".join(passage[1:]).partition("\n\n")[0]}

    model = ScriptedModel({"You are the painter.": paint, "": reply})
    run = run_skill(NAMES, seeds(3), model=model, library=library, goals=0)
    assert run.costs.stages["transform"].replies == 3
    calls = {leaf: cost.replies for leaf, cost in run.costs.leaves.items()}
    assert sum(n for leaf, n in calls.items() if leaf.startswith("grain/")) == 2 * 3 * 4
    assert sum(n for leaf, n in calls.items() if leaf.startswith("stone/")) == 2 * 3 * 4 + 3
