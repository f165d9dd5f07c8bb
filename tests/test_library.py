import os
from pathlib import Path

import pytest

from orca_agents.checks import CHECKS
from orca_agents.errors import ConfigError, NotFoundError
from orca_agents.library import Library

AGENT = "description: d\nsystem_message: You are {name}.\ntask: '{{{{ {variable} }}}}'\n"
SKILL = """\
description: Titles for texts.
agents:
  writer: {description: d, system_message: You ask., task: "{{ passage }}"}
  solver: {description: d, system_message: You answer., task: "{{ passage }} {{ question }}"}
instruct:
  agents: [writer]
  taxonomy:
    - {name: title, description: asks for a title, answer: span}
respond:
  agents: [solver]
  frames: {any: ["{{ passage }} {{ question }}"]}
verify:
  agents: [solver]
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_skill_may_stand_in_one_file(tmp_path: Path) -> None:
    path = write(tmp_path, "skills/titles.yaml", SKILL)
    skill = Library.for_skill(str(path)).skill(str(path), CHECKS)
    assert skill.name == "titles"
    assert set(skill.agents) == {"writer", "solver"}


def test_own_files_come_before_ours_and_the_environment_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "reading_comprehension/solver"
    write(tmp_path / "one", f"agents/{name}.yaml", AGENT.format(name="one", variable="passage"))
    write(tmp_path / "two", f"agents/{name}.yaml", AGENT.format(name="two", variable="passage"))
    assert "You are" not in Library().agent(name).system_message[:7] or Library().agent(name).description != "d"
    monkeypatch.setenv("ORCA_LIBRARY", os.pathsep.join([str(tmp_path / "two")]))
    assert Library().agent(name).system_message == "You are two."
    assert Library(tmp_path / "one").agent(name).system_message == "You are one."


def test_the_working_directory_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "tools/evil.py", "raise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    assert "evil" not in Library().names("tool")


def test_an_unknown_skill_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(
        NotFoundError, match=r"no skill named 'reading_comprehensio'; did you mean 'reading_comprehension'"
    ):
        Library(tmp_path).skill("reading_comprehensio")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "agents: [writer]",
            "agents: [writter]",
            "6:12: instruct.agents[0]: no agent named 'writter'; did you mean 'writer'?",
        ),
        ('{{ passage }}"}', '{{ pasage }}"}', "agents.writer.task: unknown variable 'pasage'; did you mean 'passage'?"),
        ("answer: span}", "answer: span, agent: nobody}", "agent: no agent of this stage named 'nobody'"),
        ("answer: span}", "answer: span, passages: [poem]}", "no transformer of this skill named 'poem'"),
        (
            "answer: span}",
            "answer: span, checks: [well_fromed]}",
            "no check named 'well_fromed'; did you mean 'well_formed'?",
        ),
        ("answer: span}", "answer: span, goals: [harder]}", "no goal of this skill named 'harder'"),
        ("answer: span}", "answer: essay}", "verify.agents: essays (title) need a second agent"),
        ("frames: {any:", "frames: {en:", "respond.frames: needs an entry `any`"),
        ('{{ question }}"]}', '{{ quesion }}"]}', "respond.frames.any[0]: unknown variable 'quesion'"),
        ("verify:\n", "verify:\n  agree: 4\n", "verify.agree: there are only 3 votes"),
    ],
)
def test_what_a_skill_file_says_wrong_is_found_before_any_call(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in SKILL
    path = write(tmp_path, "skills/titles.yaml", SKILL.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        Library.for_skill(str(path)).skill(str(path), CHECKS)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_problem_in_an_agent_file_points_into_that_file(tmp_path: Path) -> None:
    agent = write(tmp_path, "agents/writer.yaml", AGENT.format(name="w", variable="nothing"))
    text = SKILL.replace('  writer: {description: d, system_message: You ask., task: "{{ passage }}"}\n', "")
    path = write(tmp_path, "skills/titles.yaml", text)
    with pytest.raises(ConfigError, match=rf"{agent}:3:1: task: unknown variable 'nothing'"):
        Library.for_skill(str(path)).skill(str(path))


def test_a_tool_is_a_documented_function_named_like_its_file(tmp_path: Path) -> None:
    write(tmp_path, "tools/double.py", 'def double(x: int) -> int:\n    """Twice x."""\n    return 2 * x\n')
    write(tmp_path, "tools/silent.py", "def silent(x: int) -> int:\n    return x\n")
    write(tmp_path, "tools/broken.py", "import nothing_of_that_name\n")
    write(tmp_path, "tools/other.py", "x = 1\n")
    library = Library(tmp_path)
    assert library.tool("double")(2) == 4
    for name, message in [
        ("silent", "docstring"),
        ("broken", "ModuleNotFoundError"),
        ("other", "a function named 'other'"),
    ]:
        with pytest.raises(ConfigError, match=message):
            library.tool(name)


def test_a_digest_changes_with_any_word_of_any_prompt(tmp_path: Path) -> None:
    path = write(tmp_path, "skills/titles.yaml", SKILL)
    before = Library.for_skill(str(path)).skill(str(path)).digest()
    assert Library.for_skill(str(path)).skill(str(path)).digest() == before
    write(tmp_path, "skills/titles.yaml", SKILL.replace("You ask.", "You ask!"))
    assert Library.for_skill(str(path)).skill(str(path)).digest() != before
