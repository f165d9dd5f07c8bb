"""The formats that trainers read, by name."""

from __future__ import annotations

from collections.abc import Mapping

from orca_agents.dataset.formats.agentinstruct import AgentInstructFormat
from orca_agents.dataset.formats.alpaca import AlpacaFormat
from orca_agents.dataset.formats.api import Format
from orca_agents.dataset.formats.dpo import DpoFormat
from orca_agents.dataset.formats.kto import KtoFormat
from orca_agents.dataset.formats.messages import MessagesFormat
from orca_agents.dataset.formats.openai import OpenAiFormat
from orca_agents.dataset.formats.prompt_completion import PlainPromptCompletionFormat, PromptCompletionFormat
from orca_agents.dataset.formats.sharegpt import ShareGptFormat
from orca_agents.errors import ConfigError, did_you_mean

__all__ = ["FORMATS", "format_named"]

_ALL: tuple[Format, ...] = (
    MessagesFormat(),
    PromptCompletionFormat(),
    PlainPromptCompletionFormat(),
    ShareGptFormat(),
    AlpacaFormat(),
    OpenAiFormat(),
    DpoFormat(),
    KtoFormat(),
    AgentInstructFormat(),
)
FORMATS: Mapping[str, Format] = {format.name: format for format in _ALL}


def format_named(name: str) -> Format:
    """The format of this name. Raises `ConfigError` with those that there are."""
    if name not in FORMATS:
        known = "\n".join(f"  {format.name}: {format.about}" for format in FORMATS.values())
        raise ConfigError(f"--format {name}: no such format{did_you_mean(name, FORMATS)}; there are\n{known}")
    return FORMATS[name]
