"""The plain data that flows through a run: Seed -> Content -> Instruction -> Draft -> Example."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

SeedKind = Literal["text", "math", "code", "api", "table", "html", "corpus"]
AnswerForm = Literal[
    "span",
    "set",
    "number",
    "choice",
    "choices",
    "truth",
    "order",
    "mapping",
    "blank",
    "essay",
    "answerability",
    "text",
    "code",
    "cases",
    "query",
    "pattern",
    "estimate",
    "data",
    "label",
    "labels",
    "induced",
    "calls",
    "actions",
    "talk",
    "followup",
]
"""How an answer looks and is compared; one module in `checks/` for each."""
GRADED_FORMS: frozenset[AnswerForm] = frozenset(("essay", "text", "talk"))
"""Forms without a single right answer: graders mark them point by point."""
PLAYED_FORMS: frozenset[AnswerForm] = frozenset(("calls", "actions", "talk", "followup"))
"""Forms whose answer is a dialogue of several turns."""


class Record(BaseModel):
    """Frozen data: what is known about one thing at one time."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def short_hash(*parts: str) -> str:
    """A stable id of 16 hex digits for a sequence of texts."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Seed(Record):
    """A piece of raw material, at most one chunk long, that a skill turns into training examples."""

    text: str
    """The cleaned text itself."""
    id: str = ""
    """Stable identity: a hash of the text unless given, so the same text is one seed wherever it stands."""
    kind: SeedKind = "text"
    source: str = "(text)"
    """Where it came from: the path as the user gave it, a URL, or `(text)` for a string."""
    title: str | None = None
    licence: str | None = None
    language: str | None = None
    """ISO 639-1 code of the text's language, `None` where the text is too short or mixed to tell."""
    start: int = 0
    """First character of this chunk in the cleaned document."""
    end: int | None = None
    """One past the last character of this chunk in the cleaned document."""
    flags: tuple[str, ...] = ()
    """What was noticed: `control_tokens` (neutralised), `secrets`, `encoding`, ..."""
    metadata: dict[str, Any] = Field(default_factory=dict)
    """Anything else that should travel to the examples."""

    def model_post_init(self, _: Any) -> None:
        if not self.id:
            object.__setattr__(self, "id", short_hash(self.text))


class Usage(Record):
    """What a call, a chat or a run used: calls and tokens."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """All tokens that the model wrote, reasoning included."""
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    """Prompt tokens that the endpoint says it served from its prefix cache."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in Usage.model_fields})


class ToolCall(Record):
    """One call of a tool by an agent, and what came of it."""

    id: str
    """As the agent's model named the call; one of ours where it gave no name."""
    name: str
    """The tool, as the model was told it."""
    arguments: dict[str, Any] | str
    """As they were given; a text where they are not the JSON object that they should be."""
    result: str = ""
    """What the agent read: the tool's answer, or what went wrong, cut to the longest that is allowed."""
    is_error: bool = False
    may_pass: bool = False
    """Whether it went wrong for a reason that may be gone the next time: a run that goes on calls it again."""
    duration_s: float = 0.0
    """How long the tool took, in seconds; of a call from the record, how long it took then."""


class Turn(Record):
    """One message of a chat."""

    agent: str
    """Who spoke; `moderator` for what the skill itself puts to the agents."""
    text: str
    to: tuple[str, ...] = ()
    """Who heard it."""
    reasoning: str = ""
    """What the model thought before it answered; never part of the answer."""
    tool_calls: tuple[ToolCall, ...] = ()
    """The tools that it called instead of ending its turn, with what they answered."""
    usage: Usage = Usage()
    latency_s: float = 0.0
    model: str | None = None


class Transcript(Record):
    """Everything that was said in one chat, and what it used."""

    id: str
    seed_id: str
    path: str
    """Where in the flow the chat stands, e.g. `argument_passage_generator/strengthen/respond`."""
    stage: str
    system_messages: dict[str, str] = Field(default_factory=dict)
    """agent -> its system message."""
    turns: tuple[Turn, ...] = ()
    error: str | None = None
    """Type and message of the error that ended the chat, if one did."""

    @property
    def usage(self) -> Usage:
        return sum((turn.usage for turn in self.turns), Usage())


class FunctionCall(Record):
    """A call of a function, as chat endpoints write it."""

    name: str
    arguments: str
    """A JSON object."""


