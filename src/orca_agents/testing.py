"""A teacher that follows a script, for exact tests of skills without a model.

>>> import asyncio
>>> from orca_agents.models.api import Request
>>> from orca_agents.testing import ScriptedModel
>>> teacher = ScriptedModel({"You write questions": [{"question": "Who?"}, {"question": "Where?"}], "": "Ada"})
>>> def ask(system):
...     request = Request("scripted", ({"role": "system", "content": system}, {"role": "user", "content": "Go on."}))
...     return asyncio.run(teacher.complete(request)).text
>>> ask("You write questions about a passage.")
'{"question": "Who?"}'
>>> ask("You write questions about a passage.")
'{"question": "Where?"}'
>>> ask("You answer.")
'Ada'
>>> len(teacher.requests)
3
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_agents.errors import BadRequestError
from orca_agents.models.actions import HAND_IN
from orca_agents.models.api import Abilities, Reply, Request, ToolRequest
from orca_agents.records import Usage


@dataclass(frozen=True)
class Call:
    """A tool that the model calls: `Call("calculator", expression="2 + 2")`."""

    name: str
    arguments: Mapping[str, Any]

    def __init__(self, name: str, /, **arguments: Any) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "arguments", arguments)


Answer = str | Mapping[str, Any] | Call | Reply | Exception
"""A text; the fields of a form; a tool call; a whole `Reply` (cut, refused, ...); or an error to raise."""
Script = Answer | Sequence[Answer] | Callable[[Request], Answer]
"""One answer for ever; several, used up in order; or a function."""


class ScriptedModel:
    """A `Teacher` whose answers are given by key: the first key that stands in the system message picks the script,
    or else the first that stands anywhere in the messages, or else the key `""`.

    Fields are sent as JSON, or as tagged blocks if `json_schema` is off; tool calls as such, or written down as JSON if
    `tools` is off. A request that no key fits, and one more than a sequence has answers, raise `BadRequestError`.
    `requests` holds every request in the order of arrival.
    """

    is_local = True
    is_demo = False

    def __init__(
        self,
        replies: Mapping[str, Script] | Callable[[Request], Answer],
        *,
        name: str = "scripted",
        json_schema: bool = True,
        tools: bool = True,
        latency_s: float = 0.0,
    ) -> None:
        self.name = name
        self.json_schema = json_schema
        self.tools = tools
        self.latency_s = latency_s
        self.requests: list[Request] = []
        self._scripts: Mapping[str, Script] = {"": replies} if callable(replies) else dict(replies)
        self._used: dict[str, int] = {}

    async def complete(self, request: Request) -> Reply:
        """The next answer of the script that fits. Raises `BadRequestError` if there is none."""
        self.requests.append(request)
        answer = self._answer(request)
        await asyncio.sleep(self.latency_s)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Reply):
            return answer
        wanted: tuple[ToolRequest, ...] = ()
        if isinstance(answer, Call):
            text, wanted = self._call(answer)
        else:
            text = answer if isinstance(answer, str) else self._form(answer)
            if self._is_action(request):
                text = self._hand_in(text)
        usage = Usage(
            calls=1,
            prompt_tokens=sum(len(message["content"].split()) for message in request.messages),
            completion_tokens=len(text.split()),
        )
        return Reply(text=text, tool_requests=wanted, model=self.name, usage=usage, latency_s=self.latency_s)

    async def probe(self) -> Abilities:
        """What the script was made for; it is not counted as a request."""
        return Abilities(json_schema=self.json_schema, tools=self.tools)

    async def close(self) -> None:
        """Nothing to free."""

    def _answer(self, request: Request) -> Answer:
        key = self._key(request)
        script = self._scripts[key]
        if isinstance(script, str | Mapping | Call | Reply | Exception):
            return script
        if callable(script):
            return script(request)
        number = self._used[key] = self._used.get(key, 0) + 1
        if number > len(script):
            raise BadRequestError(f"the script for {key!r} has {len(script)} answers, and this is request {number}")
        return script[number - 1]

    def _key(self, request: Request) -> str:
        system = "\n".join(message["content"] for message in request.messages if message["role"] == "system")
        everything = "\n".join(message["content"] for message in request.messages)
        for text in (system, everything):
            for key in self._scripts:
                if key and key in text:
                    return key
        if "" in self._scripts:
            return ""
        known = ", ".join(map(repr, self._scripts)) or "none at all"
        raise BadRequestError(
            f"no key of the script fits this request; keys: {known}; system message: {system[:200]!r}"
        )

    def _form(self, fields: Mapping[str, Any]) -> str:
        if self.json_schema:
            return json.dumps(dict(fields), ensure_ascii=False)
        return "\n".join(
            f"<{name}>{item}</{name}>"
            for name, value in fields.items()
            for item in (value if isinstance(value, list | tuple) else [value])
        )

    def _call(self, call: Call) -> tuple[str, tuple[ToolRequest, ...]]:
        """A tool call as this model makes it: beside its text, or in it."""
        given = dict(call.arguments)
        if self.tools:
            return "", (ToolRequest(id="", name=call.name, arguments=json.dumps(given, ensure_ascii=False)),)
        if self.json_schema:
            return json.dumps({"action": {"tool": call.name, "arguments": given}}, ensure_ascii=False), ()
        block = json.dumps({"name": call.name, "arguments": given}, ensure_ascii=False)
        return f"<tool_call>{block}</tool_call>", ()

    def _is_action(self, request: Request) -> bool:
        """Whether the schema of the request asks for an action, of which handing in is one."""
        return self.json_schema and not self.tools and "action" in (request.schema or {}).get("properties", {})

    def _hand_in(self, text: str) -> str:
        try:
            product = json.loads(text)
        except ValueError:
            product = {"text": text}
        return json.dumps({"action": {"tool": HAND_IN, "arguments": product}}, ensure_ascii=False)
