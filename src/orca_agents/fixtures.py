"""Play the cases of a skill through its whole flow, with a teacher that says what the case wrote down for each agent.

A case is a seed, a leaf, what every agent replies, and what must become of it. Where it has a `label` (`right` or
`wrong`), it also counts in the measure of the gates: how many wrong items pass, and how many right ones do not. The
cases of a skill stand in `tests/skills/NAME.yaml` or `tests/skills/NAME/*.yaml` of a library folder, those of a skill
given as a file also in `NAME.cases.yaml` beside it.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from orca_agents.checks import NAMES
from orca_agents.config import Config, Name, short_name
from orca_agents.errors import BadRequestError, ConfigError, OrcaError, did_you_mean
from orca_agents.execution import execute
from orca_agents.library import CASES, Library, Skill
from orca_agents.models.api import Request
from orca_agents.outcomes import Skip
from orca_agents.records import Seed, SeedKind
from orca_agents.run_config import ModelConfig
from orca_agents.run_setup import make_config, refuse_unknown
from orca_agents.runs import SkillRun, collect
from orca_agents.testing import Answer, Call, ScriptedModel
from orca_agents.worked_example import with_letter
from orca_agents.yaml_file import YamlFile

ReplyFields = dict[str, Any]


class SeedOfCase(Config):
    """What the case starts from."""

    text: str
    kind: SeedKind = "text"
    language: str | None = "en"
    title: str | None = None
    licence: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class CaseConfig(Config):
    """One case of a file."""

    name: str
    """A sentence: what is shown."""
    like: str | None = None
    """An earlier case that this one is like, but for what it says itself; replies are taken over agent by agent, and
    field by field where both give fields."""
    seed: SeedOfCase | None = None
    leaf: Name | None = None
    transformer: str = "identity"
    goals: tuple[Name, ...] = ()
    """Refinement goals that are tried; to all others the suggester says that the item does not suit."""
    replies: dict[str, Any] = Field(default_factory=dict)
    """agent -> what it hands in: fields, or a text; or a list of these, taken in the order of the agent's turns in a
    chat (the last one for all further turns); or a list of `{when: words of the prompt, reply: ...}` of which the first
    that fits is taken. `option: text` stands for `answer: letter` of the option that begins so, a list of them for a
    list of letters. `{call: TOOL, with: {...}}` calls a tool. `suitable: yes` is added where it is asked for."""
    accepted: int = Field(default=1, ge=0)
    """How many examples come of it."""
    rejected: dict[str, int] = Field(default_factory=dict)
    """check -> how many rejections by it."""
    failed: int = Field(default=0, ge=0)
    skipped: int | None = Field(default=None, ge=0)
    """How many skips come of it, goals that are not tried left out; not looked at unless given."""
    label: Literal["right", "wrong"] | None = None
    """Of an item that measures the gates: whether it ought to be accepted. What the gates make of it is then measured,
    and no error."""
    hard: bool = False
    """Of a wrong one: no program could tell; counted by itself."""
    run: dict[str, Any] = Field(default_factory=dict)
    """Options of `run_skill` beside these, e.g. `{random_seed: 3}`."""

    @field_validator("replies")
    @classmethod
    def _replies_can_be_given(cls, replies: dict[str, Any]) -> dict[str, Any]:
        for agent, reply in replies.items():
            if why := _why_no_reply(reply):
                raise ValueError(f"{agent}: {why}")
        return replies

    @field_validator("run")
    @classmethod
    def _run_is_of_this_case(cls, run: dict[str, Any]) -> dict[str, Any]:
        if wrong := {"skill", "seeds", "model"} & run.keys():
            raise ValueError(f"`{min(wrong)}` cannot be set here: a case has its own seed, and its replies")
        return run


class CasesFile(Config):
    """A file of cases."""

    skill: str | None = None
    """For people; the file's place says it."""
    cases: tuple[CaseConfig, ...]


