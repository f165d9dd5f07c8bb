"""What the stages of a run share: who speaks with which model, how a chat is opened, how a record is authored."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Generic, TypeVar, cast

from orca_agents.chats import Chat, Participant, Step, chat_id, open_chat
from orca_agents.checks import run_checks
from orca_agents.checks.api import Case
from orca_agents.config import AgentConfig, Sampling, StageName, short_name
from orca_agents.errors import ChatError
from orca_agents.language import language_name
from orca_agents.library import Skill
from orca_agents.models.api import Teacher
from orca_agents.models.client import CallRecord
from orca_agents.records import CheckLevel, CheckResult, Content, Draft, Instruction, Seed, Transcript, short_hash
from orca_agents.run_config import ModelConfig
from orca_agents.screening import SeedScreen
from orca_agents.stages.lab import RecordedLab
from orca_agents.templates import render
from orca_agents.toolbox.services import Toolbox

RecordT = TypeVar("RecordT", Content, Instruction, Draft)


@dataclass(frozen=True)
class Role:
    """The teacher of one stage."""

    teacher: Teacher
    config: ModelConfig
    structured: bool
    native_tools: bool = False
    """Whether its endpoint calls tools itself."""
    own_sampling: Sampling = field(default_factory=Sampling)
    """Settings that the run gives for this very stage: they win over those of the agents."""

    def sampling(self, agent: AgentConfig) -> Sampling:
        """An agent's settings: the stage's own over the agent's over the model's, with room to reason."""
        sampling = self.own_sampling.over(agent.sampling.over(self.config.sampling))
        if sampling.max_tokens is None:
            return sampling
        return sampling.model_copy(update={"max_tokens": sampling.max_tokens + self.config.room_to_reason})


@dataclass(frozen=True)
class Studio:
    """One skill, its teachers and its record. Everything else goes from stage to stage as arguments."""

    skill: Skill
    roles: Mapping[StageName, Role]
    record: CallRecord
    heard: Callable[[Transcript], None]
    """Told what was said in a chat so far, after each of its steps."""
    toolbox: Toolbox
    """The tools of its agents, and what these share."""
    random_seed: int = 0
    language: str | None = None
    """Write in this language instead of the seed's own."""
    choose: int | None = None
    """Leaves per content, if not the skill's own number."""
    goals: int | None = None
    """Refinement goals per item, if not the skill's own rule."""
    leaves: frozenset[str] = frozenset()
    """Draw from these leaves only, if there are any."""
    transformers: frozenset[str] = frozenset()
    """Draw from these transformers only, if there are any."""
    formats: float = 0.0
    """The part of the items to which a rule for the form of the reply is added."""
    is_one_of_many: bool = False
    """Whether the run has other skills beside this one: its costs are then told apart from theirs."""
    screen: SeedScreen | None = None
    """What instructions about a seed are compared with before they are answered; set for each seed."""

    def language_of(self, seed: Seed) -> str | None:
        """The language that everything made from a seed is to be in."""
        return self.language or seed.language

    def variables(self, seed: Seed, /, **others: Any) -> dict[str, Any]:
        """Template variables: `language` as the English name of the language to write in, and the others.

        Prompts mark data off as <<<PASSAGE ... PASSAGE>>>: in the prompt alone, data cannot contain such a mark.
        """
        code = self.language_of(seed)
        unknown = "English" if seed.kind in ("code", "api") else "the language of the material"
        language = language_name(code) if code else unknown
        return {_SEED: seed.id, "language": language, **{name: _inside_fences(value) for name, value in others.items()}}

    def agent(self, name: str) -> AgentConfig:
        """An agent of this skill."""
        return self.skill.agents[name]

    def task(self, agent: str, variables: Mapping[str, Any]) -> str:
        """What is put to an agent, with one of its worked examples where it has any."""
        config = self.agent(agent)
        filled = dict(variables)
        if config.examples:
            filled["example"] = Random(f"{self.random_seed}/{agent}/{filled[_SEED]}").choice(config.examples)
        return render(config.task, filled)

    def prompts(self, agent: str, *more: str) -> tuple[str, ...]:
        """The words around the passage, for the checks that look for words that leaked out of them."""
        config = self.agent(agent)
        return (config.system_message, config.task, *more)

    def chat(
        self,
        stage: StageName,
        path: str,
        seed: Seed,
        agents: Sequence[str],
        variables: Mapping[str, Any],
        hears: Mapping[str, frozenset[str]] | None = None,
    ) -> Chat:
        """A new chat of these agents at this place in the flow; `hears` says whose turns an agent hears."""
        role = self.roles[stage]
        participants = [
            Participant(
                name=short_name(agent),
                system_message=render(self.agent(agent).system_message, dict(variables)),
                teacher=role.teacher,
                model=role.config.model,
                sampling=role.sampling(self.agent(agent)),
                structured=role.structured,
                extra_body=role.config.extra_body,
                hears=(hears or {}).get(agent, frozenset()),
                tools=self.toolbox.tools(self.agent(agent).tools),
                native_tools=role.native_tools,
                tool_rounds=self.agent(agent).tool_rounds,
                must_call=self.agent(agent).must_call,
            )
            for agent in agents
        ]
        return open_chat(
            self.skill.name,
            stage,
            path,
            participants,
            seed_id=seed.id,
            record=self.record,
            random_seed=self.random_seed,
            services=self.toolbox,
            is_one_of_many=self.is_one_of_many,
        )

    async def ask(self, chat: Chat, step: Step) -> object:
        """Let a chat take one step, and tell of it however that ends."""
        try:
            product = await chat.ask(step)
        except ChatError as error:
            transcript = chat.transcript
            error.stage, error.path, error.chat = transcript.stage, transcript.path, transcript.id
            self.heard(transcript)
            raise
        self.heard(chat.transcript)
        return product

    def lab(self, seed: Seed, path: str) -> RecordedLab:
        """Where the checks of what stands at this place in the flow may run code."""
        return RecordedLab(self.toolbox, self.record, seed.id, f"{self.skill.name}/{path}")

    def chat_id(self, seed: Seed, path: str) -> str:
        """The id of the chat at a place in the flow."""
        return chat_id(self.skill.name, self.random_seed, seed.id, path)

    def id_of(self, seed: Seed, path: str) -> str:
        """The id of what is made of a seed at a place in the flow."""
        return short_hash(self.skill.name, str(self.random_seed), seed.id, path)


