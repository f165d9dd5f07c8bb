"""AutoGen's team for a planned chat: a plan says who speaks next, and a rule says who hears it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from autogen_agentchat.base import ChatAgent, Response, TaskResult, Team
from autogen_agentchat.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    TextMessage,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
)
from autogen_core import CancellationToken, ComponentBase
from pydantic import BaseModel

MODERATOR = "moderator"
"""Who speaks for the skill in a transcript: it puts the tasks, and reports what a check found."""

Spoken = tuple[str, Sequence[tuple[str, frozenset[str]]]]
"""The next speaker, and the moderator's words before, each with those who hear them."""


class PlannedTeam(Team, ComponentBase[BaseModel]):
    """An AutoGen team whose speakers are named by a plan. It can be a participant of AutoGen's own teams.

    `plan(messages)` returns the speaker and what the moderator says before (words, and who hears them) or `None`;
    `hears(listener, speaker)` says whether a turn reaches a participant.
    """

    component_type = "team"

    def __init__(
        self,
        participants: Sequence[ChatAgent],
        plan: Callable[[Sequence[BaseChatMessage]], Spoken | None],
        hears: Callable[[str, str], bool],
    ) -> None:
        self._participants = {agent.name: agent for agent in participants}
        self._plan = plan
        self._hears = hears
        self._unheard: dict[str, list[BaseChatMessage]] = {name: [] for name in self._participants}
        self._thread: list[BaseChatMessage] = []

    @property
    def name(self) -> str:
        """AutoGen asks every team for one."""
        return "PlannedTeam"

    @property
    def description(self) -> str:
        """AutoGen asks every team for one."""
        return "A team whose speakers are named by a plan."

    async def run_stream(
        self,
        *,
        task: str | BaseChatMessage | Sequence[BaseChatMessage] | None = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """Let the planned agents speak until the plan ends the chat; a later call goes on from there."""
        token = cancellation_token or CancellationToken()
        result: list[BaseAgentEvent | BaseChatMessage] = []
        for message in _messages(task):
            self.deliver(message, frozenset(self._participants))
            if output_task_messages:
                result.append(message)
                yield message
        while (step := self._plan(self._thread)) is not None:
            speaker, said_before = step
            for words, listeners in said_before:
                put = TextMessage(content=words, source=MODERATOR)
                self.deliver(put, listeners)
                result.append(put)
                yield put
            unheard, self._unheard[speaker] = self._unheard[speaker], []
            async for item in self._participants[speaker].on_messages_stream(unheard, token):
                if isinstance(item, Response):
                    said = item.chat_message
                    heard_by = frozenset(n for n in self._participants if n != speaker and self._hears(n, speaker))
                    self.deliver(said, heard_by)
                    result.append(said)
                    yield said
                elif isinstance(item, ToolCallRequestEvent | ToolCallExecutionEvent):
                    result.append(item)
                    yield item
        yield TaskResult(messages=result, stop_reason="the plan is complete")

    async def run(
        self,
        *,
        task: str | BaseChatMessage | Sequence[BaseChatMessage] | None = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> TaskResult:
        """`run_stream`, without the messages on the way."""
        stream = self.run_stream(
            task=task, cancellation_token=cancellation_token, output_task_messages=output_task_messages
        )
        async for item in stream:
            if isinstance(item, TaskResult):
                return item
        raise RuntimeError("a stream of a team ends with its result")  # pragma: no cover

    async def reset(self) -> None:
        """Forget everything that was said."""
        self._thread.clear()
        for name, agent in self._participants.items():
            self._unheard[name].clear()
            await agent.on_reset(CancellationToken())

    async def pause(self) -> None:
        """Not supported: cancel the task instead, and run again; what was bought is on record."""
        raise NotImplementedError("a planned chat is cancelled and run again, not paused")

    async def resume(self) -> None:
        """Not supported, as `pause`."""
        raise NotImplementedError("a planned chat is cancelled and run again, not paused")

    async def save_state(self) -> Mapping[str, Any]:
        """The thread, as data."""
        return {"thread": [message.model_dump(mode="json") for message in self._thread]}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Not supported: a chat is run again from the record of its calls."""
        raise NotImplementedError("a planned chat is run again from the record of its calls")

    def deliver(self, message: BaseChatMessage, listeners: frozenset[str]) -> None:
        """Put a message into the thread; these participants hear it before their next turn."""
        self._thread.append(message)
        for name in listeners:
            self._unheard[name].append(message)


def _messages(task: str | BaseChatMessage | Sequence[BaseChatMessage] | None) -> list[BaseChatMessage]:
    if task is None:
        return []
    if isinstance(task, str):
        return [TextMessage(content=task, source="user")]
    return [task] if isinstance(task, BaseChatMessage) else list(task)
