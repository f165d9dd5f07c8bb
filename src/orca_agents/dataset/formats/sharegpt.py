"""`sharegpt`: turns of {from, value}, as LLaMA-Factory, and without tools also Axolotl and Unsloth, read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from orca_agents.dataset.formats.api import (
    Format,
    JsonMessage,
    Kind,
    Style,
    UnsuitedError,
    arguments_of,
    as_json,
    marks,
    turns,
)
from orca_agents.dataset.rows import Row

_FROM = {"system": "system", "user": "human", "assistant": "gpt"}
_ASKS = ("human", "observation")
BETWEEN_RESULTS = "\n</tool_response>\n<tool_response>\n"
"""Between the results of calls that were made at once: LLaMA-Factory joins them so when it reads other formats."""


class ShareGptFormat(Format):
    """{"conversations": [{"from": "human" | "gpt" | "function_call" | "observation" | "system", "value"}], "tools"?}

    LLaMA-Factory refuses rows whose turns do not alternate: human or observation, then gpt or function_call. A message
    with calls is one function_call turn, a JSON object (of several calls a list) with `name` and `arguments`; what the
    tools answered is one observation. Words beside a call have no place: such an example is left out, or with
    `bare_calls` its words are. Its `tools` is a JSON text, a list of {name, description, parameters}.
    """

    name = "sharegpt"
    about = "turns of {from, value} in `conversations`: LLaMA-Factory; without tools also Axolotl, Unsloth"
    columns: Mapping[str, Kind] = {"conversations": "turns"}
    options = frozenset(("bare_calls", "parquet"))
    marks_unlearnt = False

    def convert(self, row: Row, style: Style, rejected: Sequence[Row] = ()) -> Iterator[Row]:
        said = list(_said(turns(row, style), bare_calls=style.bare_calls))
        spoken = [turn for turn in said if turn["from"] != "system"]
        if any((turn["from"] in _ASKS) != (at % 2 == 0) for at, turn in enumerate(spoken)) or len(spoken) % 2:
            raise UnsuitedError("its turns do not alternate, which readers of ShareGPT ask for")
        functions = [tool.get("function", tool) for tool in row.get("tools") or ()]
        yield {
            **marks(row, style),
            "conversations": said,
            **({"tools": as_json(functions)} if functions else {}),
        }


def _said(messages: Sequence[JsonMessage], *, bare_calls: bool) -> Iterator[dict[str, str]]:
    for is_result, group in groupby(messages, key=lambda message: message["role"] == "tool"):
        some = list(group)
        if is_result:
            yield {"from": "observation", "value": BETWEEN_RESULTS.join(message["content"] or "" for message in some)}
            continue
        for message in some:
            if not message.get("tool_calls"):
                yield {"from": _FROM[message["role"]], "value": message["content"]}
                continue
            if (message["content"] or "").strip() and not bare_calls:
                raise UnsuitedError("words stand beside a tool call, which ShareGPT has no place for (--bare-calls)")
            calls: list[dict[str, Any]] = [
                {"name": call["function"]["name"], "arguments": arguments_of(call)} for call in message["tool_calls"]
            ]
            yield {
                "from": "function_call",
                "value": json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False),
            }
