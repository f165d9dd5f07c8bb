"""Run one group chat: AutoGen's agents, a plan for who speaks, and a rule for who hears what.

The only module that imports `autogen_agentchat`. No model is asked who speaks next, an error keeps its type, and
cancelling the task stops the chat at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import ChatAgent, Response, TaskResult, Team
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, TextMessage
from autogen_core import CancellationToken, ComponentBase
from pydantic import BaseModel

from orca_agents.config import Sampling
from orca_agents.errors import ChatError, OrcaError, UnparsableError
from orca_agents.harvest import Form, Product
from orca_agents.models.api import Reply, Teacher
from orca_agents.models.client import CallRecord, Place, RecordedClient
from orca_agents.records import Transcript, Turn, Usage, short_hash

MODERATOR = "moderator"
"""Who speaks for the skill in a transcript: it puts the tasks, and reports what a check found."""


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


class Chat:
    """One group chat of a skill, from its first turn to the transcript."""

    def __init__(self, participants: Sequence[Participant], place: Place) -> None:
        self.id = chat_id(place.skill, place.random_seed, place.seed_id, place.path)
        self._place = place
        self._participants = {p.name: p for p in participants}
        clients = {
            p.name: RecordedClient(p.name, p.teacher, p.model, p.sampling, p.extra_body, place) for p in participants
        }
        agents = [AssistantAgent(p.name, clients[p.name], system_message=p.system_message) for p in participants]
        self._error: str | None = None
        self._moderator = _Moderator(self._participants, clients)
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
        except OrcaError as error:
            self._moderator.note_lost_turn()
            self._error = f"{type(error).__name__}: {error}"
            raise
        except Exception as error:  # the edge to AutoGen: whatever it raises ends this chat and nothing else
            self._error = f"{type(error).__name__}: {error}"
            raise ChatError(self._error) from error
        return self.said[-1].product

    async def ask(self, step: Step) -> object:
        """Go on with a single step."""
        count = len(self.said)
        return await self.go(lambda said: step if len(said) == count else None)

    def branch(self, path: str) -> Chat:
        """A chat of its own that goes on from what was said so far; what was said before counts only once."""
        twin = Chat(tuple(self._participants.values()), replace(self._place, path=path, calls=0))
        for turn in self._moderator.turns:
            twin._moderator.turns.append(turn.model_copy(update={"usage": Usage(), "latency_s": 0.0}))
            twin._team.deliver(TextMessage(content=turn.text, source=turn.agent), frozenset(turn.to))
        return twin

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

    def __init__(self, participants: Mapping[str, Participant], clients: Mapping[str, RecordedClient]) -> None:
        self.plan: Plan = lambda _: None
        self.said: list[Said] = []
        self.turns: list[Turn] = []
        self._participants = participants
        self._clients = clients
        self._step: Step | None = None
        self._says: list[tuple[str, frozenset[str]]] = []
        """What is said before this step, and to whom; taken off as it is said."""
        self._unread: str | None = None
        """What is wrong with the latest turn, if it could not be read."""
        self._noted: Reply | None = None
        """The latest reply that is in the transcript."""

    def hears(self, listener: str, speaker: str) -> bool:
        """Whether what an agent says reaches another."""
        return speaker in self._participants[listener].hears

    def next(self, _: Sequence[BaseChatMessage]) -> Spoken | None:
        """The plan's next step for the team; after a reply that could not be read, the same step once more."""
        if self._unread is not None:
            assert self._step is not None
            step = Step(self._step.speaker, _please_repair(self._unread), (), self._step.form, self._step.build)
        else:
            planned = self.plan(self.said)
            if planned is None:
                return None
            self._step = step = planned
        participant = self._participants[step.speaker]
        speaker, form = frozenset({step.speaker}), ""
        if step.form is not None and self._unread is None:
            form = step.form.explain(structured=participant.structured)
        use_schema = step.form is not None and participant.structured
        self._clients[step.speaker].schema = step.form.schema() if step.form and use_schema else None
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
        except UnparsableError as error:
            if self._unread is not None:
                raise UnparsableError(f"{error} (also after one repair)") from None
            self._unread = str(error)
        else:
            self._unread = None
            self.said.append(Said(self.turns[-1], product))

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
) -> Chat:
    """A chat at its place in a run, with nothing said yet."""
    return Chat(participants, Place(skill, stage, seed_id, path, record, random_seed))


def _please_repair(what_is_wrong: str) -> str:
    return (
        f"Your reply could not be read: {what_is_wrong}.\n"
        "Send the whole reply again, corrected, in exactly the form that was asked for."
    )


def _messages(task: str | BaseChatMessage | Sequence[BaseChatMessage] | None) -> list[BaseChatMessage]:
    if task is None:
        return []
    if isinstance(task, str):
        return [TextMessage(content=task, source="user")]
    return [task] if isinstance(task, BaseChatMessage) else list(task)
