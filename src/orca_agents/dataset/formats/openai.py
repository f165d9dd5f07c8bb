"""`openai`: the file that OpenAI's fine-tuning takes, held to its rules as they were known in November 2026."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orca_agents.dataset.formats.api import Format, JsonMessage, Kind, Style, UnsuitedError, is_learnt, turns
from orca_agents.dataset.formats.openai_rules import why_no_file, why_not
from orca_agents.dataset.rows import Row


class OpenAiFormat(Format):
    """{"messages": [...], "tools"?: [...]}, JSONL.

    The assistant's turns that are part of the question (few shots, a conversation to go on with) have `weight: 0`, so
    that they are not learnt; those of a dialogue that was itself verified are. `parallel_tool_calls` is left out: it is
    true unless said otherwise, and a model that never saw it false may do either.
    """

    name = "openai"
    about = "JSONL for OpenAI's fine-tuning, held to its rules as of November 2026: at least 10 rows, no other columns"
    columns: Mapping[str, Kind] = {"messages": "chat"}
    metadata = ("none",)

    def convert(self, row: Row, style: Style, rejected: Sequence[Row] = ()) -> Iterator[Row]:
        messages = unlearnt_marked(row, turns(row, style))
        made = {"messages": messages, **({"tools": row["tools"]} if row.get("tools") else {})}
        if reason := why_not(made):
            raise UnsuitedError(f"against OpenAI's rules: {reason}")
        yield made

    def why_no_file(self, rows: int, size: int) -> str | None:
        return why_no_file(rows, size)


def unlearnt_marked(row: Row, messages: Sequence[JsonMessage]) -> list[JsonMessage]:
    """The messages of an example, those of the assistant that are not to be learnt with `weight: 0`."""
    return [
        {**message, "weight": 0}
        if message["role"] == "assistant" and not is_learnt(row, message, is_last=at == len(messages))
        else message
        for at, message in enumerate(messages, 1)
    ]
