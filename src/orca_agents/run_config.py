"""What a run file may say: the teacher, the seeds, the tools, the draws and the caps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from orca_agents.config import Config, Sampling, StageName


class AzureConfig(Config):
    """An Azure OpenAI resource; the key is in the variable that the model's `api_key_env` names."""

    endpoint: str
    """e.g. https://my-resource.openai.azure.com"""
    api_version: str
    deployment: str | None = None
    """The deployment's name; the model's name unless given."""


class Price(Config):
    """What a model costs, in US dollars per million tokens."""

    prompt: Annotated[float, Field(ge=0)]
    completion: Annotated[float, Field(ge=0)]
    """Reasoning included."""
    cached: Annotated[float, Field(ge=0)] | None = None
    """Prompt tokens served from the endpoint's prefix cache; like others unless given."""


REASONING_TOKENS = 8000
"""Room for reasoning where nothing is said and the model is known to need it."""


def is_language_code(text: str) -> bool:
    """Whether a text is the code of a language, such as es or pt-BR."""
    return re.fullmatch(r"[a-z]{2,3}(-\w+)?", text) is not None


def is_openai_reasoner(model: str) -> bool:
    """Whether a name is that of one of OpenAI's reasoning models: o1, o3-mini, gpt-5-mini, openai/gpt-5, ..."""
    return re.match(r"o\d|gpt-5", model.rpartition("/")[2], re.IGNORECASE) is not None


class ModelConfig(Config):
    """One teacher: where it is and how it is asked."""

    model: str
    """`local`, the path of a GGUF file, or the name of a model at the endpoint."""
    base_url: str | None = None
    """The endpoint's address, e.g. http://localhost:8000/v1; OpenAI's own unless given (or $OPENAI_BASE_URL)."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the key. The key itself is never written anywhere."""
    azure: AzureConfig | None = None
    sampling: Sampling = Sampling()
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Sent along with every request, e.g. {top_k: 20} or {chat_template_kwargs: {enable_thinking: false}}."""
    reasoning_tokens: Annotated[int, Field(ge=0)] | None = None
    """Room for reasoning, on top of what an agent's `max_tokens` leaves for its reply: endpoints count both together.
    Unless given: 8000 for OpenAI's reasoning models (o3, gpt-5, ...), none for others."""
    structured: Literal["auto", "json_schema", "tags"] = "auto"
    """How products are asked for; `auto` finds out with one call at the start."""
    tool_calls: Literal["auto", "native", "json"] = "auto"
    """How tools are called: by the endpoint's own tool calls, or as JSON that the model writes; `auto` finds out."""
    timeout_s: Annotated[float, Field(gt=0)] = 600
    """Longest wait for one reply."""
    concurrency: Annotated[int, Field(ge=1)] = 64
    """Most calls in flight at this endpoint; fewer where it slows down or refuses."""
    requests_per_minute: Annotated[float, Field(gt=0)] | None = None
    """Most requests a minute, retries included; found by trying unless given."""
    tokens_per_minute: Annotated[float, Field(gt=0)] | None = None
    """Most tokens a minute, prompts and replies together."""
    retries: Annotated[int, Field(ge=0)] = 6
    """How often a call is tried again after a passing fault. Refusals for too many requests do not count."""
    price: Price | None = None
    """What it costs; from the built-in table unless given."""

    @property
    def room_to_reason(self) -> int:
        """Tokens that are added to each `max_tokens`."""
        if self.reasoning_tokens is not None:
            return self.reasoning_tokens
        return REASONING_TOKENS if is_openai_reasoner(self.model) else 0

    @property
    def is_local(self) -> bool:
        """Whether it runs inside this process."""
        return self.model == "local" or self.model.endswith(".gguf")


class McpServer(Config):
    """An MCP server: either a command that is started, or an address. A command runs outside the sandbox."""

    command: tuple[str, ...] = ()
    """The program and its arguments; it is talked to over its stdin and stdout."""
    env: tuple[str, ...] = ()
    """Names of environment variables that the command is given, beside PATH and HOME."""
    url: str | None = None
    """The address of a server that runs already (streamable HTTP)."""

    @model_validator(mode="after")
    def _one_way(self) -> McpServer:
        if bool(self.command) == (self.url is not None):
            raise ValueError("give either `command` or `url`")
        return self


