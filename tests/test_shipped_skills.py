"""What must hold for every skill that ships, whoever writes it."""

import re
from pathlib import Path

import pytest

from orca_agents.checks import NAMES
from orca_agents.cli.verifying import verified_by
from orca_agents.config import FORMAT_WRITER, IDENTITY, PROGRAMS, SkillConfig, short_name
from orca_agents.library import Library, Skill, builtin_folder
from orca_agents.records import Seed
from orca_agents.templates import render

SKILLS = sorted(path.stem for path in (builtin_folder() / "skills").glob("*.yaml"))


@pytest.fixture(params=SKILLS)
def skill(request: pytest.FixtureRequest) -> Skill:
    return Library().skill(request.param, NAMES)


def transformers(config: SkillConfig) -> list[str]:
    return [short_name(agent) for agent in config.transform.agents] if config.transform else [IDENTITY]


def test_every_leaf_says_what_it_asks_and_where_it_comes_from(skill: Skill) -> None:
    for leaf in skill.config.instruct.taxonomy:
        assert len(leaf.description) > 60, leaf.name
        assert leaf.pitfalls, leaf.name


def test_every_transformer_has_a_leaf(skill: Skill) -> None:
    leaves = skill.config.instruct.taxonomy
    for name in transformers(skill.config):
        assert any(not leaf.passages or name in leaf.passages for leaf in leaves), name


def test_leaves_of_reading_comprehension_suit_two_transformers_and_these_several_leaves() -> None:
    config = Library().skill("reading_comprehension").config
    leaves = config.instruct.taxonomy
    for leaf in leaves:
        assert not leaf.passages or len(leaf.passages) >= 2, leaf.name
        assert leaf.origin != "new" or leaf.after, leaf.name
    for name in transformers(config):
        assert sum(not leaf.passages or name in leaf.passages for leaf in leaves) >= 4, name


def test_every_leaf_is_checked_by_more_than_a_models_word(skill: Skill) -> None:
    for leaf in skill.config.instruct.taxonomy:
        proofs = [one for one in verified_by(skill.config, leaf) if one.startswith(("proof", "programs", "each turn"))]
        assert proofs, leaf.name


def test_every_writer_has_a_leaf_to_write(skill: Skill) -> None:
    used = {leaf.agent or skill.config.instruct.agents[0] for leaf in skill.config.instruct.taxonomy}
    assert used == set(skill.config.instruct.agents)


def test_every_prompt_can_be_filled_in(skill: Skill) -> None:
    leaf = skill.config.instruct.taxonomy[0]
    goal = skill.config.refine.goals[0] if skill.config.refine else None
    filled = {
        "seed": Seed(text="SEED {{ text }}", title="A title"),
        "passage": "THE PASSAGE",
        "leaf": leaf,
        "goal": goal,
        "rubric": ("point",),
        "number": 1,
        "suggestions": 3,
        "example": "AN EXAMPLE",
    }
    for stage in skill.config.stages.values():
        variables = {name: filled.get(name, f"<{name}>") for name in (*stage.variables, "example")}
        for name in stage.agents:
            if name not in PROGRAMS:
                agent = skill.agents[name]
                assert len(render(agent.system_message, variables).split()) > 30, name
                assert render(agent.task, variables), name


def test_the_system_message_is_the_same_for_all_seeds_so_that_prefix_caches_hit(skill: Skill) -> None:
    for name, agent in skill.agents.items():
        assert "{{" not in agent.system_message, name
        assert "{%" not in agent.system_message, name


def test_what_calls_share_stands_before_what_differs_so_that_prefix_caches_hit(skill: Skill) -> None:
    """A passage goes to many agents and questions: what is asked about it comes after it."""
    shared = {"seed", "passage", "title"}
    for name, agent in skill.agents.items():
        used = re.findall(r"{{\s*(\w+)", agent.task)
        first_own = next((at for at, variable in enumerate(used) if variable not in shared), len(used))
        assert not shared & set(used[first_own:]), (name, used)
        if shared & set(used):
            assert agent.task.index("{{") < 200, name  # little but the passage itself before the passage


def test_no_agent_file_is_left_over() -> None:
    used = {name for skill in SKILLS for name in Library().skill(skill).agents}
    root = builtin_folder() / "agents"
    there = {path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml")}
    assert there == {*used, FORMAT_WRITER}


def test_there_are_seventeen_skills_with_the_published_parts() -> None:
    assert len(SKILLS) == 17
    published = {
        skill: [leaf.origin for leaf in Library().skill(skill).config.instruct.taxonomy].count("agentinstruct")
        for skill in SKILLS
    }
    assert {skill: number for skill, number in published.items() if number} == {
        "reading_comprehension": 14,
        "text_modification": 18,
        "tool_use": 7,
    }
    assert len(Library().skill("text_modification").config.instruct.taxonomy) == 18
    assert len(Library().skill("tool_use").config.instruct.taxonomy) == 7


def test_reading_comprehension_has_the_published_parts() -> None:
    config = Library().skill("reading_comprehension").config
    origins = [leaf.origin for leaf in config.instruct.taxonomy]
    assert (len(origins), origins.count("agentinstruct"), origins.count("agentinstruct-secondhand")) == (43, 14, 1)
    assert len(transformers(config)) == 12
    assert config.refine is not None
    assert [goal.name for goal in config.refine.goals] == ["unanswerable", "alter_answer", "complicate"]


def test_the_library_is_found_live_in_a_checkout() -> None:
    assert (builtin_folder() / "skills").is_dir()
    assert Path(__file__).parents[1] == builtin_folder() or builtin_folder().name == "builtin"
