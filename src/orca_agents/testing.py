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
from typing import Any

from orca_agents.errors import BadRequestError
from orca_agents.models.api import Abilities, Reply, Request
from orca_agents.records import Usage

Answer = str | Mapping[str, Any] | Reply | Exception
"""A text; the fields of a form; a whole `Reply` (cut, refused, ...); or an error to raise."""
Script = Answer | Sequence[Answer] | Callable[[Request], Answer]
"""One answer for ever; several, used up in order; or a function."""


class ScriptedModel:
    """A `Teacher` whose answers are given by key: the first key that stands in the system message picks the script,
    or else the first that stands anywhere in the messages, or else the key `""`.

    Fields are sent as JSON, or as tagged blocks if `json_schema` is off. A request that no key fits, and one more
    than a sequence has answers, raise `BadRequestError`. `requests` holds every request in the order of arrival.
    """

    is_local = True
    is_demo = False

    def __init__(
        self,
        replies: Mapping[str, Script] | Callable[[Request], Answer],
        *,
        name: str = "scripted",
        json_schema: bool = True,
        latency_s: float = 0.0,
    ) -> None:
        self.name = name
        self.json_schema = json_schema
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
        text = answer if isinstance(answer, str) else self._form(answer)
        usage = Usage(
            calls=1,
            prompt_tokens=sum(len(message["content"].split()) for message in request.messages),
            completion_tokens=len(text.split()),
        )
        return Reply(text=text, model=self.name, usage=usage, latency_s=self.latency_s)

    async def probe(self) -> Abilities:
        """What the script was made for; it is not counted as a request."""
        return Abilities(json_schema=self.json_schema)

    async def close(self) -> None:
        """Nothing to free."""

    def _answer(self, request: Request) -> Answer:
        key = self._key(request)
        script = self._scripts[key]
        if isinstance(script, str | Mapping | Reply | Exception):
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
