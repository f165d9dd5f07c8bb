import os
from pathlib import Path

import pytest

from orca_agents.checks import NAMES
from orca_agents.errors import ConfigError, NotFoundError
from orca_agents.library import Library
from orca_agents.templates import sample_values
from orca_agents.toolbox import ToolContext
from orca_agents.toolbox.services import Toolbox

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
    skill = Library.for_skill(str(path)).skill(str(path), NAMES)
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
        ("answer: span}", "answer: span, cues: ['(']}", "cues: '(' is no regular expression"),
        (
            '{{ passage }} {{ question }}"]}',
            "{{ " + "1" * 5000 + ' }}"]}',
            "frames.any[0]: the template cannot be read",
        ),
        ('{{ passage }} {{ question }}"]}', '{{ question }}"]}', "frames.any[0]: the student never sees the passage"),
        ("verify:\n", "verify:\n  agree: 4\n", "verify.agree: there are only 3 votes"),
        (
            "instruct:\n",
            "instruct:\n  chars: [500, 8]\n",
            "instruct.chars: no text has at least 500 and at most 8 characters",
        ),
    ],
)
def test_what_a_skill_file_says_wrong_is_found_before_any_call(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in SKILL
    path = write(tmp_path, "skills/titles.yaml", SKILL.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        Library.for_skill(str(path)).skill(str(path), NAMES)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


FULL = """\
description: Titles for texts.
words: [20, 500]
agents:
  poem: {description: d, system_message: You rhyme., task: "{{ seed.text }} {{ seed.metadata.author }}"}
  writer: {description: d, system_message: You ask., task: "{{ passage }} {{ leaf.description }}"}
  proposer: {description: d, system_message: You propose., task: "{{ goal.name }} {{ suggestions + 1 }}"}
  editor: {description: d, system_message: You edit., task: "{{ suggestion[0] }} {{ 6 // number }}"}
  solver: {description: d, system_message: You answer., task: "{{ passage }} {{ question }}"}
  grader: {description: d, system_message: You grade., task: "{{ passage[0] }} {{ rubric[0] }} {{ response[0] }}"}
transform:
  agents: [poem, identity]
instruct:
  agents: [writer]
  taxonomy:
    - {name: title, description: asks for a title, answer: span}
    - {name: judgement, description: asks for an essay, answer: essay, goals: [harder]}
refine:
  agents: [proposer, editor]
  propose: 3
  goals:
    - {name: harder, description: harder, edits: question}
    - {name: other, description: another answer, edits: passage}
respond:
  agents: [solver]
  frames: {any: ["{{ passage }} {{ question }}"]}
verify:
  agents: [solver, grader]
"""


def test_a_full_skill_is_sound(tmp_path: Path) -> None:
    path = write(tmp_path, "skills/titles.yaml", FULL)
    assert len(Library.for_skill(str(path)).skill(str(path), NAMES).agents) == 6


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "agents: [poem, identity]",
            "agents: [poem, x/poem]",
            "11:18: transform.agents[1]: 'poem' and 'x/poem' are both",
        ),
        (
            "agents: [proposer, editor]",
            "agents: [editor, editor]",
            "18:20: refine.agents[1]: 'editor' and 'editor' are",
        ),
        ("agents: [solver, g", "agents: [fact-writer, g", "verify.agents[0]: an agent cannot be called 'fact-writer'"),
        (
            "agents: [writer]",
            "agents: [x/moderator]",
            "13:12: instruct.agents[0]: an agent cannot be called 'moderator'",
        ),
        ("agents: [writer]", "agents: [user]", "13:12: instruct.agents[0]: an agent cannot be called 'user'"),
        ("agents: [writer]", "agents: [identity]", "an agent cannot be called 'identity'"),
        ("name: other", "name: harder", "22:8: refine.goals[1].name: a second goal named 'harder'"),
        ("name: other", "name: respond", "22:8: refine.goals[1].name: a goal cannot be called 'respond'"),
        ("name: other", "name: verify", "22:8: refine.goals[1].name: a goal cannot be called 'verify'"),
        ("name: other", "name: passage", "22:8: refine.goals[1].name: a goal cannot be called 'passage'"),
        ("name: other", "name: an/other", "22:8: refine.goals[1].name: String should match pattern"),
        ("name: title", "name: Title", "15:8: instruct.taxonomy[0].name: String should match pattern"),
        ("name: title", "name: judgement", "16:8: instruct.taxonomy[1].name: a second leaf named 'judgement'"),
        ("propose: 3", "suggestions: 5", "19:3: refine.suggestions: only 3 suggestions are made"),
        ("words: [20, 500]", "words: [500, 20]", "2:1: words: no seed has at least 500 and at most 20 words"),
        (", goals: [harder]", "", "instruct.taxonomy[1].goals: an essay has no single answer"),
        ("goals: [harder]", "goals: [other]", "16:72: instruct.taxonomy[1].goals: an essay has no single answer"),
        ("You rhyme.", '"{{ language.nope }}"', "4:26: agents.poem.system_message: a template cannot be filled in"),
        ("{{ seed.text }}", "{{ seed.title.upper() }}", "agents.poem.task: a template cannot be filled in"),
        (
            '{{ leaf.description }}"',
            '{{ passage + 1 }}"',
            "agents.writer.task: a template cannot be filled in: TypeError",
        ),
        ("{{ leaf.description }}", "{{ leaf.nope }}", "(tried with leaf 'title')"),
        ("{{ goal.name }}", "{{ goal.edits + 1 }}", "(tried with goal 'harder')"),
        ("You edit.", '"{{ suggestion[0] }}"', "agents.editor.system_message: a template cannot be filled in"),
        ('{{ passage }} {{ question }}"}', '{{ passage[0] }}"}', "agents.solver.task: a template cannot be filled in"),
        ("{{ rubric[0] }}", "{{ rubric + 1 }}", "agents.grader.task: a template cannot be filled in: TypeError"),
        ('{{ question }}"]', '{{ question.nope }}"]', "respond.frames.any[0]: a template cannot be filled in"),
    ],
)
def test_what_would_break_a_chat_is_found_before_any_call(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in FULL
    path = write(tmp_path, "skills/titles.yaml", FULL.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        Library.for_skill(str(path)).skill(str(path), NAMES)
    assert message in str(caught.value)
    assert f"{path}:" in str(caught.value)


def test_every_variable_of_every_stage_has_sample_values() -> None:
    config = Library().skill("reading_comprehension").config
    for name, stage in config.stages.items():
        for number in range(len(stage.agents)):
            for part in ("system_message", "task"):
                samples = sample_values(config, name, number, part)
                assert list(samples) == list(stage.variables)
                assert all(samples.values()), (name, number)


def test_a_problem_in_an_agent_file_points_into_that_file(tmp_path: Path) -> None:
    agent = write(tmp_path, "agents/writer.yaml", AGENT.format(name="w", variable="nothing"))
    text = SKILL.replace('  writer: {description: d, system_message: You ask., task: "{{ passage }}"}\n', "")
    path = write(tmp_path, "skills/titles.yaml", text)
    with pytest.raises(ConfigError, match=rf"{agent}:3:1: task: unknown variable 'nothing'"):
        Library.for_skill(str(path)).skill(str(path))


def test_files_that_stand_in_a_library_for_another_reason_are_no_part_of_it(tmp_path: Path) -> None:
    write(tmp_path, "skills/titles.yaml", SKILL)
    write(tmp_path, "skills/titles.cases.yaml", "cases: []\n")
    write(tmp_path, "agents/.ipynb_checkpoints/writer-checkpoint.yaml", "description: x\n")
    write(tmp_path, "tools/__init__.py", "")
    library = Library(tmp_path)
    own = [path for kind in ("skill", "agent", "tool") for path in library.places(kind).values()]
    assert [path for path in own if path.is_relative_to(tmp_path)] == [tmp_path / "skills" / "titles.yaml"]


def test_a_file_with_another_ending_is_no_skill(tmp_path: Path) -> None:
    path = write(tmp_path, "titles.yml", SKILL)
    with pytest.raises(ConfigError, match=r"titles.yml is no skill: the file of a skill ends in .yaml"):
        Library.for_skill(str(path)).skill(str(path))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('task: "{{ pasage }}"', "3:1: task: unknown variable 'pasage'; did you mean 'passage'?"),
        ('task: "{% if passage %}"', "3:1: task: line 1 of the template: Unexpected end of template"),
        ('task: " "', "3:1: task: must not be empty"),
        ('task: "{{ example }}"', "3:1: task: unknown variable 'example'"),
        ("task: x\ntools: [calculater]", "4:9: tools[0]: no tool named 'calculater'; did you mean 'calculator'?"),
    ],
)
def test_an_agent_that_no_skill_names_is_checked_too(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path, "agents/lonely.yaml", f"description: x\nsystem_message: x\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        Library(tmp_path).check_agent("lonely")
    assert f"{path}:{message}" in str(caught.value)


def test_every_variable_of_some_stage_is_one_that_a_lone_agent_may_use(tmp_path: Path) -> None:
    task = "{{ seed }} {{ transformer }} {{ suggestion }} {{ brief }} {{ rubric }} {{ example }}"
    write(tmp_path, "agents/lonely.yaml", f'description: x\nsystem_message: x\ntask: "{task}"\nexamples: [a, b]\n')
    Library(tmp_path).check_agent("lonely")


def test_a_tool_is_a_documented_function_named_like_its_file(tmp_path: Path) -> None:
    write(tmp_path, "tools/double.py", 'def double(x: int) -> int:\n    """Twice x."""\n    return 2 * x\n')
    write(tmp_path, "tools/silent.py", "def silent(x: int) -> int:\n    return x\n")
    write(tmp_path, "tools/broken.py", "import nothing_of_that_name\n")
    write(tmp_path, "tools/other.py", "x = 1\n")
    write(tmp_path, "tools/quits.py", "raise SystemExit(0)\n")
    library = Library(tmp_path)
    assert library.tool("double").call({"x": 2}, ToolContext("chat", Toolbox({}))) == 4
    for name, message in [
        ("silent", "docstring"),
        ("broken", "ModuleNotFoundError"),
        ("quits", "SystemExit"),
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


def test_tools_are_told_apart_by_the_names_that_models_are_told(tmp_path: Path) -> None:
    double = 'def double(x: int) -> int:\n    """Twice x."""\n    return 2 * x\n'
    for place in ("double", "a/double", "b/double"):
        write(tmp_path, f"tools/{place}.py", double)
    asks = "{description: d, system_message: You ask."

    def read(names: str) -> list[str]:
        path = write(tmp_path, "skills/titles.yaml", SKILL.replace(asks, f"{asks}, tools: [{names}]"))
        return list(Library.for_skill(str(path)).skill(str(path)).tools)

    assert read("double, mcp:one/double, mcp:two/double") == ["double"]
    for names, called in [("a/double, b/double", "double"), ("mcp:one/a.b, mcp:one/a_b", "one_a_b")]:
        with pytest.raises(ConfigError, match=f"a second tool called '{called}'"):
            read(names)


def test_an_agent_that_must_call_needs_something_to_call(tmp_path: Path) -> None:
    asks = "{description: d, system_message: You ask."
    path = write(tmp_path, "skills/titles.yaml", SKILL.replace(asks, f"{asks}, must_call: true"))
    with pytest.raises(ConfigError, match=r"titles.yaml:3:\d+: agents.writer.must_call: there is no tool to call"):
        Library.for_skill(str(path)).skill(str(path))


def test_a_tool_file_that_is_edited_at_once_is_read_as_it_is_now(tmp_path: Path) -> None:
    context = ToolContext("chat", Toolbox({}))
    for times in (2, 3, 4):  # as long as before and as old, to the second: cached bytecode would not notice
        text = f'def multiply(x: int) -> int:\n    """Multiply."""\n    return {times} * x\n'
        os.utime(write(tmp_path, "tools/multiply.py", text), (1e9, 1e9))
        assert Library(tmp_path).tool("multiply").call({"x": 10}, context) == 10 * times
