"""The README stays true: what it shows is checked, parsed, run, or compared with what is there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from orca_agents import Library, run_skill
from orca_agents.checks import NAMES
from orca_agents.cli.app import app
from orca_agents.run_config import RunConfig
from orca_agents.testing import ScriptedModel
from orca_agents.yaml_file import YamlFile

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEXT = """\
The old lighthouse at Cape Morrow had burned oil for ninety years. In 1931 the harbour board replaced the lamp with an
electric one, and the keeper, Ines Barra, lost half of her work in a single night. She did not complain. She used the
time to write down every ship that passed, and her notebooks are now the best record of the coast's trade between the
wars. Historians visit the cape each summer to read them, and the board has promised to keep them dry.
"""


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def block_named(name: str) -> str:
    """The YAML block whose first line is a comment with this file name."""
    [found] = [block for block in blocks("yaml") if block.startswith(f"# {name}")]
    return found


def rows() -> list[list[str]]:
    """The cells of every table row."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in README.splitlines() if line.startswith("| ")]


@pytest.fixture
def titles(tmp_path: Path) -> Path:
    path = tmp_path / "titles.yaml"
    path.write_text(block_named("titles.yaml"), encoding="utf-8")
    return path


def test_the_skill_in_the_readme_is_sound(titles: Path) -> None:
    skill = Library.for_skill(str(titles)).skill(str(titles), NAMES)
    assert [leaf.name for leaf in skill.config.instruct.taxonomy] == ["best_title"]


def test_the_skill_in_the_readme_makes_an_example(titles: Path) -> None:
    right = "A keeper's notebooks and the trade of a coast"
    written = {
        "suitable": "yes",
        "why_not": "",
        "question": "Which title fits the whole text best?",
        "options": [
            "The price of oil for a lamp",
            right,
            "Lighthouses and their keepers",
            "A summer visit to the cape",
        ],
        "answer": "B",
    }

    def choose(prompt: str) -> dict[str, object]:
        letter = re.findall(rf"([A-D])\. {re.escape(right)}", prompt)[-1]
        reasoning = "Most of the text is about the keeper's notebooks, and about what they tell of the coast's trade."
        return {"reasoning": reasoning, "answerable": "yes", "answer": letter}

    quote = "her notebooks are now the best record of the coast's trade"
    teacher = ScriptedModel(
        {
            "You write titles": written,
            "You answer questions": lambda r: choose(r.messages[-1]["content"]) | {"evidence": [quote]},
            "You are a candidate": lambda r: choose(r.messages[-1]["content"]),
        }
    )
    run = run_skill(str(titles), TEXT, model=teacher)
    assert [(rejection.check, rejection.reason) for rejection in run.rejections] == []
    assert [failure.message for failure in run.failures] == []
    [example] = run
    assert example.messages[1].content.endswith(right)


def test_the_errors_in_the_readme_are_what_the_command_says(titles: Path) -> None:
    wrong = titles.read_text(encoding="utf-8")
    for right_name, wrong_name in (
        ("agents: [title_writer]", "agents: [title_writter]"),
        ("evidence_in_passage", "evidence_in_pasage"),
    ):
        assert right_name in wrong
        wrong = wrong.replace(right_name, wrong_name)
    titles.write_text(wrong, encoding="utf-8")
    command = [sys.executable, "-m", "orca_agents", "check", "titles.yaml"]
    done = subprocess.run(command, cwd=titles.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr in blocks("text")


def test_the_run_file_in_the_readme_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(block_named("run.yaml"), encoding="utf-8")
    config = YamlFile(path).read(RunConfig)
    assert config.model.azure is not None
    leaves = {leaf.name for leaf in Library().skill(config.skill).config.instruct.taxonomy}
    assert set(config.leaves) <= leaves


def test_every_command_in_the_readme_has_the_options_it_uses() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("orca-agents ")]
    assert len(lines) > 5
    for line in lines:
        name, *arguments = shlex.split(line, comments=True)[1:]
        group.commands[name].make_context(name, arguments)  # raises for what the command does not know


def test_the_python_in_the_readme_compiles() -> None:
    assert blocks("python")
    for block in blocks("python"):
        compile(block, "README.md", "exec")


def test_the_table_of_leaves_is_that_of_the_skill() -> None:
    data = yaml.safe_load((ROOT / "skills/reading_comprehension.yaml").read_text(encoding="utf-8"))
    told = {
        (name, row[1], row[2], row[3]) for row in rows() if len(row) == 4 for name in re.findall(r"`(\w+)`", row[0])
    }
    assert told == {
        (leaf["name"], leaf["answer"], leaf.get("origin", "new"), leaf.get("after", ""))
        for leaf in data["instruct"]["taxonomy"]
    }
    assert len(told) == 43


def test_the_table_of_modules_names_each_module_in_its_layer() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if "layers" in contract)
    expected = {(str(number), name.strip()) for number, line in enumerate(layers, start=1) for name in line.split("|")}
    told = {(row[0], row[1].strip("`/")) for row in rows() if len(row) == 3 and row[0].isdigit()}
    assert told == expected


def test_the_table_of_modules_names_each_command() -> None:
    [row] = [row for row in rows() if len(row) == 3 and row[1] == "`cli/`"]
    assert set(re.findall(r"`(\w+)`", row[2])) == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_every_link_in_the_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_every_test_that_the_readme_names_is_there() -> None:
    named = re.findall(r"`(tests/\w+\.py)::(\w+)`", README)
    assert len(named) >= 10
    for file, name in named:
        assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), name


def test_the_page_on_the_skills_names_every_skill_and_leaf_with_its_answer_and_checks() -> None:
    page = (ROOT / "docs" / "skills.md").read_text(encoding="utf-8")
    sections = {part.split("\n", 1)[0].strip(): part for part in page.split("\n## ")[1:]}
    library = Library()
    for name in library.names("skill"):
        config = library.skill(name, NAMES).config
        told = {
            (cells[0].strip("`"), *cells[1:])
            for cells in (
                [cell.strip() for cell in line.split("|")[1:-1]]
                for line in sections[name].splitlines()
                if line.startswith("| `")
            )
        }
        assert told == {
            (
                leaf.name,
                leaf.answer,
                leaf.origin,
                leaf.after or "",
                ", ".join([*([f"proof: {leaf.proof}"] if leaf.proof else []), *leaf.checks]),
            )
            for leaf in config.instruct.taxonomy
        }
        assert f"| [`{name}`](#{name}) | {', '.join(config.seeds)} | {len(config.instruct.taxonomy)} |" in page
        assert f"| `{name}` |" in README


def test_the_readme_counts_the_leaves_as_the_files_do() -> None:
    library = Library()
    leaves = sum(len(library.skill(name).config.instruct.taxonomy) for name in library.names("skill"))
    assert f"with {leaves} kinds of task" in README
