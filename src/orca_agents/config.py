"""What skill, agent and run files may say. Config is data: nothing here runs a model."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from orca_agents.records import AnswerForm, SeedKind

IDENTITY = "identity"
"""The transformer that leaves the seed as it is; it costs no model call."""

MCP_TOOL = re.compile(r"mcp:(?P<server>[A-Za-z][A-Za-z0-9_]*)/(?P<tool>\S+)")
"""How an agent names a tool of an MCP server, e.g. `mcp:weather/get_forecast`."""

Origin = Literal["agentinstruct", "agentinstruct-secondhand", "new"]
CORPUS_SEARCHER = "retrieve_passages"
"""The transformer that adds passages from the run's own documents; it needs these to be there."""
PROGRAMS = (IDENTITY, "split_passages", CORPUS_SEARCHER)
"""Transformers that are programs of ours: they cost no model call either."""

FORMAT_WRITER = "common/format_writer"
"""The agent that adds rules for the form of a reply, in any skill."""
Need = Literal["sandbox", "corpus", "functions", "web", "puzzles"]
"""What a tool or a skill must have in a run: checked before its first model call."""
StageName = Literal["transform", "instruct", "refine", "prove", "respond", "verify"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
"""Of a leaf or a goal: it is part of paths such as `poem_generator/strengthen/complicate.1`."""


class Config(BaseModel):
    """Base of all config: frozen, and a key that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sampling(Config):
    """How a model draws its replies. What is not set is left to the endpoint."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Most tokens that a reply may have; a reply that is cut there is a failure."""
    seed: int | None = None
    """Passed on to endpoints that take one."""

    def over(self, other: Sampling) -> Sampling:
        """These settings, and `other`'s where these are not set."""
        return other.model_copy(update=self.model_dump(exclude_none=True))


class AgentConfig(Config):
    """agents/<name>.yaml: one agent of a group chat."""

    description: str
    """One line, for `orca-agents agents`."""
    system_message: str
    """Who the agent is and what counts as success and failure. A template; keep it the same for all seeds."""
    task: str
    """What is put to the agent. A template over its stage's variables; the output form is added below it."""
    examples: tuple[str, ...] = ()
    """Worked examples, of which one is drawn per seed: `{{ example }}` in the task. One alone would be imitated."""
    sampling: Sampling = Sampling()
    tools: tuple[str, ...] = ()
    """Tools that it may call before it hands in: files of tools/ without their ending, or `mcp:SERVER/TOOL`."""
    tool_rounds: Annotated[int, Field(ge=1, le=50)] = 6
    """Most rounds of tool calls in one turn; then it has to hand in."""
    must_call: bool = False
    """Whether it has to call a tool before it hands in; otherwise it may. One that does not is told so once."""


class Leaf(Config):
    """One entry of a skill's taxonomy."""

    name: Name
    origin: Origin = "new"
    """`agentinstruct` for a published name, `agentinstruct-secondhand` for one known from others' notes."""
    after: str | None = None
    """For new leaves: the test or paper that the kind of question is taken from."""
    description: str
    """What a question of this leaf asks, as told to its writer."""
    answer: AnswerForm
    """How it is answered and compared."""
    agent: str | None = None
    """Which of the stage's agents writes it; the first one unless given."""
    passages: tuple[str, ...] = ()
    """The transformers whose passages suit it, without their folder; all of them unless given."""
    options: Annotated[int, Field(ge=3, le=10)] = 4
    """For `choice` and `choices`: how many options."""
    pitfalls: str = ""
    """What writers of this kind of question get wrong."""
    cues: tuple[str, ...] = ()
    """Regular expressions (English, any case); a question of this leaf must match one of them, if there are any."""
    checks: tuple[str, ...] = ()
    """Checks beyond those of the stage."""
    goals: tuple[str, ...] | None = None
    """Refinement goals that make sense for it; all unless given."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How often it is drawn, beside leaves of weight 1: less for what should stay a small part, such as tasks that
    cannot be done."""
    needs: tuple[Need, ...] = ()
    """What its own checks need, e.g. `[sandbox]`, where the other leaves of the skill do not."""
    proof: str | None = None
    """What the prover writes for its items (`tests`, `model`, ...), so that any answer can be checked by program."""
    agree: Annotated[int, Field(ge=1)] | None = None
    """How many votes must equal the key, where that is not the stage's number: fewer, if a program proves the key."""
    settings: dict[str, Any] = {}
    """What its answer form or its checks want to know of it, e.g. `{language: sql}`."""

    @field_validator("cues")
    @classmethod
    def _cues_are_patterns(cls, cues: tuple[str, ...]) -> tuple[str, ...]:
        for cue in cues:
            try:
                re.compile(cue)
            except re.error as error:
                raise ValueError(f"{cue!r} is no regular expression: {error}") from None
        return cues


class Goal(Config):
    """One aim of refinement."""

    name: Name
    origin: Origin = "new"
    description: str
    """What the suggester and the editor are to reach."""
    edits: Literal["passage", "question"]
    """What the editor may change; everything else stays as it is."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The part of the items that gets it, drawn per item."""


class StageConfig(Config):
    """A group chat: who takes part."""

    variables: ClassVar[tuple[str, ...]] = ()
    """What the templates of its agents may use."""

    agents: Annotated[tuple[str, ...], Field(min_length=1)]


class Transform(StageConfig):
    """Seed -> Content. `choose` agents are drawn per seed; each rewrites it alone."""

    variables = ("seed", "language")
    choose: Annotated[int, Field(ge=1)] = 1
    kinds: dict[str, tuple[SeedKind, ...]] = {}
    """Transformer, without its folder -> the kinds of seed that it takes; all of the skill's unless given."""
    harvest: str = "passage"
    """The name of what the agents write."""
    about: str = "the text that you write"
    """What that is, in words for the agents."""
    chars: tuple[int, int] = (200, 12_000)
    """Shortest and longest of it, in characters: 12,000 are about 2,000 words of English."""
    checks: tuple[str, ...] = ()


class Instruct(StageConfig):
    """Content -> Instructions. `choose` leaves are drawn per content; one chat each."""

    variables = ("passage", "leaf", "language", "transformer")
    choose: Annotated[int, Field(ge=1)] = 3
    harvest: str = "question"
    about: str = "the question alone, without its options or its answer"
    """What the agents write, in words for them."""
    chars: tuple[int, int] = (8, 500)
    """Shortest and longest of it, in characters."""
    checks: tuple[str, ...] = ()
    taxonomy: Annotated[tuple[Leaf, ...], Field(min_length=1)]


class Refine(StageConfig):
    """Instruction -> Instructions. Per goal the suggester proposes and the editor carries out."""

    variables = ("passage", "question", "key", "leaf", "goal", "language", "number", "suggestion", "suggestions")
    agents: Annotated[tuple[str, str], Field(description="the suggester and the editor")]
    goals: Annotated[tuple[Goal, ...], Field(min_length=1)]
    choose: Annotated[int, Field(ge=0)] | None = None
    """How many goals are drawn per item; each goal by its share unless given."""
    propose: Annotated[int, Field(ge=1, le=6)] = 3
    """How many suggestions the suggester makes."""
    suggestions: Annotated[int, Field(ge=1, le=6)] = 1
    """How many of them the editor carries out, each as a new item."""
    rounds: Annotated[int, Field(ge=1, le=4)] = 1
    """How often suggester and editor go on from the edited item."""
    when: Literal["sound", "accepted"] = "sound"
    """Refine every item that passed its own checks, or only those that were accepted."""


class Prove(StageConfig):
    """Instruction -> Instruction with a proof: another agent, who sees the task and never the key, writes down what any
    answer is checked with by program. Only for leaves that name a `proof`; the first agent unless `by` says another."""

    variables = ("passage", "question", "leaf", "language")
    by: dict[str, str] = {}
    """proof -> the agent that writes it."""
    checks: tuple[str, ...] = ()


class Respond(StageConfig):
    """Instruction -> Draft: the answer and its evidence. The first agent answers; where the answer is a dialogue, the
    others play the parts that `roles` gives them."""

    variables = ("passage", "question", "leaf", "language", "brief")
    roles: dict[str, str] = {}
    """Of a dialogue: part (`user`, `backend`, ...) -> the agent that plays it."""
    evidence: bool = True
    """Whether the answer quotes the passage."""
    reasons: bool = True
    """Whether reasoning comes before the answer."""
    reasoning_about: str = ""
    """What the reasoning is to hold, in words for the responder and the solvers, if not the usual."""
    reasoning_chars: Annotated[int, Field(ge=100)] = 1500
    """Longest reasoning, in characters."""
    may_not_know: bool = True
    """Whether "the passage does not say" is an answer that is offered."""
    direct: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The part of the examples whose reply is the answer alone, without the reasoning; drawn per item."""
    direct_note: dict[str, str] = {"any": ""}
    """What is added to the question of such an example, by language code."""
    frames: dict[str, tuple[str, ...]] = {"any": ("{{ passage }}\n\n{{ question }}",)}
    """The student's user message: templates over `passage` and `question`, by language code; `any` for the rest."""
    hides_passage: bool = False
    """Whether the student never sees the passage: it backs the answer, and frames hold the question alone."""
    labels: dict[str, str] = {"any": "Answer"}
    """The word before the final answer, by language code."""
    unanswerable: dict[str, str] = {"any": "The passage does not say."}
    """What the final answer says where the passage holds none, by language code."""
    checks: tuple[str, ...] = ()


class Verify(StageConfig):
    """Draft -> Example or Rejection. `agents` are the solver, then (where there is one) the grader of essays."""

    variables = ("passage", "question", "rubric", "response", "language", "leaf")
    solvers: Annotated[int, Field(ge=0, le=8)] = 2
    """Independent solvers, who see the task and never the answer."""
    agree: Annotated[int, Field(ge=1)] = 2
    """How many of the votes (the responder's and the solvers') must equal the key."""
    closed_book: bool = False
    """Ask one solver without the passage; an item that it solves is tagged `no_passage_needed`."""
    shuffle_options: bool = False
    """Show the options to every solver in an order of its own."""
    probes: tuple[str, ...] = ()
    """Further questions to a solver who sees a changed item: without the sources that matter, without examples, ..."""


class SkillConfig(Config):
    """skills/<name>.yaml: how one kind of seed becomes training examples."""

    description: str
    """One line, for `orca-agents skills`."""
    seeds: Annotated[tuple[SeedKind, ...], Field(min_length=1)] = ("text",)
    """Kinds of seed that suit the skill."""
    words: tuple[int, int] = (10, 3000)
    """Shortest and longest seed, in words."""
    numbers: Annotated[int, Field(ge=0)] = 0
    """Fewest numbers that a seed of text must hold, for skills that live on quantities."""
    needs: tuple[Need, ...] = ()
    """What its checks need beside its tools, e.g. `[sandbox]` where they run code."""
    agents: dict[str, AgentConfig] = {}
    """Agents defined here, for this skill only."""
    transform: Transform | None = None
    instruct: Instruct
    refine: Refine | None = None
    prove: Prove | None = None
    respond: Respond
    verify: Verify

    @property
    def stages(self) -> dict[StageName, StageConfig]:
        """The stages this skill has, in the order in which they run."""
        named: dict[StageName, StageConfig | None] = {
            "transform": self.transform,
            "instruct": self.instruct,
            "refine": self.refine,
            "prove": self.prove,
            "respond": self.respond,
            "verify": self.verify,
        }
        return {name: stage for name, stage in named.items() if stage is not None}

    def leaf(self, name: str) -> Leaf:
        """The leaf of this name."""
        return next(leaf for leaf in self.instruct.taxonomy if leaf.name == name)


def short_name(agent: str) -> str:
    """An agent's name without its folders: how transcripts and leaves call it."""
    return agent.rsplit("/", 1)[-1]
