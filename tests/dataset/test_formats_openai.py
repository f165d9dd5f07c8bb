"""OpenAI's rules for a row and for a file: each is noticed when it is broken, and only then."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from orca_agents.dataset.formats.openai_rules import MOST_BYTES, tokens_about, why_no_file, why_not

GOOD: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "You know the sea."},
        {"role": "user", "content": "How deep is it?"},
        {
            "role": "assistant",
            "content": "",
            "weight": 0,
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "depth", "arguments": "{}"}}],
        },
        {"role": "tool", "content": "40 m", "tool_call_id": "a"},
        {"role": "assistant", "content": "40 metres.", "weight": 1},
    ],
    "tools": [{"type": "function", "function": {"name": "depth", "parameters": {"type": "object"}}}],
    "parallel_tool_calls": False,
}


def test_a_row_with_all_that_is_allowed_keeps_to_the_rules() -> None:
    assert why_not(GOOD) is None
    assert why_not({"messages": GOOD["messages"][1:2] + GOOD["messages"][4:]}) is None


def last(row: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = row["messages"][-1]
    return message


def call(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = row["messages"][2]["tool_calls"][0]
    return found


BREAKS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a column 'id'": lambda row: row.update(id="x"),
    "neither true nor false": lambda row: row.update(parallel_tool_calls="no"),
    "the last message is not": lambda row: row["messages"].pop(),
    "the role 'bot'": lambda row: row["messages"][1].update(role="bot"),
    "of the user has 'weight'": lambda row: row["messages"][1].update(weight=1),
    "a weight is 2": lambda row: last(row).update(weight=2),
    "no message of the assistant is learnt": lambda row: last(row).update(weight=0),
    "of the assistant has no text": lambda row: last(row).update(content=None),
    "a tool is no function": lambda row: row["tools"][0].update(type="code"),
    "a tool is called 'deep sea'": lambda row: row["tools"][0]["function"].update(name="deep sea"),
    "parameters of a tool": lambda row: row["tools"][0]["function"].update(parameters="none"),
    "more than 128 tools": lambda row: row.update(tools=row["tools"] * 129),
    "not among `tools`": lambda row: call(row)["function"].update(name="height"),
    "arguments that are no JSON": lambda row: call(row)["function"].update(arguments="{"),
    "has no id": lambda row: call(row).update(id=""),
    "for a call that was not made": lambda row: row["messages"][3].update(tool_call_id="b"),
    "a tool call has no result": lambda row: row["messages"].pop(3),
    "more than 65,536 tokens": lambda row: last(row).update(content="the sea " * 40_000),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_a_row_that_breaks_a_rule_is_told_which(rule: str) -> None:
    row = copy.deepcopy(GOOD)
    BREAKS[rule](row)
    assert rule in (why_not(row) or "")


def test_a_file_is_too_small_too_large_or_right() -> None:
    assert why_no_file(10, MOST_BYTES) is None
    assert "fewer than 10" in (why_no_file(9, 100) or "")
    assert "more than 512 MB" in (why_no_file(10, MOST_BYTES + 1) or "")


def test_letters_beyond_ascii_count_as_a_token_each() -> None:
    plain, other = ({"messages": [{"role": "user", "content": letter * 400}]} for letter in ("a", "海"))
    assert 100 <= tokens_about(plain) <= 120
    assert 400 <= tokens_about(other) <= 420