class MessageToolCall(Record):
    """A tool call in a message of a training example."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class Message(Record):
    """One message of a training example, in the format of chat endpoints."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[MessageToolCall, ...] = ()
    tool_call_id: str | None = None
    """Of a `tool` message: the call that it answers."""

    @model_serializer(mode="wrap")
    def _without_gaps(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Only messages with tool calls, and answers to these, have the keys for it."""
        return {name: value for name, value in write(self).items() if name in ("role", "content") or value}


class Content(Record):
    """A seed, rewritten by a content transformer (or left as it was)."""

    id: str
    seed_id: str
    text: str
    transformer: str
    """The agent that wrote it; `identity` where the seed was left as it was."""
    language: str | None = None
    parent_id: str | None = None
    """The content that refinement edited into this one."""
    chats: tuple[str, ...] = ()
    """Ids of the transcripts that led here, oldest first."""


class Instruction(Record):
    """One item: a question about a content, with the key its author claims."""

    id: str
    seed_id: str
    content: Content
    leaf: str
    form: AnswerForm
    question: str
    parts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What the question shows beside its text: `options`, `statements`, `items`, `left` and `right`, `rubric`."""
    key: tuple[str, ...] = ()
    """The author's answer, in its form's notation; empty where the passage holds no answer."""
    calculation: str | None = None
    """For numbers: the arithmetic that leads to the key."""
    hidden: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What its author knows and no student sees: constraints in machine form, the sources that matter, a rule, ..."""
    proof: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What another agent wrote to check any answer by program: hidden tests, a puzzle's constraints, ..."""
    history: tuple[Message, ...] = ()
    """Earlier turns of the conversation that the question ends."""
    format: str = ""
    """A rule for the form of the reply that was added to the question; `hidden["format"]` has it for a program."""
    answerable: bool = True
    """Whether the author claims that the passage holds the answer."""
    parent_id: str | None = None
    goal: str | None = None
    """The refinement goal that made it out of its parent."""
    suggestion: str | None = None
    round: int = 0
    chats: tuple[str, ...] = ()


class Answer(Record):
    """What a responder or a solver answered."""

    value: tuple[str, ...] = ()
    """The answer in its form's notation; empty where it says that the passage holds none."""
    answerable: bool = True
    reasoning: str = ""
    evidence: tuple[str, ...] = ()
    """Quotes from the passage."""


class Span(Record):
    """A quote, found in the passage: `passage[start:end]`."""

    start: int
    end: int
    text: str


class Draft(Record):
    """An instruction with an answer that is not verified yet."""

    instruction: Instruction
    answer: Answer
    evidence: tuple[Span, ...] = ()
    reply: str = ""
    """The whole reply in the form that a rule asks for, where there is one."""
    messages: tuple[Message, ...] = ()
    """Of an answer that is a dialogue: all of it, as the example shows it."""
    tools: tuple[dict[str, Any], ...] = ()
    """Of a dialogue with tools: what the assistant may call, as chat endpoints take it."""
    facts: dict[str, Any] = Field(default_factory=dict)
    """Of a dialogue: what the program that led it noted (the state at the end, ...), as JSON data."""
    chats: tuple[str, ...] = ()


CheckLevel = Literal["content", "instruction", "proof", "draft"]
"""Which record a check judges: it runs when that is made, and its author gets the one repair."""


class CheckResult(Record):
    """What one check says of one record."""

    name: str
    ok: bool
    reason: str = ""
    """Why not, in words that its author can act on."""
    at: CheckLevel = "instruction"
    """Which record failed: its author gets the one repair."""


class Vote(Record):
    """One independent answer to the same task."""

    voter: str
    passage: str = "this"
    """What the voter saw: `this` item, its `parent`, the item without its passage (`none`), or a probe's view."""
    answer: Answer
    agrees: bool


class Verification(Record):
    """Why an example was kept, or why it was not."""

    method: str
    """Which kinds of proof were used, strongest first, e.g. `programs, votes`."""
    verdict: Literal["accepted", "rejected"]
    checks: tuple[CheckResult, ...] = ()
    votes: tuple[Vote, ...] = ()
    repairs: tuple[str, ...] = ()
    """The checks that failed once and were repaired, as `record: check`."""
