"""Run one group chat: AutoGen's agents, a plan for who speaks, and a rule for who hears what.

Only this module and `team` import `autogen_agentchat`. No model is asked who speaks next, an error keeps its type, and
cancelling the task stops the chat at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import (
    BaseChatMessage,
    TextMessage,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
)

from orca_agents.config import Sampling
from orca_agents.errors import ChatError, OrcaError, UnparsableError
from orca_agents.harvest import Form, Product
from orca_agents.models.api import Reply, Teacher
from orca_agents.models.client import CallRecord, Place, RecordedClient, ToolUse
from orca_agents.records import ToolCall, Transcript, Turn, Usage, short_hash
from orca_agents.team import MODERATOR, PlannedTeam, Spoken
from orca_agents.toolbox.api import Services
from orca_agents.toolbox.spec import Tool
from orca_agents.workbench import RecordedWorkbench


@dataclass(frozen=True)
class Participant:
    """One agent of a chat: who it is, which model speaks for it, and whom it hears."""

    name: str
    system_message: str
    teacher: Teacher
    model: str
    sampling: Sampling
    structured: bool
    """Whether its products are asked for by JSON schema; otherwise by tagged blocks."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    hears: frozenset[str] = frozenset()
    """The agents whose turns it hears, beside the moderator's words to it."""
    tools: tuple[Tool, ...] = ()
    """What it may call before it ends its turn."""
    native_tools: bool = False
    """Whether its endpoint calls tools itself; otherwise it writes each call down as JSON."""
    tool_rounds: int = 6
    must_call: bool = False
    """Whether it has to call a tool before it ends its turn."""


@dataclass(frozen=True)
class Step:
    """The next turn: who speaks, what the moderator says first, and what the turn must hold."""

    speaker: str
    says: str = ""
    also: tuple[str, ...] = ()
    """Who else hears the moderator's words."""
    form: Form | None = None
    build: Callable[[Product], object] | None = None
    """Makes a record of the product; an `UnparsableError` of it counts like one of the form."""


@dataclass(frozen=True)
class Said:
    """A turn of an agent, with what was read out of it."""

    turn: Turn
    product: object = None


Plan = Callable[[Sequence[Said]], Step | None]
"""Names the next step from what was said so far, or ends the chat with `None`. Pure: same turns, same step."""


