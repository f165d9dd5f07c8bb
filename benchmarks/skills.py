"""What the skills take, and that every seed is accounted for. Run by hand:

python benchmarks/skills.py cases               calls and tokens per accepted example, of each skill's cases
python benchmarks/skills.py fuzz FOLDER         all skills over a folder, with a teacher that fills forms at random
python benchmarks/skills.py embedded FOLDER     each skill on two chunks of at most 300 words, with the embedded model
python benchmarks/skills.py embedded-all FOLDER all skills over five seeds, with the embedded model
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from orca_agents import run_skill
from orca_agents.checks import NAMES
from orca_agents.config import PROGRAMS, Leaf, SkillConfig, short_name
from orca_agents.execution import execute
from orca_agents.fixtures import find_cases, play_cases, read_cases
from orca_agents.funnel import Funnel
from orca_agents.library import Library
from orca_agents.models.api import Request
from orca_agents.outcomes import Example, Failure
from orca_agents.records import Seed, SeedKind
from orca_agents.run_config import ModelConfig, RunConfig
from orca_agents.run_folder import End
from orca_agents.run_setup import make_config, seed_options
from orca_agents.runs import SkillRun
from orca_agents.seeds import SeedOptions, read_seeds
from orca_agents.store import Store
from orca_agents.testing import ScriptedModel

TOKENS_PER_WORD = 1.35
"""Of English prose with some code, for common tokenizers; the scripted teacher counts words."""
MOST_CALLS = 40
CHUNK_WORDS = 300
MOST_CHARS = 2500
"""Of a chunk for the embedded model, which reads slowly."""
Told = tuple[Funnel, set[str], Counter[str], list[str]]
T = TypeVar("T")


def show_cases() -> None:
    """A Markdown table: what an accepted example of each skill takes, refined ones included."""
    print("| skill | cases | accepted | calls each | prompt tokens each | reply tokens each |")
    print("|---|---|---|---|---|---|")
    for name in Library().names("skill"):
        cases = [(path, case) for path, case in read_cases(find_cases(name)) if not case.label and case.accepted]
        runs = [one.run for one in asyncio.run(play_cases(name, cases)) if one.run is not None]
        accepted = sum(len(run.examples) for run in runs)
        calls = sum(run.usage.calls for run in runs) / accepted
        prompts, replies = (
            sum(getattr(run.usage, field) for run in runs) * TOKENS_PER_WORD / accepted
            for field in ("prompt_tokens", "completion_tokens")
        )
        print(f"| `{name}` | {len(cases)} | {accepted} | {calls:.1f} | {prompts:,.0f} | {replies:,.0f} |")


def fuzz(folder: Path) -> None:
    """Every skill on every seed of a folder, with replies that keep to the schema and to nothing else."""
    start = time.monotonic()
    teacher = ScriptedModel({"": _filled}, name="scripted")
    teacher.requests = _Forgetful()
    config = run_config(folder, formats=0.3)
    with tempfile.TemporaryDirectory() as place:
        run = execute(config, [folder], out=Path(place) / "run", read=_read, shared=teacher)
        (funnel, met, errors, odd), still = asyncio.run(timed(run))
    print("\n".join(funnel.lines()))
    library = Library()
    skills = [library.skill(name, NAMES) for name in library.names("skill")]
    seeds = {item.id for item in read_seeds([folder], seed_options(config, skills)) if isinstance(item, Seed)}
    print(f"{len(seeds)} seeds, {len(seeds - met)} without an outcome")
    print("failures:", dict(errors))
    print("\n".join(odd))
    print(f"{time.monotonic() - start:.0f} s, of which the run stood still for {still:.1f} s at the longest")
    if seeds - met or odd:
        raise SystemExit(1)


async def timed(run: Awaitable[T]) -> tuple[T, float]:
    """What a run gives, and for how long at most nothing else could go on: one check of one text, as a rule."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - begun - 0.01)

    ticking = asyncio.create_task(tick())
    try:
        return await run, longest
    finally:
        ticking.cancel()


class _Forgetful(list[Request]):
    """Keeps no request: there are hundreds of thousands."""

    def append(self, _: Request) -> None:
        """Forget it."""


def _read(store: Store, end: End) -> Told:
    """The funnel, the seeds that something became of, and the failures: odd ones are no matter of a reply's form."""
    met: set[str] = set()
    errors: Counter[str] = Counter()
    odd = []
    for outcome in store.outcomes(end.config_hash):
        met |= set(outcome.metadata.seed_ids) if isinstance(outcome, Example) else {outcome.seed_id or ""}
        if isinstance(outcome, Failure):
            errors[outcome.error] += 1
            if outcome.error not in ("UnparsableError", "BadRequestError"):
                odd.append(f"  odd: {outcome.skill} {outcome.path} {outcome.error} {outcome.message[:200]}")
    return end.funnel, met, errors, odd


def run_config(folder: Path, **options: Any) -> RunConfig:
    """The config of a run of all skills over a folder."""
    given = {"skill": "all", "seeds": (str(folder),), "model": ModelConfig(model="scripted"), "choose": 1, "goals": 1}
    return make_config(**given, **options)


