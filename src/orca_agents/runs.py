"""The way in: `run_skill`, and the `SkillRun` that it returns."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orca_agents import loop
from orca_agents.config import StageName
from orca_agents.costs import CostReport
from orca_agents.errors import ConfigError
from orca_agents.execution import execute
from orca_agents.funnel import Funnel
from orca_agents.models import Teacher, choose_model, is_default_model
from orca_agents.orchestrator import Progress
from orca_agents.outcomes import Example, Failure, Rejection, Skip
from orca_agents.records import Seed, Transcript, Usage
from orca_agents.run_config import ModelConfig, ToolsConfig
from orca_agents.run_folder import End, write_jsonl
from orca_agents.run_setup import make_config
from orca_agents.store import Store

Seeds = str | Path | Seed | Iterable[str | Path | Seed]
Model = str | ModelConfig | Teacher

LOCAL_WARNING = (
    "no model was named, so the embedded SmolLM2-135M does the work: good to see how everything goes together, far too "
    "small to make data for training. Name a teacher with model= / --model or $ORCA_MODEL."
)


@dataclass(frozen=True, repr=False)
class SkillRun:
    """What came out of a run of one skill. Iterating gives the examples."""

    skill: str
    examples: list[Example]
    rejections: list[Rejection]
    failures: list[Failure]
    skips: list[Skip]
    transcripts: dict[str, Transcript]
    """Every chat, by id; examples and rejections name theirs in `chats`."""
    usage: Usage
    """All calls that this run has on record: retries, repairs and solvers included."""
    funnel: Funnel
    costs: CostReport
    folder: Path | None = None
    """The run folder, if there is one."""
    reserve: list[Example] = field(default_factory=list)
    """What was accepted beyond the number asked for with `accept` or `quotas`."""
    stopped: str = ""
    """Why not all was done: a cap was reached, or fewer were accepted than asked for. Empty otherwise."""

    def __iter__(self) -> Iterator[Example]:
        return iter(self.examples)

    def __len__(self) -> int:
        return len(self.examples)

    def __repr__(self) -> str:
        return (
            f"<SkillRun {self.skill}: {self.funnel.made} instructions, {len(self.examples)} accepted, "
            f"{len(self.rejections)} rejected, {len(self.failures)} failed, {len(self.skips)} skipped; "
            f"{self.usage.calls} calls, {self.usage.prompt_tokens} + {self.usage.completion_tokens} tokens"
            f"{'; stopped: ' + self.stopped if self.stopped else ''}>"
        )

    def to_jsonl(self, path: str | Path) -> None:
        """Write the examples, one JSON object a line; the file is there whole or not at all."""
        write_jsonl(Path(path), self.examples)


def run_skill(
    skill: str,
    seeds: Seeds,
    *,
    model: Model | None = None,
    base_url: str | None = None,
    roles: Mapping[StageName, Model] | None = None,
    out: str | Path | None = None,
    library: str | Path | Sequence[str | Path] = (),
    text_field: str | None = None,
    chunk_words: int = 800,
    limit: int | None = None,
    choose: int | None = None,
    goals: int | None = None,
    leaves: Sequence[str] = (),
    transformers: Sequence[str] = (),
    language: str | None = None,
    random_seed: int = 0,
    accept: int | None = None,
    quotas: Mapping[str, int] | None = None,
    max_usd: float | None = None,
    max_tokens: int | None = None,
    tools: ToolsConfig | Mapping[str, Any] | None = None,
    mix: str | Mapping[str, float] = "even",
    per_seed: int | None = None,
    formats: float = 0.0,
    rouge_l: float = 0.7,
    keep_duplicates: bool = False,
    benchmarks: str | Path | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> SkillRun:
    """Turn seeds into verified training examples, with one skill or several. For scripts and running event loops.

    Args:
        skill: A skill's name such as `reading_comprehension`, or the path of a skill file; several names with commas
            between them, or `all`: then each seed goes to those that it suits.
        seeds: A `str` is text, a `Path` a file or a folder, or a `Seed`; or any number of these. A long text gives
            several chunks.
        model: A model's name, `local`, the path of a GGUF file, a `ModelConfig`, or a teacher object such as
            `orca_agents.testing.ScriptedModel`. Without one: $ORCA_MODEL, else `local` with a warning.
        base_url: The address of an OpenAI-compatible endpoint.
        roles: Another model for single stages (transform, instruct, refine, respond, verify).
        out: A run folder. With one, everything is on disk, and the same call again buys nothing twice.
        library: Folders with skills/, agents/ or tools/ of your own; searched first.
        text_field: For JSONL and JSON files: the field that holds the text.
        chunk_words: Longest chunk, in words.
        limit: Most chunks to work on.
        choose: Leaves of the taxonomy per passage; the skill's own number unless given.
        goals: Refinement goals per item; the skill's own rule unless given.
        leaves: Draw from these leaves only.
        transformers: Draw from these transformers only, e.g. `identity`.
        language: Write in this language (ISO 639-1) instead of each seed's own.
        random_seed: Decides every draw: the same number draws the same.
        accept: Stop at exactly this many accepted examples; leaves are drawn so that they fill evenly.
        quotas: leaf -> how many accepted examples of it; stop when all are there.
        max_usd: Most US dollars that may be spent in the run folder, earlier runs in it included.
        max_tokens: Most tokens that may be bought in the run folder, prompts and replies.
        tools: What the tools of its agents may use.
        mix: With several skills: `even`, `released` (about as in the released AgentInstruct data), or skill -> part.
        per_seed: With several skills: most of them for one seed; all that suit unless given.
        formats: The part of the items to which a rule for the form of the reply is added, with a program for it.
        rouge_l: From this ROUGE-L on a question is a copy of one that was accepted before; it is not answered.
        keep_duplicates: Answer copies all the same.
        benchmarks: An index made by `orca-agents benchmarks add`: what is in it is not worked on.
        on_progress: Called with a `Progress` whenever something is finished.

    Raises:
        ConfigError, NotFoundError: Something that was given is wrong; no model was called.
        SeedError: A path does not exist, or nothing under it can be read.
        TeacherError: The teacher as a whole cannot be used. What was bought is kept in `out`.
        StoreError: The run folder cannot be used.

    Example:
        >>> run = run_skill("reading_comprehension", Path("chapter.md"), model="gpt-5-mini")  # doctest: +SKIP
        >>> run.to_jsonl("examples.jsonl")  # doctest: +SKIP
    """
    return loop.run(
        run_skill_async(
            skill,
            seeds,
            model=model,
            base_url=base_url,
            roles=roles,
            out=out,
            library=library,
            text_field=text_field,
            chunk_words=chunk_words,
            limit=limit,
            choose=choose,
            goals=goals,
            leaves=leaves,
            transformers=transformers,
            language=language,
            random_seed=random_seed,
            accept=accept,
            quotas=quotas,
            max_usd=max_usd,
            max_tokens=max_tokens,
            tools=tools,
            mix=mix,
            per_seed=per_seed,
            formats=formats,
            rouge_l=rouge_l,
            keep_duplicates=keep_duplicates,
            benchmarks=benchmarks,
            on_progress=on_progress,
        )
    )


async def run_skill_async(
    skill: str,
    seeds: Seeds,
    *,
    model: Model | None = None,
    base_url: str | None = None,
    roles: Mapping[StageName, Model] | None = None,
    out: str | Path | None = None,
    library: str | Path | Sequence[str | Path] = (),
    text_field: str | None = None,
    chunk_words: int = 800,
    limit: int | None = None,
    choose: int | None = None,
    goals: int | None = None,
    leaves: Sequence[str] = (),
    transformers: Sequence[str] = (),
    language: str | None = None,
    random_seed: int = 0,
    accept: int | None = None,
    quotas: Mapping[str, int] | None = None,
    max_usd: float | None = None,
    max_tokens: int | None = None,
    tools: ToolsConfig | Mapping[str, Any] | None = None,
    mix: str | Mapping[str, float] = "even",
    per_seed: int | None = None,
    formats: float = 0.0,
    rouge_l: float = 0.7,
    keep_duplicates: bool = False,
    benchmarks: str | Path | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> SkillRun:
    """Like `run_skill`, for code that is async already."""
    sources = [seeds] if isinstance(seeds, str | Path | Seed) else list(seeds)
    every: Sequence[object] = sources
    if strange := [seed for seed in every if not isinstance(seed, str | Path | Seed)]:
        raise ConfigError(f"a seed is a str (text), a Path or a Seed, and not of the type {type(strange[0]).__name__}")
    if meant := next((seed for seed in sources if isinstance(seed, str) and _names_a_file(seed)), None):
        raise ConfigError(f"the seed {meant!r} is the name of a file: a str is text, so give Path({meant!r})")
    folders = [library] if isinstance(library, str | Path) else list(library)
    given: dict[StageName, Teacher] = {}
    shared = None
    if base_url is not None and not any(it is None or isinstance(it, str) for it in (model, *(roles or {}).values())):
        raise ConfigError(
            f"base_url={base_url!r} says where a model is that is given by its name: put it into the ModelConfig"
        )
    if model is None or isinstance(model, str):
        if is_default_model(model) and base_url is None:
            chosen = choose_model(model)
            warnings.warn(LOCAL_WARNING, stacklevel=2)
        else:
            chosen = choose_model(model, base_url)
    elif isinstance(model, ModelConfig):
        chosen = model
    else:
        chosen, shared = ModelConfig(model=_teacher("model", model).name), model
    role_configs: dict[StageName, ModelConfig] = {}
    for stage, role in (roles or {}).items():
        if isinstance(role, str):
            role_configs[stage] = choose_model(role, base_url)
        elif isinstance(role, ModelConfig):
            role_configs[stage] = role
        else:
            role_configs[stage], given[stage] = ModelConfig(model=_teacher(f"roles: {stage}", role).name), role
    named = ("(text)" if isinstance(s, str) else s.source if isinstance(s, Seed) else str(s) for s in sources)
    config = make_config(
        skill=skill,
        seeds=tuple(dict.fromkeys(named)) or ("(none)",),
        model=chosen,
        roles=role_configs,
        library=tuple(Path(folder) for folder in folders),
        text_field=text_field,
        chunk_words=chunk_words,
        limit=limit,
        choose=choose,
        goals=goals,
        leaves=leaves if isinstance(leaves, str) else tuple(leaves),
        transformers=transformers if isinstance(transformers, str) else tuple(transformers),
        language=language,
        random_seed=random_seed,
        accept=accept,
        quotas=dict(quotas or {}),
        max_usd=max_usd,
        max_tokens=max_tokens,
        tools=tools or ToolsConfig(),
        mix=mix if isinstance(mix, str) else dict(mix),
        per_seed=per_seed,
        formats=formats,
        rouge_l=rouge_l,
        keep_duplicates=keep_duplicates,
        benchmarks=benchmarks,
    )
    folder = Path(out) if out else None

    def read(store: Store, end: End) -> SkillRun:
        return collect(store, end, Path(skill).stem, folder)

    return await execute(config, sources, out=folder, read=read, shared=shared, given=given, on_progress=on_progress)


def _teacher(what: str, given: Teacher) -> Teacher:
    """The teacher that was given. Raises `ConfigError` where it is none, such as the `Path` of a file."""
    if not (hasattr(given, "name") and hasattr(given, "complete")):
        raise ConfigError(
            f"{what}={given!r} is no teacher: give a name or a path as a str, a ModelConfig, or an object like "
            "ScriptedModel"
        )
    return given


def _names_a_file(text: str) -> bool:
    """Whether a text is only the name of a file or folder that is there: it was meant as a `Path` then."""
    if not text.strip() or len(text) >= 256 or "\n" in text:
        return False
    try:
        return Path(text).exists()
    except OSError:  # too long for a name, or in a folder that we may not look into: then it is a text
        return False


def collect(store: Store, end: End, skill: str, folder: Path | None) -> SkillRun:
    """Everything that a store holds of a run."""
    outcomes = list(store.outcomes(end.config_hash, planned=end.whole))
    examples = [outcome for outcome in outcomes if isinstance(outcome, Example)]
    return SkillRun(
        skill=skill,
        examples=[example for example in examples if example.id not in end.reserve],
        rejections=[outcome for outcome in outcomes if isinstance(outcome, Rejection)],
        failures=[outcome for outcome in outcomes if isinstance(outcome, Failure)],
        skips=[outcome for outcome in outcomes if isinstance(outcome, Skip)],
        transcripts={chat.id: chat for chat in store.chats(end.config_hash, planned=end.whole)},
        usage=store.usage(),
        funnel=end.funnel,
        costs=end.costs,
        folder=folder,
        reserve=[example for example in examples if example.id in end.reserve],
        stopped=end.message or str(end.shortfall or ""),
    )
