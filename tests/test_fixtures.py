"""Cases of skills: what a file of them may say, and that what does not go as it says is told."""

import asyncio
import re
from pathlib import Path

import pytest

from orca_agents import ConfigError
from orca_agents.cli.making import skill_files
from orca_agents.cli.testing import cases_command
from orca_agents.fixtures import GateRates, find_cases, play_cases, read_cases, uncovered
from orca_agents.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with a new skill, as `orca-agents new` writes it."""
    for path, text in skill_files("glossary", tmp_path).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def cases_of(library: Path) -> Path:
    return library / "tests" / "skills" / "glossary.yaml"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_cases_are_found_beside_the_skills_of_a_library(library: Path) -> None:
    assert find_cases("glossary", [library]) == [cases_of(library)]


def test_cases_may_be_several_files_in_a_folder_of_the_skills_name(library: Path) -> None:
    folder = cases_of(library).with_suffix("")
    folder.mkdir()
    for name in ("b.yaml", "a.yaml"):
        (folder / name).write_text(cases_of(library).read_text(encoding="utf-8"), encoding="utf-8")
    cases_of(library).unlink()
    assert [path.name for path in find_cases("glossary", [library])] == ["a.yaml", "b.yaml"]


def test_cases_of_a_skill_file_may_stand_beside_it(library: Path, tmp_path: Path) -> None:
    skill = tmp_path / "mine.yaml"
    skill.write_text((library / "skills" / "glossary.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    beside = tmp_path / "mine.cases.yaml"
    beside.write_text(cases_of(library).read_text(encoding="utf-8"), encoding="utf-8")
    assert find_cases(str(skill), [library]) == [beside]


def test_a_skill_without_cases_says_where_they_were_looked_for(library: Path) -> None:
    cases_of(library).unlink()
    with pytest.raises(ConfigError, match="no cases for skill 'glossary': write them to") as raised:
        find_cases("glossary", [library])
    assert f"Looked in: {library}, " in str(raised.value)


def test_a_case_takes_over_the_replies_of_the_one_that_it_is_like(library: Path) -> None:
    cases = {case.name: case for _, case in read_cases([cases_of(library)])}
    doubted = cases["a key that the readers do not confirm is no example"]
    first = cases["a term is asked for by what it does"]
    assert doubted.replies["solver"] == first.replies["solver"]
    assert doubted.replies["writer"] != first.replies["writer"]
    assert doubted.leaf == first.leaf
    assert (doubted.accepted, first.accepted) == (0, 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("like: a term is asked for", "like: a word is asked for", "no earlier case named"),
        ("leaf: term_meaning", "leef: term_meaning", "did you mean 'leaf'"),
        ("a key that the readers do not confirm is no example", "a term is asked for by what it does", "second case"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_place(library: Path, old: str, new: str, said: str) -> None:
    change(cases_of(library), old, new)
    with pytest.raises(ConfigError, match=said) as raised:
        read_cases([cases_of(library)])
    assert "glossary.yaml:" in str(raised.value)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("3", "writer: 3 is no reply"),
        ("[]", r"writer: \[\] is no reply"),
        ("[{question: x}, 3]", "writer: 3 is no reply"),
        ("[{when: x}]", "write {when: words of the prompt, reply: ...}"),
        ("[{when: 3, reply: x}]", "write {when: words of the prompt, reply: ...}"),
        ("{option: 3}", "`option: 3` must be the words"),
        ("{call: search, with: 3}", "write {call: TOOL, with: {argument: value}}"),
    ],
)
def test_a_reply_that_nobody_could_hand_in_is_told_with_its_place(tmp_path: Path, reply: str, said: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(f"cases:\n  - name: a\n    seed: {{text: x}}\n    leaf: a\n    replies: {{writer: {reply}}}\n")
    with pytest.raises(ConfigError, match=said.replace("{", r"\{")) as raised:
        read_cases([path])
    assert f"{path}:5:5: cases[0].replies: " in str(raised.value)


def test_a_case_cannot_be_of_another_skill_or_model(library: Path) -> None:
    change(cases_of(library), "accepted: 2", "accepted: 2\n    run: {model: gpt-5-mini}")
    with pytest.raises(ConfigError, match="`model` cannot be set here"):
        read_cases([cases_of(library)])


async def test_a_goal_that_the_skill_does_not_have_is_told(library: Path) -> None:
    change(cases_of(library), "goals: [harder]", "goals: [hardr]")
    played = await play_cases("glossary", read_cases([cases_of(library)]), [library])
    assert "no goal 'hardr'; did you mean 'harder'?" in played[0].problem


async def test_a_case_that_goes_otherwise_says_how(library: Path) -> None:
    change(cases_of(library), "accepted: 2", "accepted: 5")
    played = await play_cases("glossary", read_cases([cases_of(library)]), [library])
    assert played[0].problem.startswith("2 accepted, not 5")
    assert not played[1].problem


async def test_a_reply_that_is_missing_is_told_with_the_agent(library: Path) -> None:
    change(cases_of(library), "      responder:", "      resbonder:")
    played = await play_cases("glossary", read_cases([cases_of(library)]), [library])
    assert "has no reply of 'responder'" in played[0].problem


async def test_agents_and_goals_that_no_case_goes_through_are_told(library: Path) -> None:
    skill = Library(library).skill("glossary")
    cases = read_cases([cases_of(library)])
    assert uncovered(skill, await play_cases("glossary", cases, [library])) == []
    left = uncovered(skill, await play_cases("glossary", cases[1:2], [library]))
    assert left == ["agent editor", "agent suggester", "goal harder"]


async def test_labelled_cases_measure_the_gates_and_are_no_errors(library: Path) -> None:
    path = cases_of(library)
    path.write_text(
        path.read_text(encoding="utf-8").replace("accepted: 0\n    rejected: {agrees_with_solvers: 1}", "label: wrong")
        + "\n  - {name: again, like: a term is asked for by what it does, goals: [], label: right}"
        + "\n  - {name: not wrong at all, like: again, label: wrong}\n",
        encoding="utf-8",
    )
    rates = GateRates()
    for one in await play_cases("glossary", read_cases([path]), [library]):
        assert not one.problem
        rates.add(one)
    assert (rates.right, rates.rejected_right, rates.wrong, rates.accepted_wrong) == (1, 0, 2, 1)
    assert rates.stopped_by == {"agrees_with_solvers": 1}


@pytest.mark.parametrize("json_schema", [True, False])
def test_replies_are_handed_in_by_schema_or_in_tagged_blocks(library: Path, json_schema: bool) -> None:
    played = asyncio.run(play_cases("glossary", read_cases([cases_of(library)]), [library], json_schema=json_schema))
    assert [one.problem for one in played] == ["", "", ""]


def test_the_command_says_how_many_go_as_they_say(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cases_command(["glossary"], [library], [], verbose=False, show=False) == 0
    assert capsys.readouterr().out == "glossary: 3 of 3 cases go as they say\n"
    change(cases_of(library), "accepted: 2", "accepted: 5")
    assert cases_command(["glossary"], [library], [], verbose=False, show=False) == 1
    assert "FAILED  glossary.yaml: a term is asked for by what it does" in capsys.readouterr().out


def test_cases_that_all_fail_for_one_reason_are_told_of_once(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cases_of(library)
    path.write_text(re.sub(r"leaf: \w+", "leaf: nothing_of_ours", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert cases_command(["glossary"], [library], [], verbose=False, show=False) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("glossary: none of its 3 cases can be played: ")
    assert "nothing_of_ours" in line