def _why_no_reply(reply: Any) -> str:
    """Why no agent can hand this in; empty where one can."""
    if isinstance(reply, list) and any(isinstance(one, Mapping) and "when" in one for one in reply):
        for one in reply:
            if not isinstance(one, Mapping) or set(one) != {"when", "reply"} or not _are_words(one["when"]):
                return f"{one!r}: write {{when: words of the prompt, reply: ...}}"
        reply = [one["reply"] for one in reply]
    if isinstance(reply, list) and reply:
        return next(filter(None, map(_why_no_reply, reply)), "")
    if not isinstance(reply, str | Mapping):
        return f"{reply!r} is no reply: give fields, a text, or a list of these"
    fields: Mapping[str, Any] = {} if isinstance(reply, str) else reply
    if not _are_words(fields.get("option", "")):
        return f"`option: {fields['option']}` must be the words that an option begins with, in quotes"
    if "call" in fields and not (isinstance(fields["call"], str) and isinstance(fields.get("with", {}), Mapping)):
        return "write {call: TOOL, with: {argument: value}}"
    return ""


def _are_words(given: Any) -> bool:
    return isinstance(given, str) or (isinstance(given, list) and all(isinstance(one, str) for one in given))


@dataclass(frozen=True)
class Played:
    """What became of a case."""

    case: CaseConfig
    path: Path
    problem: str = ""
    """Why it is not what the case says; empty where it is."""
    run: SkillRun | None = None
    spoke: frozenset[str] = frozenset()
    """The agents that were asked."""

    @property
    def is_accepted(self) -> bool:
        """Whether any example came of it."""
        return self.run is not None and bool(self.run.examples)

    @property
    def stopped_by(self) -> frozenset[str]:
        """The checks that rejected something of it."""
        return frozenset(rejection.check for rejection in self.run.rejections) if self.run is not None else frozenset()


@dataclass
class GateRates:
    """How good the gates are on labelled items: how many wrong ones pass, and how many right ones do not."""

    right: int = 0
    rejected_right: int = 0
    wrong: int = 0
    accepted_wrong: int = 0
    hard: int = 0
    accepted_hard: int = 0
    stopped_by: Counter[str] = field(default_factory=Counter)
    """check -> how many wrong ones it rejected."""

    def add(self, played: Played) -> None:
        """Count a case, if it is labelled."""
        if played.case.label is not None:
            self.count(
                is_right=played.case.label == "right",
                is_hard=played.case.hard,
                is_accepted=played.is_accepted,
                stopped_by=played.stopped_by,
            )

    def count(self, *, is_right: bool, is_hard: bool, is_accepted: bool, stopped_by: Iterable[str]) -> None:
        """Count a labelled item, whether it passed, and the checks that rejected it."""
        if is_right:
            self.right += 1
            self.rejected_right += not is_accepted
            return
        self.stopped_by.update(stopped_by)
        if is_hard:
            self.hard += 1
            self.accepted_hard += is_accepted
        else:
            self.wrong += 1
            self.accepted_wrong += is_accepted


def find_cases(skill: str, library: Sequence[str | Path] = (), files: Sequence[Path] = ()) -> list[Path]:
    """The files with the cases of a skill: `files` if any are given. Raises `ConfigError` where there are none."""
    if files:
        return list(files)
    found = Library.for_skill(skill, library)
    path = Path(skill)
    if path.suffix == ".yaml" and (beside := path.with_suffix(CASES)).is_file():
        return [beside]
    for folder in found.folders:
        root = folder / "tests" / "skills"
        if (one := root / f"{path.stem}.yaml").is_file():
            return [one]
        if many := sorted((root / path.stem).glob("*.yaml")):
            return many
    raise ConfigError(
        f"no cases for skill {path.stem!r}: write them to tests/skills/{path.stem}.yaml of a library folder, as "
        f"`orca-agents new skill` does, or name a file with --cases. Looked in: {', '.join(map(str, found.folders))}"
    )


