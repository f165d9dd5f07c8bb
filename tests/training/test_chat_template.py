"""The chat template: every shape of chat becomes the text it should, and the assistant's words alone are marked."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any

import pytest
from jinja2 import TemplateError

from orca_agents.errors import SandboxError
from orca_agents.library import Library
from orca_agents.outcomes import Example
from orca_agents.sandbox import choose_sandbox
from tests.dataset.played import played
from tests.training.rendering import render, said, written

SKILLS = Library().names("skill")
CODING = ("coding",)
"""Skills that need a sandbox; one case of theirs takes some seconds."""
CALL = {"id": "c1", "type": "function", "function": {"name": "depth", "arguments": '{"sea": "Nord"}'}}
TOOL = {"type": "function", "function": {"name": "depth", "parameters": {"type": "object", "properties": {}}}}
Chat = list[dict[str, Any]]

ONE_TURN: Chat = [{"role": "user", "content": "How deep?"}, {"role": "assistant", "content": "Ten feet."}]
CALLING: Chat = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "How deep is it?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": '{"feet": 10}', "tool_call_id": "c1"},
    {"role": "assistant", "content": "Ten feet."},
]


@cache
def has_sandbox() -> bool:
    try:
        asyncio.run(choose_sandbox("auto"))
    except SandboxError:
        return False
    return True


def examples_of(skill: str) -> tuple[Example, ...]:
    if skill in CODING and not has_sandbox():
        pytest.skip("this skill runs code, and no sandbox works here")
    return played(skill, 1 if skill in CODING else 3)


@pytest.mark.parametrize("trims", [True, False], ids=["as transformers renders", "as plain Jinja renders"])
@pytest.mark.parametrize("skill", SKILLS)
def test_an_example_of_each_skill_becomes_its_chat_with_what_the_assistant_says_marked(skill: str, trims: bool) -> None:
    examples = examples_of(skill)
    assert examples
    for example in examples:
        row = json.loads(example.model_dump_json())
        rendered = render(row["messages"], row.get("tools"), trims=trims)
        assert rendered == written(row["messages"], row.get("tools"))
        assert rendered.learnt == tuple(
            f"{said(message)}<|im_end|>" for message in row["messages"] if message["role"] == "assistant"
        )


def test_a_question_and_its_answer() -> None:
    text, learnt = render(ONE_TURN)
    assert text == "<|im_start|>user\nHow deep?<|im_end|>\n<|im_start|>assistant\nTen feet.<|im_end|>\n"
    assert learnt == ("Ten feet.<|im_end|>",)


@pytest.mark.parametrize("others", [{}, {"weight": None}, {"weight": 1}])
def test_a_turn_that_is_part_of_the_question_is_read_and_not_learnt(others: dict[str, Any]) -> None:
    marked: Chat = [
        *({**message, "weight": 0} if message["role"] == "assistant" else message for message in CALLING),
        {"role": "user", "content": "And in metres?"},
        {"role": "assistant", "content": "Three.", **others},
    ]
    plain: Chat = [{name: value for name, value in message.items() if name != "weight"} for message in marked]
    text, learnt = render(marked, [TOOL])
    assert text == render(plain, [TOOL]).text
    assert learnt == ("Three.<|im_end|>",)
    assert len(render(plain, [TOOL]).learnt) == 3


def test_a_call_of_a_tool_is_learnt_and_its_result_is_not() -> None:
    text, learnt = render(CALLING, [TOOL])
    assert text.startswith("<|im_start|>system\nBe brief.\n\n# Tools\n\n")
    assert f"<tools>\n{json.dumps(TOOL)}\n</tools>" in text
    assert text.endswith(
        "<|im_start|>user\nHow deep is it?<|im_end|>\n"
        '<|im_start|>assistant\n<tool_call>\n{"name": "depth", "arguments": {"sea": "Nord"}}\n</tool_call><|im_end|>\n'
        '<|im_start|>user\n<tool_response>\n{"feet": 10}\n</tool_response><|im_end|>\n'
        "<|im_start|>assistant\nTen feet.<|im_end|>\n"
    )
    assert learnt == (
        '<tool_call>\n{"name": "depth", "arguments": {"sea": "Nord"}}\n</tool_call><|im_end|>',
        "Ten feet.<|im_end|>",
    )


def test_words_and_several_calls_of_one_turn_stand_on_lines_of_their_own_and_their_results_in_one_turn() -> None:
    other = {"id": "c2", "type": "function", "function": {"name": "tide", "arguments": {"hour": 3, "bay": "Größe"}}}
    chat: Chat = [
        {"role": "user", "content": "Both?"},
        {"role": "assistant", "content": "I look.", "tool_calls": [CALL, other]},
        {"role": "tool", "content": "10", "tool_call_id": "c1"},
        {"role": "tool", "content": "4", "tool_call_id": "c2"},
        {"role": "assistant", "content": "Done."},
    ]
    text, learnt = render(chat, [TOOL])
    assert learnt[0] == (
        'I look.\n<tool_call>\n{"name": "depth", "arguments": {"sea": "Nord"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "tide", "arguments": {"hour": 3, "bay": "Größe"}}\n</tool_call><|im_end|>'
    )
    assert (
        "<|im_start|>user\n<tool_response>\n10\n</tool_response>\n<tool_response>\n4\n</tool_response><|im_end|>\n"
        in text
    )
    assert render(chat, [TOOL]) == written(chat, [TOOL])


@pytest.mark.parametrize(
    "words", ["  two spaces\n", "\n\nlines\r\n", "{{ messages }} {% generation %}", "<b>&amp;'\"", "é 🦜 \u2028 \t"]
)
@pytest.mark.parametrize("trims", [True, False])
def test_no_character_of_a_text_is_changed(words: str, trims: bool) -> None:
    chat: Chat = [
        {"role": "system", "content": words},
        {"role": "user", "content": words},
        {"role": "assistant", "content": words},
    ]
    text, learnt = render(chat, trims=trims)
    assert text == "".join(f"<|im_start|>{turn['role']}\n{words}<|im_end|>\n" for turn in chat)
    assert learnt == (f"{words}<|im_end|>",)


def test_keys_that_a_table_fills_with_nothing_change_nothing() -> None:
    empty = {"tool_calls": None, "tool_call_id": None}
    assert render([{**empty, **turn} for turn in CALLING], [TOOL]) == render(CALLING, [TOOL])
    assert render(ONE_TURN, []) == render(ONE_TURN, None) == render(ONE_TURN)


@pytest.mark.parametrize("chat", [ONE_TURN, CALLING])
def test_what_a_model_is_given_to_answer_is_how_the_trained_text_begins(chat: Chat) -> None:
    whole, learnt = render(chat, [TOOL])
    asked, nothing = render(chat[:-1], [TOOL], add_generation_prompt=True)
    assert asked + learnt[-1] + "\n" == whole
    assert nothing == learnt[:-1]


def test_the_first_token_of_a_model_stands_once_at_the_beginning() -> None:
    text, learnt = render(CALLING, [TOOL], bos_token="<s>")
    assert (text, learnt) == ("<s>" + render(CALLING, [TOOL]).text, render(CALLING, [TOOL]).learnt)
    assert render(ONE_TURN, bos_token=None) == render(ONE_TURN)
    assert render(ONE_TURN, bos_token="<|im_start|>") == render(ONE_TURN)  # some models call this their first token


def test_without_a_system_message_none_is_made_up() -> None:
    assert "system" not in render(ONE_TURN).text
    assert render(ONE_TURN, [TOOL]).text.startswith("<|im_start|>system\n# Tools")


@pytest.mark.parametrize(
    "chat", [[*ONE_TURN, {"role": "system", "content": "late"}], [{"role": "narrator", "content": "Once"}]]
)
def test_a_chat_that_cannot_be_told_is_refused(chat: Chat) -> None:
    with pytest.raises(TemplateError, match=r"system message has to be the first|no such role: narrator"):
        render(chat)
