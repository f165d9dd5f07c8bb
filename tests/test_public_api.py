import subprocess
import sys
from pathlib import Path

import pytest

import orca_agents
from orca_agents.testing import ScriptedModel


def test_the_promised_names_are_these_and_no_others() -> None:
    assert sorted(orca_agents.__all__) == [
        "AgentConfig",
        "ChatError",
        "ConfigError",
        "Example",
        "Failure",
        "Library",
        "ModelConfig",
        "NotFoundError",
        "OrcaError",
        "Rejection",
        "RunConfig",
        "Sampling",
        "SandboxError",
        "SearchError",
        "Seed",
        "SeedError",
        "SkillConfig",
        "SkillRun",
        "Skip",
        "StoreError",
        "TeacherError",
        "ToolsConfig",
        "Transcript",
        "Usage",
        "__version__",
        "run_skill",
        "run_skill_async",
    ]
    for name in orca_agents.__all__:
        assert getattr(orca_agents, name) is not None


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {line.split(".")[0] for line in done.stderr.splitlines()}


HEAVY = {"autogen_core", "autogen_agentchat", "openai", "py3langid", "numpy", "xllamacpp", "semantic_text_splitter"}


def test_importing_the_package_brings_neither_autogen_nor_openai() -> None:
    assert not modules_after("import orca_agents") & HEAVY


def test_help_brings_neither_autogen_nor_openai() -> None:
    code = "from orca_agents.cli.app import app\ntry:\n    app(['--help'])\nexcept SystemExit:\n    pass"
    assert not modules_after(code) & HEAVY


def test_a_text_that_is_the_name_of_a_file_is_refused_for_it_was_meant_as_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chapter.md").write_text("A chapter.", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(orca_agents.ConfigError, match=r"give Path\('chapter.md'\)"):
        orca_agents.run_skill("reading_comprehension", "chapter.md", model=ScriptedModel({}))


def test_a_teacher_that_is_none_is_refused() -> None:
    with pytest.raises(orca_agents.ConfigError, match="model=3 is no teacher"):
        orca_agents.run_skill("reading_comprehension", "A chapter.", model=3)  # type: ignore[arg-type]