class ToolsConfig(Config):
    """What the tools of a run may use."""

    sandbox: Literal["auto", "docker", "bubblewrap", "sandlock", "wasm", "unsafe"] = "auto"
    """Where code runs: the first back end that passes its self-test, or the one named here. `unsafe` is no sandbox."""
    python: Path | None = None
    """The Python that runs code, for back ends on this machine; the one that runs orca-agents unless given."""
    image: str | None = None
    """The image for docker; $ORCA_SANDBOX_IMAGE or a Python image that is there unless given."""
    corpus: tuple[str, ...] = ()
    """Files and folders that `search` searches; the run's own seeds unless given."""
    web: bool = False
    """Whether tools may search the web and fetch pages: queries and addresses then leave this machine."""
    mcp: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], McpServer] = Field(default_factory=dict)
    """MCP servers by the name that agents call them by."""

    @field_validator("corpus", mode="before")
    @classmethod
    def _short_form(cls, corpus: Any) -> Any:
        """`corpus: books/` stands for a list of one."""
        return (corpus,) if isinstance(corpus, str) else corpus


class RunConfig(Config):
    """run.yaml: a whole run, as `orca-agents run -c run.yaml` takes it."""

    skill: str
    """A skill's name or file; several names, separated by commas; or `all`. With several, each seed goes to those that
    it suits."""
    seeds: Annotated[tuple[str, ...], Field(min_length=1)]
    """Files and folders; `-` for standard input."""
    mix: Literal["even", "released"] | dict[str, Annotated[float, Field(ge=0)]] = "even"
    """Of a run of several skills: how the seeds are shared out. `even`; `released`, about as the data that Microsoft
    released are; or skill -> its part of the whole."""
    per_seed: Annotated[int, Field(ge=1)] | None = None
    """Of a run of several skills: most skills that work on one seed; all that it suits unless given."""
    formats: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The part of the items to which a rule for the form of the reply is added, with a program that checks it."""
    model: ModelConfig
    roles: dict[StageName, ModelConfig] = Field(default_factory=dict)
    """Another teacher for single stages."""
    library: tuple[Path, ...] = ()
    """Folders with skills/, agents/ or tools/ of your own, searched first."""
    text_field: str | None = None
    """For JSONL and JSON: the field that holds the text."""
    chunk_words: Annotated[int, Field(ge=20)] = 800
    """Longest chunk, in words."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Most chunks to work on."""
    choose: Annotated[int, Field(ge=1)] | None = None
    """Leaves per content; the skill's own number unless given."""
    goals: Annotated[int, Field(ge=0)] | None = None
    """Refinement goals per item; the skill's own rule unless given."""
    leaves: tuple[str, ...] = ()
    """Draw from these leaves only."""
    transformers: tuple[str, ...] = ()
    """Draw from these transformers only, e.g. `identity`; without their folders."""
    language: str | None = None
    """Write in this language (ISO 639-1) instead of each seed's own."""
    random_seed: int = 0
    """Decides every draw: the same number draws the same."""
    rouge_l: Annotated[float, Field(ge=0.5, le=1)] = 0.7
    """From this ROUGE-L on, a question that was accepted before and the new one are copies of each other: the new one
    is turned down before its answer is bought. Self-Instruct takes 0.7. Known are those accepted at least four windows
    before (256 seeds unless `window` says otherwise), and those about the same passage."""
    keep_duplicates: bool = False
    """Whether copies are answered all the same."""
    benchmarks: Path | None = None
    """An index made by `orca-agents benchmarks add`: seeds that hold items of these, and instructions that are such
    items, are turned down before anything is bought for them."""
    accept: Annotated[int, Field(ge=1)] | None = None
    """Stop at exactly this many accepted examples, with leaves drawn so that they fill evenly."""
    quotas: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """leaf -> how many accepted examples of it; stop when all are there. Only these leaves are drawn."""
    max_usd: Annotated[float, Field(gt=0)] | None = None
    """Most US dollars that may be spent in the run folder, earlier runs in it included."""
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Most tokens that may be bought in the run folder, prompts and replies, earlier runs included."""
    tools: ToolsConfig = ToolsConfig()
    """What the tools of its agents may use."""
    window: Annotated[int, Field(ge=1)] | None = None
    """Most seeds under way; with `accept` or `quotas` also how far back the seeds lie whose outcomes a draw knows of.
    Unless given: 64, or (for the seeds under way) the concurrency if that is more, up to 256 where copies are looked
    for."""

    @field_validator("language")
    @classmethod
    def _is_code(cls, language: str | None) -> str | None:
        """What is no code would be found in no text: everything would be bought, and turned down."""
        if language is not None and not is_language_code(language):
            raise ValueError(f"{language!r} is not the code of a language; write it like es or pt-BR")
        return language

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: Any) -> Any:
        """`model: gpt-5-mini` stands for `model: {model: gpt-5-mini}`, `seeds: book.md` for a list of one."""
        if isinstance(data, dict):
            data = dict(data)
            if isinstance(data.get("model"), str):
                data["model"] = {"model": data["model"]}
            if isinstance(data.get("roles"), dict):
                data["roles"] = {k: {"model": v} if isinstance(v, str) else v for k, v in data["roles"].items()}
            for name in ("seeds", "library", "leaves", "transformers"):
                if isinstance(data.get(name), str):
                    data[name] = (data[name],)
        return data