@dataclass(frozen=True)
class Authored(Generic[RecordT]):
    """A record with its author, who may repair it once."""

    record: RecordT
    results: tuple[CheckResult, ...]
    chat: Chat | None = None
    step: Step | None = None
    """How the author was asked. Without chat and step (the identity transformer) nobody can repair it."""
    examine: Callable[[RecordT], Awaitable[tuple[CheckResult, ...]]] | None = field(default=None, repr=False)
    repairs: tuple[str, ...] = ()
    """Names of the checks that failed before the repair; a record has at most one repair."""

    @property
    def failed(self) -> CheckResult | None:
        """The first check that the record fails."""
        return next((result for result in self.results if not result.ok), None)

    @property
    def can_be_repaired(self) -> bool:
        """Whether there is an author who has not had a repair yet."""
        return self.chat is not None and not self.repairs

    async def repaired(self, studio: Studio, check: str, reason: str) -> Authored[RecordT]:
        """The record that its author makes of it after hearing what is wrong."""
        assert self.chat is not None
        assert self.step is not None
        assert self.examine is not None
        words = (
            f"What you handed in fails a check ({check}): {reason}\n"
            "Mend that, change as little else as you can, and hand in the whole thing again."
        )
        record = cast(RecordT, await studio.ask(self.chat, replace(self.step, says=words, also=())))
        return replace(self, record=record, results=await self.examine(record), repairs=(*self.repairs, check))


async def author(
    studio: Studio, chat: Chat, step: Step, examine: Callable[[RecordT], Awaitable[tuple[CheckResult, ...]]]
) -> Authored[RecordT]:
    """Have a record made by one step of a chat, examine it, and let its author repair it once if it fails."""
    record = cast(RecordT, await studio.ask(chat, step))
    made = Authored(record, await examine(record), chat, step, examine)
    if (failed := made.failed) is not None:
        made = await made.repaired(studio, failed.name, failed.reason)
    return made


_SEED = "_seed"
"""Under this name the variables of a template hold the seed's id: what is drawn for a template is drawn by it."""
_FENCE = re.compile(r"<<<(?=\w)|(?<=\w)>>>")


def _inside_fences(value: Any) -> Any:
    """Data for a prompt, its own fence marks broken by a character that is not seen."""
    if isinstance(value, str):
        return _FENCE.sub(lambda mark: "\u2060".join(mark[0]), value)
    if isinstance(value, Seed):
        title = _inside_fences(value.title)
        return value.model_copy(update={"text": _inside_fences(value.text), "title": title})
    return tuple(map(_inside_fences, value)) if isinstance(value, tuple) else value


async def examine_case(names: Sequence[str], case: Case, *levels: CheckLevel) -> tuple[CheckResult, ...]:
    """Run the named checks of these levels, in that order, up to the first that fails."""
    results: list[CheckResult] = []
    for level in levels:
        for name in dict.fromkeys(
            names
        ):  # one by one: what is malformed must not come before checks that take it to be sound
            results += await run_checks([name], level, case)
            if results and not results[-1].ok:
                return tuple(results)
    return tuple(results)
