"""AutoGen's workbench over the tools of one agent: every call is on record before its result is used."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core import CancellationToken
from autogen_core.tools import TextResultContent, ToolResult, ToolSchema, Workbench
from pydantic import BaseModel

from orca_agents.models.api import ToolKey
from orca_agents.models.client import Place
from orca_agents.records import ToolCall
from orca_agents.toolbox.api import Services, ToolContext
from orca_agents.toolbox.calling import call_tool
from orca_agents.toolbox.spec import Tool


class _NoConfig(BaseModel):
    """AutoGen wants a config schema of each component; ours are never loaded from one."""


class RecordedWorkbench(Workbench):
    """The tools of one agent in one chat.

    What AutoGen's agent would wait for in vain must not be raised here: an error that is no matter of the tool is kept
    in `trouble`, and the agent's next call to its model raises it.
    """

    component_type = "workbench"
    component_config_schema = _NoConfig

    def __init__(
        self,
        tools: Sequence[Tool],
        place: Place,
        chat_id: str,
        services: Services,
        earlier: dict[str, list[tuple[int, ToolCall]]],
    ) -> None:
        """`earlier` is the chat's: the calls of each tool that are over, by whichever agent, with their ordinals."""
        self.trouble: Exception | None = None
        self.calls: dict[str, ToolCall] = {}
        """The latest call by each id."""
        self._tools = {tool.name: tool for tool in tools}
        self._schemas = [_schema(tool) for tool in tools]
        self._place = place
        self._chat_id = chat_id
        self._services = services
        self._earlier = earlier
        self._running: set[asyncio.Task[ToolCall]] = set()

    async def list_tools(self) -> list[ToolSchema]:
        """The tools, as AutoGen describes them."""
        return self._schemas

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> ToolResult:
        """What a call came to, from the record or from the tool."""
        ordinal = self._place.tool_calls  # taken before anything is awaited: calls of one reply keep their order
        self._place.tool_calls += 1
        # what came before in this chat decides what a tool with a state answers; calls of one reply do not know of each
        # other, whichever of them is over first
        before = _in_order(self._earlier.get(name, ()))
        given = {} if arguments is None else arguments
        task = asyncio.ensure_future(self._call(name, given, call_id or "", ordinal, before))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if cancellation_token is not None:
            cancellation_token.link_future(task)
        try:
            call = await task
        except Exception as error:  # noqa: BLE001  whatever it is: AutoGen's agent would wait for ever
            self.trouble = error
            call = ToolCall(id=call_id or "", name=name, arguments={}, result=f"error: {error}", is_error=True)
        self.calls[call.id] = call
        return ToolResult(name=name, result=[TextResultContent(content=call.result)], is_error=call.is_error)

    async def stop(self) -> None:
        """Cancel what still runs: AutoGen's agent leaves its calls behind when it is cancelled."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def start(self) -> None:
        """Nothing to do: tools come ready."""

    async def reset(self) -> None:
        """Nothing to do: what a tool remembers lives as long as the chat."""

    async def save_state(self) -> Mapping[str, Any]:
        """Nothing: a chat is run again from the record of its calls."""
        return {}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Nothing, as `save_state`."""

    async def _call(
        self, name: str, arguments: object, call_id: str, ordinal: int, before: Sequence[ToolCall]
    ) -> ToolCall:
        tool, place = self._tools[name], self._place
        if not isinstance(arguments, Mapping):
            result = f"error: the arguments must be a JSON object, not {json.dumps(arguments)[:80]}"
            return ToolCall(id=call_id, name=name, arguments=json.dumps(arguments), result=result, is_error=True)
        earlier = self._earlier.setdefault(name, [])
        key = ToolKey(place.seed_id, place.path, ordinal, _digest(tool, arguments, before))
        call = await place.record.recall_tool(key)
        if call is None:
            context = ToolContext(self._chat_id, self._services, _in_order(earlier))
            call = await call_tool(tool, call_id, arguments, context)
            await place.record.record_tool(key, call)
        call = call.model_copy(update={"id": call_id})  # the one on record may be of a reply that named it otherwise
        earlier.append((ordinal, call))
        return call


def _schema(tool: Tool) -> ToolSchema:
    parameters: Any = tool.parameters
    return ToolSchema(name=tool.name, description=tool.description, parameters=parameters)


def _in_order(earlier: Sequence[tuple[int, ToolCall]]) -> tuple[ToolCall, ...]:
    return tuple(call for _, call in sorted(earlier, key=lambda numbered: numbered[0]))


def _digest(tool: Tool, arguments: Mapping[str, Any], before: Sequence[ToolCall]) -> str:
    asked: list[Any] = [tool.name, tool.digest, arguments]
    if before:
        asked.append([[call.arguments, call.result] for call in before])
    text = json.dumps(asked, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