def read_cases(files: Sequence[Path]) -> list[tuple[Path, CaseConfig]]:
    """The cases of these files, each with all that it takes over from another. Raises `ConfigError`."""
    cases: list[tuple[Path, CaseConfig]] = []
    by_name: dict[str, CaseConfig] = {}
    for path in files:
        file = YamlFile(path)
        problems = []
        for number, case in enumerate(file.read(CasesFile).cases):
            whole = case
            if case.name in by_name:
                problems.append(file.problem(("cases", number, "name"), f"a second case named {case.name!r}"))
            if case.like is not None:
                if case.like not in by_name:
                    problems.append(file.problem(("cases", number, "like"), f"no earlier case named {case.like!r}"))
                    continue
                whole = _merged(by_name[case.like], case)
            if whole.seed is None or whole.leaf is None:
                problems.append(file.problem(("cases", number), "a case needs a seed and a leaf"))
            by_name[case.name] = whole
            cases.append((path, whole))
        if problems:
            raise ConfigError(problems)
    return cases


AT_ONCE = 4
"""Cases that are played side by side."""


async def play_cases(
    skill: str,
    cases: Sequence[tuple[Path, CaseConfig]],
    library: Sequence[str | Path] = (),
    *,
    json_schema: bool = True,
) -> list[Played]:
    """Play each case, a few at a time: much of it is waiting for programs in the sandbox."""
    read = Library.for_skill(skill, library).skill(skill, NAMES)
    free = asyncio.Semaphore(AT_ONCE)

    async def play(path: Path, case: CaseConfig) -> Played:
        async with free:
            return await _play(skill, read, path, case, json_schema=json_schema)

    return await asyncio.gather(*(play(path, case) for path, case in cases))


def uncovered(skill: Skill, played: Sequence[Played]) -> list[str]:
    """What of a skill no case has gone through: agents, refinement goals."""
    spoke = {name for one in played for name in one.spoke}
    agents = sorted(short_name(name) for name in skill.agents)
    tried = {goal for one in played for goal in one.case.goals}
    goals = [goal.name for goal in skill.config.refine.goals] if skill.config.refine else []
    return [
        *(f"agent {name}" for name in agents if name not in spoke),
        *(f"goal {name}" for name in goals if name not in tried),
    ]


async def _play(skill: str, read: Skill, path: Path, case: CaseConfig, *, json_schema: bool) -> Played:
    assert case.seed is not None
    assert case.leaf is not None
    spoke: set[str] = set()

    def reply(request: Request) -> Answer:
        agent = _speaker(read, request)
        spoke.add(agent)
        return _reply(case, agent, request)

    seed = Seed(**case.seed.model_dump(), source=f"case: {case.name}")
    known = [goal.name for goal in read.config.refine.goals] if read.config.refine else []
    options: dict[str, Any] = {
        "leaves": [case.leaf],
        "transformers": [case.transformer] if read.config.transform else [],
        "choose": 1,
        "goals": len(known) if case.goals else 0,
        **case.run,
    }
    teacher = ScriptedModel({"": reply}, name="scripted", json_schema=json_schema)
    try:
        config = make_config(skill=skill, seeds=(seed.source,), model=ModelConfig(model=teacher.name), **options)
        refuse_unknown(config, read)
        if wrong := next((goal for goal in case.goals if goal not in known), None):
            raise ConfigError(f"skill {read.name!r} has no goal {wrong!r}{did_you_mean(wrong, known)}")
        run = await execute(
            config,
            [seed],
            out=None,
            read=lambda store, end: collect(store, end, read.name, None),
            shared=teacher,
            skills=(read,),
        )
    except OrcaError as error:  # a script that has no answer, a skill that cannot run: the case tells it
        return Played(case, path, f"{type(error).__name__}: {error}", None, frozenset(spoke))
    return Played(case, path, "" if case.label else _why_other(case, run), run, frozenset(spoke))


def _why_other(case: CaseConfig, run: SkillRun) -> str:
    """What is not as the case says."""
    skips = [skip for skip in run.skips if skip.reason != NOT_TRIED]
    rejected = Counter(rejection.check for rejection in run.rejections)
    found = []
    if len(run.examples) != case.accepted:
        found.append(f"{len(run.examples)} accepted, not {case.accepted}")
    if rejected != Counter(case.rejected):
        found.append(f"rejected by {dict(rejected)}, not by {case.rejected}")
    if len(run.failures) != case.failed:
        found.append(f"{len(run.failures)} failed, not {case.failed}")
    if case.skipped is not None and len(skips) != case.skipped:
        found.append(f"{len(skips)} skipped, not {case.skipped}")
    return "; ".join([*found, *_told(run, skips)]) if found else ""


