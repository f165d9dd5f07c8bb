from pathlib import Path

import pytest

from orca_agents.config import AgentConfig, SkillConfig
from orca_agents.errors import ConfigError
from orca_agents.run_config import RunConfig
from orca_agents.yaml_file import YamlFile


def problems_of(path: Path, text: str, model: type = AgentConfig) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        YamlFile(path).read(model)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.yaml"


def test_every_problem_of_a_file_is_reported_at_once_with_its_place(path: Path) -> None:
    text = "descripton: A reader.\nsystem_message: You read.\nsampling:\n  temprature: 0.5\n  top_p: 3\n"
    assert problems_of(path, text) == [
        "1:1: description: this key is required",
        "1:1: task: this key is required",
        "5:3: sampling.top_p: Input should be less than or equal to 1",
        "4:3: sampling.temprature: unknown key; did you mean 'temperature'?",
        "1:1: descripton: unknown key; did you mean 'description'?",
    ]


def test_a_key_inside_a_list_is_found_where_it_stands(path: Path) -> None:
    text = (
        "description: x\ninstruct:\n  agents: [a]\n  taxonomy:\n"
        "    - name: strengthen\n      description: x\n      answer: choise\n      optoins: 5\n"
        "respond: {agents: [a], frames: {any: [x]}}\nverify: {agents: [a]}\n"
    )
    found = problems_of(path, text, SkillConfig)
    assert "7:7: instruct.taxonomy[0].answer: must be" in found[0]
    assert "did you mean 'choice'?" in found[0]
    assert found[1] == "8:7: instruct.taxonomy[0].optoins: unknown key; did you mean 'options'?"


def test_a_text_where_a_list_belongs_is_shown_as_the_list_that_it_should_be(path: Path) -> None:
    text = "description: d\nsystem_message: s\ntask: t\ntools: calculator\n"
    assert problems_of(path, text) == ["4:1: tools: must be a list: [calculator]"]


def test_a_key_that_stands_twice_is_refused(path: Path) -> None:
    text = "description: one\nsystem_message: x\ntask: x\ndescription: two\n"
    assert problems_of(path, text) == ["4:1: description: this key stands here twice; only one can count"]


def test_broken_yaml_says_where(path: Path) -> None:
    [problem] = problems_of(path, "description: [unclosed\ntask: x\n")
    assert problem.startswith("2:5: (syntax):")


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "the file is empty"), ("- a\n- b\n", "keys and values"), ("# only a comment\n", "the file is empty")],
)
def test_a_file_without_keys_is_refused(path: Path, text: str, message: str) -> None:
    [problem] = problems_of(path, text)
    assert message in problem


def test_a_file_that_is_not_utf8_is_refused(path: Path) -> None:
    path.write_bytes("description: señor".encode("latin-1"))
    with pytest.raises(ConfigError, match="byte 15 is not UTF-8"):
        YamlFile(path)


def test_yaml_that_grows_out_of_itself_is_refused_not_unfolded(path: Path) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    assert any("unfolds to too much" in problem for problem in problems_of(path, bomb))
    assert any("unfolds to too much" in problem for problem in problems_of(path, "self: &s\n  inner: *s\n"))


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ("? [a]\n: x\n", "2:3: (file)", "a key must be a plain text"),
        ("? {a: b}\n: x\n", "2:3: (file)", "a key must be a plain text"),
        ("? &a [*a]\n: x\n", "2:3: (file)", "a key must be a plain text"),
        ("no: x\n", "2:1: no", "YAML reads this key as bool, not as a text; put it in quotes"),
        ("task: !foo x\n", "2:7: (syntax)", "could not determine a constructor for the tag '!foo'"),
        ("task: !!python/object:os.system {}\n", "2:7: (syntax)", "could not determine a constructor"),
        ("task: !!int abc\n", "2:7: (syntax)", "'abc' cannot be read as int; put it in quotes if it is a text"),
        ("task: !!bool abc\n", "2:7: (syntax)", "'abc' cannot be read as bool"),
        ("task: !!timestamp abc\n", "2:7: (syntax)", "'abc' cannot be read as timestamp"),
        (f"task: {'1' * 5000}\n", "2:7: (syntax)", "cannot be read as int"),
        (f"task: 0x{'f' * 5000}\n", "2:7: (syntax)", "cannot be read as int"),
        ("task: 0b_\n", "2:7: (syntax)", "'0b_' cannot be read as int"),
        ('task: "\\UFFFFFFFF"\n', "2:10: (syntax)", ""),
        ('task: "\\ud800"\n', "2:7: task", "half a character"),
        (f"task: {'[' * 3000}{']' * 3000}\n", "2:47: (syntax)", "nested too deeply"),
        ("task:\n" + "".join(f"{' ' * n}k:\n" for n in range(1, 300)), "42:41: (syntax)", "nested too deeply"),
        ("<<: x\n", "2:5: (syntax)", "expected a mapping"),
    ],
)
def test_what_a_yaml_reader_chokes_on_is_refused_with_its_place(
    path: Path, line: str, place: str, message: str
) -> None:
    [problem] = problems_of(path, "description: x\n" + line)
    assert problem.startswith(place)
    assert message in problem


def test_a_root_that_is_a_set_is_refused(path: Path) -> None:
    assert problems_of(path, "!!set {a, b}\n") == ["1:1: (file): the file must hold keys and values"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yaml: cannot be read"):
        YamlFile(tmp_path / "nothing.yaml")


def test_a_run_file_may_use_short_forms(path: Path) -> None:
    path.write_text("skill: s\nseeds: book.md\nmodel: gpt-5-mini\nroles: {respond: gpt-5}\n", encoding="utf-8")
    config = YamlFile(path).read(RunConfig)
    assert config.seeds == ("book.md",)
    assert config.model.model == "gpt-5-mini"
    assert config.roles["respond"].model == "gpt-5"


def test_a_date_is_a_text(path: Path) -> None:
    azure = "{endpoint: https://x.example, api_version: 2024-10-21}"
    path.write_text(f"skill: s\nseeds: x\nmodel: {{model: m, azure: {azure}}}\n", encoding="utf-8")
    config = YamlFile(path).read(RunConfig)
    assert config.model.azure is not None
    assert config.model.azure.api_version == "2024-10-21"


def test_config_is_frozen(path: Path) -> None:
    path.write_text("description: x\nsystem_message: x\ntask: x\n", encoding="utf-8")
    config = YamlFile(path).read(AgentConfig)
    with pytest.raises(ValueError, match="frozen"):
        config.description = "y"
