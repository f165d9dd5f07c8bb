"""`orca-agents new skill NAME`: what it writes passes the checks, runs, and is never written over anything."""

from pathlib import Path

import pytest

from orca_agents import ConfigError, run_skill
from orca_agents.checks import NAMES
from orca_agents.cli.checking import check_files
from orca_agents.cli.listing import list_agents, list_skills
from orca_agents.cli.making import new_command
from orca_agents.cli.verifying import list_leaves
from orca_agents.library import Library
from orca_agents.worked_example import sample_documents


def test_what_is_written_passes_the_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_command("skill", "glossary", tmp_path)
    written = capsys.readouterr().out
    assert str(tmp_path / "skills" / "glossary.yaml") in written
    assert check_files([tmp_path], [tmp_path]) == 0
    assert "checked 1 skill, 6 agents, 1 file of cases: no problems" in capsys.readouterr().out
    skill = Library(tmp_path).skill("glossary", NAMES)
    assert len(skill.agents) == 6


def test_it_is_commented_on_every_stage(tmp_path: Path) -> None:
    new_command("skill", "glossary", tmp_path)
    text = (tmp_path / "skills" / "glossary.yaml").read_text(encoding="utf-8")
    assert text.count("#") > 15
    assert "__NAME__" not in "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.yaml"))


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    new_command("skill", "glossary", tmp_path)
    mine = tmp_path / "agents" / "glossary" / "writer.yaml"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already"):
        new_command("skill", "glossary", tmp_path)
    assert mine.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["Glossary", "my-skill", "../out", "1st", ""])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is no name for a skill"):
        new_command("skill", name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_only_skills_are_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="what can be made is skill, not 'agent': `orca-agents new skill glossary`"):
        new_command("agent", "glossary", tmp_path)


@pytest.mark.timeout(300)
def test_it_runs_with_the_embedded_model(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp", reason="the embedded model is not installed")
    new_command("skill", "glossary", tmp_path)
    run = run_skill(
        "glossary", sample_documents()[0], model="local", library=tmp_path, choose=1, goals=0, limit=1,
        transformers=["identity"], chunk_words=200,
    )  # fmt: skip
    assert run.funnel.made == 1
    assert run.usage.calls >= 1


def test_the_leaves_are_listed_with_how_they_are_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_command("skill", "glossary", tmp_path)
    capsys.readouterr()
    list_leaves(["glossary"], [tmp_path])
    shown = capsys.readouterr().out
    assert "every item of glossary passes these programs:\n    well_formed, is_a_question" in shown
    assert "glossary/term_meaning  (span; new)\n" in shown
    assert "programs of its own: key_supported; 2 of 3 independent answers" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.endswith("2 leaves: 2 new\n")


def test_what_is_broken_keeps_nobody_from_the_rest_of_a_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new_command("skill", "glossary", tmp_path)
    (tmp_path / "skills" / "broken.yaml").write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "agents" / "broken.yaml").write_text("a: 1\n", encoding="utf-8")
    capsys.readouterr()
    for kind in ("skills", "agents"):
        if kind == "skills":
            list_skills([tmp_path])
        else:
            list_agents(["broken", "glossary"], [tmp_path])
        shown = " ".join(capsys.readouterr().out.split())
        assert "cannot be used: " in shown
        assert "description: this key is required" in shown
        assert "glossary" in shown


def test_an_agent_in_a_folder_is_checked_with_the_tools_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("agents/deep", "tools"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tools" / "tides.py").write_text('def tides(x: str) -> str:\n    """Tides."""\n    return x\n')
    agent = tmp_path / "agents" / "deep" / "lonely.yaml"
    agent.write_text("description: x\nsystem_message: x\ntask: x\ntools: [tides]\n")
    assert check_files([tmp_path], []) == 0
    agent.write_text("description: x\nsystem_message: x\ntask: x\ntools: [tide]\n")
    assert check_files([tmp_path], []) == 2
    assert "no tool named 'tide'; did you mean 'tides'?" in capsys.readouterr().err


def test_cases_beside_a_skill_are_checked_as_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_command("skill", "glossary", tmp_path)
    (tmp_path / "tests" / "skills" / "glossary.yaml").rename(tmp_path / "skills" / "glossary.cases.yaml")
    assert check_files([tmp_path / "skills"], []) == 0
    assert "checked 1 skill, 1 file of cases: no problems" in capsys.readouterr().out


def test_what_stands_in_a_folder_for_another_reason_is_not_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new_command("skill", "glossary", tmp_path)
    for name in (".github/workflows/ci.yaml", ".venv/some.yaml", "tools/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    assert check_files([tmp_path], []) == 0
    assert "checked 1 skill, 6 agents, 1 file of cases: no problems" in capsys.readouterr().out