def _told(run: SkillRun, skips: Sequence[Skip]) -> list[str]:
    return [
        *(f"{it.stage}: {it.check}: {it.reason}" for it in run.rejections),
        *(f"{it.path}: {it.error}: {it.message}" for it in run.failures),
        *(f"{it.stage}: skipped: {it.reason}" for it in skips),
    ]


NOT_TRIED = "this case does not try the goal"


def _speaker(skill: Skill, request: Request) -> str:
    """Which agent is asked: the one whose system message begins like the request's, for longest."""
    told = next((message["content"] for message in request.messages if message["role"] == "system"), "")

    def alike(name: str) -> int:
        own = skill.agents[name].system_message.strip()
        return next((at for at, (a, b) in enumerate(zip(own, told, strict=False)) if a != b), min(len(own), len(told)))

    return short_name(max(skill.agents, key=alike))


def _reply(case: CaseConfig, agent: str, request: Request) -> Answer:
    prompt = "\n".join(message["content"] for message in request.messages)
    fields = list((request.schema or {}).get("properties", ())) or _tags(request)
    if "suggestions" in fields:
        goal = next((goal for goal in case.goals if f"The goal: {goal.replace('_', ' ')}" in prompt), None)
        if goal is None:
            declined = {"suitable": "no", "why_not": NOT_TRIED, "suggestions": ["none"]}
            return _whole(declined, fields) if request.schema else f"<unsuitable>{NOT_TRIED}</unsuitable>"
    if agent not in case.replies:
        raise BadRequestError(f"the case {case.name!r} has no reply of {agent!r}, who is asked for {fields}")
    given = case.replies[agent]
    if isinstance(given, list):
        given = _chosen(given, request, prompt, case, agent)
    if isinstance(given, str):
        return given
    if "call" in given:
        return Call(given["call"], **given.get("with", {}))
    return _whole(with_letter(given, prompt), fields)


def _chosen(given: list[Any], request: Request, prompt: str, case: CaseConfig, agent: str) -> Any:
    if all(isinstance(one, Mapping) and "when" in one for one in given):
        for one in given:
            words = [one["when"]] if isinstance(one["when"], str) else one["when"]
            if all(word in prompt for word in words):
                reply = one["reply"]
                return _chosen(reply, request, prompt, case, agent) if isinstance(reply, list) else reply
        raise BadRequestError(f"the case {case.name!r} has no reply of {agent!r} that fits: {prompt[-400:]!r}")
    turns = sum(message["role"] == "assistant" for message in request.messages)
    return given[min(turns, len(given) - 1)]


def _whole(reply: ReplyFields, fields: Sequence[str]) -> ReplyFields:
    """The reply with the fields in the order asked for; that the material suits is said where it is asked."""
    told = {"suitable": "yes", "why_not": "", **reply}
    return {name: told[name] for name in fields if name in told} | {
        name: value for name, value in reply.items() if name not in fields
    }


def _tags(request: Request) -> list[str]:
    """The fields that a request without a schema asks for, as tagged blocks."""
    asked = "\n".join(message["content"] for message in request.messages if message["role"] == "user")
    return re.findall(r"^<(\w+)>\.\.\.</\1>", asked, re.MULTILINE)


def _merged(base: CaseConfig, case: CaseConfig) -> CaseConfig:
    """A case on top of the one that it is like."""
    said = case.model_dump(exclude_unset=True)
    replies = {**base.replies}
    for agent, reply in case.replies.items():
        old = replies.get(agent)
        replies[agent] = {**old, **reply} if isinstance(old, Mapping) and isinstance(reply, Mapping) else reply
    whole = {**base.model_dump(exclude={"label", "hard", "accepted", "rejected", "failed", "skipped"}), **said}
    return CaseConfig.model_validate({**whole, "replies": replies})
