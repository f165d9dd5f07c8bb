"""What must hold for every skill that ships, whoever writes it."""

import re
from pathlib import Path

import pytest

from orca_agents.checks import CHECKS
from orca_agents.config import IDENTITY, SkillConfig
from orca_agents.library import Library, Skill, builtin_folder, short_name
from orca_agents.records import Seed
from orca_agents.templates import render

SKILLS = sorted(path.stem for path in (builtin_folder() / "skills").glob("*.yaml"))


@pytest.fixture(params=SKILLS)
def skill(request: pytest.FixtureRequest) -> Skill:
    return Library().skill(request.param, CHECKS)


def transformers(config: SkillConfig) -> list[str]:
    return [short_name(agent) for agent in config.transform.agents] if config.transform else [IDENTITY]


def test_every_leaf_says_what_it_asks_and_where_it_comes_from(skill: Skill) -> None:
    for leaf in skill.config.instruct.taxonomy:
        assert len(leaf.description) > 60, leaf.name
        assert leaf.pitfalls, leaf.name
        assert leaf.origin != "new" or leaf.after, leaf.name


def test_every_leaf_suits_two_transformers_and_every_transformer_several_leaves(skill: Skill) -> None:
    leaves = skill.config.instruct.taxonomy
    if skill.config.transform is None:
        pytest.skip("this skill has no transformers")
    for leaf in leaves:
        assert not leaf.passages or len(leaf.passages) >= 2, leaf.name
    for name in transformers(skill.config):
        assert sum(not leaf.passages or name in leaf.passages for leaf in leaves) >= 4, name


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
    }
    for stage in skill.config.stages.values():
        variables = {name: filled.get(name, f"<{name}>") for name in stage.variables}
        for name in stage.agents:
            if name != IDENTITY:
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
    assert there == used


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
