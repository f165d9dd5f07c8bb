"""The chat template as a trainer renders it, with the parts that are learnt; and the same chat written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from jinja2 import Environment, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from orca_agents.training.recipe import shipped

BEGINS, ENDS = "\ue000", "\ue001"
"""Around what is learnt; characters that no text here has."""


class Rendered(NamedTuple):
    """A chat as text."""

    text: str
    learnt: tuple[str, ...]
    """The parts that a model is trained on, in their order."""


class Generation(Extension):
    """`{% generation %}`, which marks what is learnt."""

    tags = {"generation"}  # noqa: RUF012  jinja's own way

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_mark"), [], [], body).set_lineno(line)

    @staticmethod
    def _mark(caller: Callable[[], str]) -> str:
        return f"{BEGINS}{caller()}{ENDS}"


def render(
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] | None = None,
    *,
    trims: bool = True,
    **variables: Any,
) -> Rendered:
    """The chat by chat_template.jinja; `trims` as transformers has it, or as Jinja has it by itself."""
    marked = _environment(trims).from_string(shipped("chat_template.jinja"))
    return _split(marked.render(messages=messages, tools=tools, **variables))


def written(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None = None) -> Rendered:
    """The same chat, put together here, turn by turn."""
    text = ""
    rest = list(messages)
    system = rest.pop(0)["content"] if rest[0]["role"] == "system" else None
    if system is not None or tools:
        parts = [*([system] if system else []), *([_told(tools)] if tools else [])]
        text += "<|im_start|>system\n" + "\n\n".join(parts) + "<|im_end|>\n"
    while rest:
        message = rest.pop(0)
        if message["role"] == "user":
            text += f"<|im_start|>user\n{message['content']}<|im_end|>\n"
        elif message["role"] == "assistant":
            begins, ends = ("", "") if message.get("weight") == 0 else (BEGINS, ENDS)
            text += f"<|im_start|>assistant\n{begins}{said(message)}<|im_end|>{ends}\n"
        else:
            results = [message["content"]]
            while rest and rest[0]["role"] == "tool":
                results.append(rest.pop(0)["content"])
            told = "".join(f"\n<tool_response>\n{result}\n</tool_response>" for result in results)
            text += f"<|im_start|>user{told}<|im_end|>\n"
    return _split(text)


def said(message: Mapping[str, Any]) -> str:
    """What the assistant says in a message: its words, then its calls."""
    calls = []
    for call in message.get("tool_calls") or ():
        arguments = call["function"]["arguments"]
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        name = json.dumps(call["function"]["name"], ensure_ascii=False)
        calls.append(f'<tool_call>\n{{"name": {name}, "arguments": {text}}}\n</tool_call>')
    return "\n".join([*([message["content"]] if message["content"] else []), *calls])


def _told(tools: Sequence[Mapping[str, Any]]) -> str:
    listed = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
    return (
        "# Tools\n\nYou may call functions to help with what is asked. Their signatures stand within <tools></tools>:\n"
        f"<tools>\n{listed}\n</tools>\n\n"
        "For each call, write a JSON object with the function's name and arguments within <tool_call></tool_call>:\n"
        '<tool_call>\n{"name": <function-name>, "arguments": <arguments-object>}\n</tool_call>'
    )


def _split(marked: str) -> Rendered:
    learnt = tuple(part.partition(ENDS)[0] for part in marked.split(BEGINS)[1:])
    return Rendered(marked.replace(BEGINS, "").replace(ENDS, ""), learnt)


def _environment(trims: bool) -> Environment:
    environment = ImmutableSandboxedEnvironment(trim_blocks=trims, lstrip_blocks=trims, extensions=[Generation])
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.globals["raise_exception"] = _refuse
    return environment


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
