"""Render prompts. Only what stands in YAML files is a template; seed text is data and never one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from orca_agents.errors import ConfigError, did_you_mean

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def render(template: str, variables: dict[str, Any]) -> str:
    """Fill in `template`; a variable that is not there is an error, never an empty string."""
    try:
        return _compiled(template).render(variables).strip()
    except TemplateError as error:
        known = ", ".join(sorted(variables))
        raise ConfigError(f"a template cannot be filled in: {error}; variables: {known}") from None


def template_problems(template: str, variables: Iterable[str]) -> list[str]:
    """What is wrong with a template, found without rendering it."""
    known = tuple(variables)
    try:
        used = find_undeclared_variables(_ENVIRONMENT.parse(template))
    except TemplateSyntaxError as error:
        return [f"line {error.lineno} of the template: {error.message}"]
    return [
        f"unknown variable {name!r}{did_you_mean(name, known)}; known here: {', '.join(known)}"
        for name in sorted(used - set(known))
    ]


@lru_cache(maxsize=512)
def _compiled(template: str) -> Template:
    return _ENVIRONMENT.from_string(template)
