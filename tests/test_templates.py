import pytest

from orca_agents.errors import ConfigError
from orca_agents.records import Seed
from orca_agents.templates import render, template_problems, trial_problems


def test_seed_text_is_data_and_never_a_template() -> None:
    hostile = "{{ 7 * 7 }} {% for x in y %} {# gone #} %s {0} ${HOME}"
    assert render("Text: {{ seed.text }}", {"seed": Seed(text=hostile)}) == f"Text: {hostile}"


def test_a_missing_variable_is_an_error_never_an_empty_string() -> None:
    with pytest.raises(ConfigError, match="'passage' is undefined"):
        render("{{ passage }}", {"seed": "x"})


def test_a_template_cannot_reach_into_python() -> None:
    with pytest.raises(ConfigError, match="unsafe"):
        render("{{ ''.__class__.__mro__ }}", {})


def test_unknown_variables_are_found_without_rendering() -> None:
    assert template_problems("{{ pasage }}{{ leaf.name }}", ("passage", "leaf")) == [
        "unknown variable 'pasage'; did you mean 'passage'?; known here: passage, leaf"
    ]


def test_a_template_that_does_not_parse_says_where() -> None:
    [problem] = template_problems("fine\n{% if %}", ("passage",))
    assert problem.startswith("line 2 of the template")


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ passage + 1 }}", "TypeError"),
        ("{{ 1 / (passage | length - 1) }}", "ZeroDivisionError"),
        ("{{ passage.nope }}", "has no attribute 'nope'"),
        ("{% include 'other' %}", "TypeError"),
        ("{% for n in range(10 ** 9) %}x{% endfor %}", "OverflowError"),
    ],
)
def test_whatever_a_template_raises_is_a_config_error(template: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        render(template, {"passage": "x"})


def test_a_template_that_the_parser_chokes_on_is_a_problem_not_a_crash() -> None:
    for template in ("{{ " + "1" * 5000 + " }}", "{{ " + "(" * 5000 + ")" * 5000 + " }}"):
        [problem] = template_problems(template, ("passage",))
        assert problem.startswith("the template cannot be read")


def test_a_trial_uses_every_sample_of_the_variables_in_use_and_tells_the_first_problem() -> None:
    samples = {"passage": ("text", ""), "number": (1,), "rubric": ()}
    assert trial_problems("{{ passage }} {{ number + 1 }}", samples) == []
    [problem] = trial_problems("{{ passage[0].upper() }}", samples)
    assert "has no element 0" in problem