def _met(run: SkillRun) -> set[str]:
    """The seeds that something became of."""
    met = {seed for example in run.examples for seed in example.metadata.seed_ids}
    met |= {rejection.seed_id for rejection in run.rejections} | {failure.seed_id for failure in run.failures}
    return met | {skip.seed_id for skip in run.skips if skip.seed_id}


def _filled(request: Request) -> dict[str, Any] | str:
    """A reply that keeps to the schema: texts are pieces of the prompt, drawn by a hash of the request."""
    prompt = "\n".join(message["content"] for message in request.messages)
    draw = random.Random(hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest())
    schema = request.schema or {}
    reply = {name: _value(part, prompt, draw) for name, part in schema.get("properties", {}).items()}
    if "suitable" in reply:
        reply["suitable"] = "yes" if draw.random() < 0.95 else "no"
    return reply


def _value(part: dict[str, Any], prompt: str, draw: random.Random) -> Any:
    if part["type"] == "array":
        number = draw.randint(part.get("minItems", 0), part.get("maxItems", 3))
        return [_value(part["items"], prompt, draw) for _ in range(number)]
    if "enum" in part:
        return draw.choice(part["enum"])
    least, most = part.get("minLength", 0), part.get("maxLength", 400)
    size = draw.randint(max(1, least), max(least, min(most, 2 * least + 200), 1))
    at = draw.randrange(max(1, len(prompt) - size))
    return prompt[at : at + size]


def embedded(folder: Path) -> None:
    """The funnel of each skill with the embedded model: two fitting chunks, one leaf, at most 40 calls."""
    library = Library()
    only = sys.argv[3:]
    for name in only or library.names("skill"):
        config = library.skill(name, NAMES).config
        leaf = config.instruct.taxonomy[0]
        transformer, kinds = _cheapest(config, leaf)
        read = SeedOptions(kinds=kinds, words=(config.words[0], CHUNK_WORDS), chunk_words=CHUNK_WORDS)
        fitting = (it for it in read_seeds([folder], read) if isinstance(it, Seed) and len(it.text) < MOST_CHARS)
        seeds = list(itertools.islice(fitting, 2))
        start = time.monotonic()
        run = run_skill(
            name, seeds, model="local", leaves=[leaf.name], choose=1, goals=0, transformers=transformer,
            max_tokens=120_000,
        )  # fmt: skip
        print(f"\n## {name}: {leaf.name}, seeds: {', '.join(seed.kind for seed in seeds)}", flush=True)
        print("\n".join(run.funnel.lines()))
        for rejection in run.rejections:
            print(f"    {rejection.stage}: {rejection.check}: {rejection.reason[:160]!r}")
        for failure in run.failures:
            print(f"    {failure.stage}: {failure.error}: {failure.message[:160]!r}")
        for skip in run.skips:
            print(f"    {skip.stage}: skipped: {skip.reason[:160]!r}")
        print(f"    {run.usage.calls} calls (at most {MOST_CALLS}), {time.monotonic() - start:.0f} s", flush=True)


def _cheapest(config: SkillConfig, leaf: Leaf) -> tuple[list[str], tuple[SeedKind, ...]]:
    """A transformer that suits a leaf, a program if there is one, and the kinds of seed that it takes."""
    if config.transform is None:
        return [], config.seeds
    fit = [name for name in map(short_name, config.transform.agents) if not leaf.passages or name in leaf.passages]
    # a corpus is many documents: none has 300 words
    kinds = {
        name: [kind for kind in config.transform.kinds.get(name, config.seeds) if kind != "corpus"] for name in fit
    }
    fit = [name for name in fit if kinds[name]]
    name = next((name for name in fit if name in PROGRAMS), fit[0])
    return [name], tuple(kinds[name])


def embedded_all(folder: Path) -> None:
    """Five seeds of different kinds through all skills that they suit."""
    library = Library()
    skills = [library.skill(name, NAMES) for name in library.names("skill")]
    options = seed_options(run_config(folder), skills)
    by_kind: dict[str, Seed] = {}
    for item in read_seeds([folder], options):
        if isinstance(item, Seed) and len(item.text) < MOST_CHARS:
            by_kind.setdefault(item.kind, item)
    seeds = list(by_kind.values())[:5]
    print("seeds:", ", ".join(seed.kind for seed in seeds))
    run = run_skill("all", seeds, model="local", choose=1, goals=0, per_seed=3)
    print("\n".join(run.funnel.lines()))
    left = {seed.id for seed in seeds} - _met(run)
    print(f"{len(seeds)} seeds, {len(left)} without an outcome; {run.usage.calls} calls")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["cases"]:
            show_cases()
        case ["fuzz", place]:
            fuzz(Path(place))
        case ["embedded", place, *_]:
            embedded(Path(place))
        case ["embedded-all", place]:
            embedded_all(Path(place))
        case _:
            raise SystemExit(__doc__)