class Chat:
    """One group chat of a skill, from its first turn to the transcript."""

    def __init__(self, participants: Sequence[Participant], place: Place, services: Services | None = None) -> None:
        """`services` are what the participants' tools share; they are needed where one has tools."""
        self.id = chat_id(place.skill, place.random_seed, place.seed_id, place.path)
        self._place = place
        self._services = services
        self._participants = {p.name: p for p in participants}
        clients = {
            p.name: RecordedClient(p.name, p.teacher, p.model, p.sampling, p.extra_body, place) for p in participants
        }
        self._benches: dict[str, RecordedWorkbench] = {}
        self._tool_calls: dict[str, list[tuple[int, ToolCall]]] = {}
        agents = [self._agent(p, clients[p.name]) for p in participants]
        self._error: str | None = None
        self._moderator = _Moderator(self._participants, clients, self._benches)
        self._team = PlannedTeam(agents, self._moderator.next, self._moderator.hears)

    @property
    def said(self) -> Sequence[Said]:
        """The agents' turns that could be read, in order."""
        return self._moderator.said

    async def go(self, plan: Plan) -> object:
        """Go on by a plan until it ends; the product of the last turn is returned. Raises `ChatError` and others."""
        self._moderator.plan = plan
        try:
            async with aclosing(self._team.run_stream()) as stream:
                async for item in stream:
                    if isinstance(item, BaseChatMessage):
                        self._moderator.hear(item)
                    elif isinstance(item, ToolCallRequestEvent | ToolCallExecutionEvent):
                        self._moderator.hear_of_tools(item)
        except OrcaError as error:
            self._moderator.note_lost_turn()
            self._error = f"{type(error).__name__}: {error}"
            raise
        except Exception as error:  # the edge to AutoGen: whatever it raises ends this chat and nothing else
            self._error = f"{type(error).__name__}: {error}"
            raise ChatError(self._error) from error
        finally:
            for bench in self._benches.values():
                await bench.stop()
        return self.said[-1].product

    async def ask(self, step: Step) -> object:
        """Go on with a single step."""
        count = len(self.said)
        return await self.go(lambda said: step if len(said) == count else None)

    def branch(self, path: str) -> Chat:
        """A chat of its own that goes on from what was said so far; what was said before counts only once."""
        place = replace(self._place, path=path, calls=0, tool_calls=0)
        twin = Chat(tuple(self._participants.values()), place, self._services)
        for turn in self._moderator.turns:
            twin._moderator.turns.append(turn.model_copy(update={"usage": Usage(), "latency_s": 0.0}))
            twin._team.deliver(TextMessage(content=turn.text, source=turn.agent), frozenset(turn.to))
        return twin

    def _agent(self, who: Participant, client: RecordedClient) -> AssistantAgent:
        """AutoGen's agent for a participant, with its tools."""
        if not who.tools:
            return AssistantAgent(who.name, client, system_message=who.system_message)
        assert self._services is not None
        self._benches[who.name] = bench = RecordedWorkbench(
            who.tools, self._place, self.id, self._services, self._tool_calls
        )
        wire = tuple(tool.wire() for tool in who.tools)
        client.tool_use = ToolUse(wire, who.native_tools, who.structured, who.tool_rounds, who.must_call)
        client.trouble = lambda: bench.trouble
        return AssistantAgent(
            who.name,
            client,
            system_message=who.system_message,
            workbench=bench,
            max_tool_iterations=who.tool_rounds + 1,  # the client lets it call no tool in the last one
        )

    @property
    def transcript(self) -> Transcript:
        """Everything that was said so far."""
        return Transcript(
            id=self.id,
            seed_id=self._place.seed_id,
            path=self._place.path,
            stage=self._place.stage,
            system_messages={name: p.system_message for name, p in self._participants.items()},
            turns=tuple(self._moderator.turns),
            error=self._error,
        )


class _Moderator:
    """Puts the plan's steps to the team, and takes down and reads what is said.

    The team knows it and it does not know the team: so a chat that is over is freed at once, with all that was said
    in it. In a circle of references it would wait for the garbage collector, and make work for it.
    """

    def __init__(
        self,
        participants: Mapping[str, Participant],
        clients: Mapping[str, RecordedClient],
        benches: Mapping[str, RecordedWorkbench],
    ) -> None:
        self.plan: Plan = lambda _: None
        self.said: list[Said] = []
        self.turns: list[Turn] = []
        self._participants = participants
        self._clients = clients
        self._benches = benches
        self._step: Step | None = None
        self._says: list[tuple[str, frozenset[str]]] = []
        """What is said before this step, and to whom; taken off as it is said."""
        self._unread: str | None = None
        """What is wrong with the latest turn, if it could not be read."""
        self._owes_a_call = False
        """Whether the speaker of this step still has to call a tool."""
        self._noted: Reply | None = None
        """The latest reply that is in the transcript."""

    def hears(self, listener: str, speaker: str) -> bool:
        """Whether what an agent says reaches another."""
        return speaker in self._participants[listener].hears

    def next(self, _: Sequence[BaseChatMessage]) -> Spoken | None:
        """The plan's next step for the team; after a reply that could not be read, the same step once more."""
        if self._unread is not None:
            assert self._step is not None
            words = _CALL_FIRST if self._owes_a_call else _please_repair(self._unread)
            step = Step(self._step.speaker, words, (), self._step.form, self._step.build)
        else:
            planned = self.plan(self.said)
            if planned is None:
                return None
            self._step = step = planned
            asked = self._participants[step.speaker]
            self._owes_a_call = asked.must_call and bool(asked.tools)
        participant = self._participants[step.speaker]
        speaker, form = frozenset({step.speaker}), ""
        if step.form is not None and self._unread is None:
            form = step.form.explain(structured=participant.structured)
        use_schema = step.form is not None and participant.structured
        self._clients[step.speaker].schema = step.form.schema() if step.form and use_schema else None
        # where only the form is to be mended, no tools are called
        self._clients[step.speaker].may_call = self._unread is None or self._owes_a_call
        if step.also:  # the others hear the task, but not in what form the speaker is to reply
            self._says = [(step.says, speaker | set(step.also)), (form, speaker)]
        else:
            self._says = [(f"{step.says}\n\n{form}".strip(), speaker)]
        self._says = [(words, listeners) for words, listeners in self._says if words]
        return step.speaker, tuple(self._says)

    def hear(self, message: BaseChatMessage) -> None:
        """Take a message into the transcript; read an agent's turn by its step."""
        text = message.to_text()
        step = self._step
        assert step is not None
        if message.source == MODERATOR:
            _, listeners = self._says.pop(0)
            self.turns.append(Turn(agent=MODERATOR, text=text, to=tuple(sorted(listeners))))
            return
        self.turns.append(self._turn(message.source, text))
        try:
            product = self._read(step, text)
            if self._owes_a_call:  # an endpoint may not keep to a choice of tools, nor a model to words
                raise UnparsableError("it was handed in before a tool was called")
        except UnparsableError as error:
            if self._unread is not None:
                raise UnparsableError(f"{error} (also after one repair)") from None
            self._unread = str(error)
        else:
            self._unread = None
            self.said.append(Said(self.turns[-1], product))

    def hear_of_tools(self, event: ToolCallRequestEvent | ToolCallExecutionEvent) -> None:
        """Take tool calls, then what they came to, into the transcript: a turn of the agent's own, heard by nobody."""
        if isinstance(event, ToolCallRequestEvent):
            self._owes_a_call = False
            reply = self._clients[event.source].last
            wanted = tuple(ToolCall(id=it.id, name=it.name, arguments=it.arguments) for it in event.content)
            turn = self._turn(event.source, reply.text if reply else "")
            self.turns.append(turn.model_copy(update={"to": (), "tool_calls": wanted}))
            return
        made = self._benches[event.source].calls
        calls = [  # a call that AutoGen refused (no such tool, broken JSON) never came to the workbench
            made.pop(asked.id, asked).model_copy(update={"result": it.content, "is_error": bool(it.is_error)})
            for asked, it in zip(self.turns[-1].tool_calls, event.content, strict=True)
        ]
        self.turns[-1] = self.turns[-1].model_copy(update={"tool_calls": tuple(calls)})

    def _read(self, step: Step, text: str) -> object:
        if step.form is None:
            return text
        product = step.form.read(text, structured=self._participants[step.speaker].structured)
        return step.build(product) if step.build else product

    def _turn(self, speaker: str, text: str) -> Turn:
        reply = self._noted = self._clients[speaker].last
        assert reply is not None
        return Turn(
            agent=speaker,
            text=text,
            to=tuple(n for n, p in self._participants.items() if speaker in p.hears),
            reasoning=reply.reasoning,
            usage=reply.usage,
            latency_s=reply.latency_s,
            model=reply.model or self._clients[speaker].model,
        )

    def note_lost_turn(self) -> None:
        """A reply that was cut or refused never became a message: it was paid for, so the transcript shows it."""
        if self._step is None:
            return
        reply = self._clients[self._step.speaker].last
        if reply is not None and reply is not self._noted:
            self.turns.append(self._turn(self._step.speaker, reply.text))


def chat_id(skill: str, random_seed: int, seed_id: str, path: str) -> str:
    """The id of the chat at a place in a run."""
    return short_hash("chat", skill, str(random_seed), seed_id, path)


def open_chat(
    skill: str,
    stage: str,
    path: str,
    participants: Sequence[Participant],
    *,
    seed_id: str,
    record: CallRecord,
    random_seed: int = 0,
    services: Services | None = None,
    is_one_of_many: bool = False,
) -> Chat:
    """A chat at its place in a run, with nothing said yet; `is_one_of_many`: the run has several skills."""
    place = Place(skill, stage, seed_id, path, record, random_seed, is_one_of_many=is_one_of_many)
    return Chat(participants, place, services)


_CALL_FIRST = (
    "You handed in without using a tool. First use a tool. When you have read its result, hand in the whole reply, in "
    "exactly the form that was asked for."
)


def _please_repair(what_is_wrong: str) -> str:
    return (
        f"Your reply could not be read: {what_is_wrong}.\n"
        "Send the whole reply again, corrected, in exactly the form that was asked for."
    )
