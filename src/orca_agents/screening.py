"""What need not be bought: copies of what the run has accepted before, and items of benchmarks."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from orca_agents.contamination import BenchmarkIndex
from orca_agents.costs import CostReport
from orca_agents.duplicates.alike import compare_items
from orca_agents.duplicates.index import CopyIndex
from orca_agents.duplicates.texts import ItemText, item_text
from orca_agents.models.api import ToolKey
from orca_agents.models.client import CallRecord
from orca_agents.outcomes import ExampleMetadata
from orca_agents.records import Instruction, Seed, ToolCall
from orca_agents.store import Count

NEAR_DUPLICATE = "near_duplicate"
"""What a copy is called among the checks."""
IN_BENCHMARK = "in_benchmark"
FILE_NAME = "duplicates.sqlite"
"""In the run folder while the run goes on: so that memory does not grow with what was accepted."""

LAG_WINDOWS = 4
"""An instruction knows what became of seeds so many windows before its own: with fewer, one slow seed would hold up
all others soon."""

_SHOWN = 160


class Found(NamedTuple):
    """Why an instruction is not worth an answer."""

    check: str
    reason: str


class Screen:
    """What the instructions of a run are compared with before their answers are bought.

    An instruction is compared with the accepted ones of the seeds at least `lag` places before its own, which are
    finished when its seed begins, and with those about the same content whose leaves were drawn before its own: so
    what is found depends on the order of the seeds, never on the order in which answers arrive.
    """

    def __init__(
        self, *, rouge_l: float | None, benchmarks: BenchmarkIndex | None = None, lag: int = 0, path: Path | None = None
    ) -> None:
        """`rouge_l`: from this ROUGE-L on a question is a copy (Self-Instruct, section 2.2, takes 0.7); `None` looks
        for none. `path`: where to keep what was accepted; in memory unless given."""
        self.lag = lag
        self.rouge_l = rouge_l
        self.benchmarks = benchmarks
        self._accepted = None if rouge_l is None else CopyIndex.open(path, rouge_l)
        self._waiting: list[tuple[int, str, ItemText]] = []
        """A heap of what was accepted of late: it is put into the index in the order of the seeds."""

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything. Safe to call twice."""
        for index in (self._accepted, self.benchmarks):
            if index is not None:
                index.close()
        self._accepted = self.benchmarks = None

    def told(self) -> str:
        """Which benchmarks seeds and instructions are held against, in words; empty where there are none."""
        index = self.benchmarks
        if index is None:
            return ""
        known = (f"{one.name} ({one.items:,} item{'' if one.items == 1 else 's'})" for one in index.benchmarks())
        return f"not to be worked on, by {index.path}: {', '.join(known) or 'no benchmark yet'}"

    @property
    def looks_for_copies(self) -> bool:
        """Whether it wants to know what was accepted."""
        return self._accepted is not None

    def take(self, position: int, accepted: Iterable[tuple[str, ItemText]]) -> None:
        """Note the accepted examples (id, text) of the seed at this position, as it begins or ends."""
        if self._accepted is None:
            return
        for id, text in accepted:
            heapq.heappush(self._waiting, (position, id, text))
        while self._waiting and self._waiting[0][0] <= position - self.lag:
            place, id, text = heapq.heappop(self._waiting)
            self._accepted.add(f"{place:012}/{id}", text)

    def refuse(self, seed: Seed) -> str | None:
        """Why a seed is not to be worked on: it holds an item of a benchmark."""
        benchmarks = self.benchmarks  # seeds are read in a thread of their own: it may be closed meanwhile
        hit = benchmarks.find(seed.text) if benchmarks is not None else None
        return None if hit is None else f"it holds an item of {hit.benchmark} ({hit.item}): {_short(hit.text)!r}"

    def find(self, text: ItemText, position: int, siblings: Sequence[ItemText]) -> Found | None:
        """Why an instruction about the seed at this position is not worth an answer, if it is not."""
        shown = "\n".join((text.passage, text.question, text.parts))
        hit = self.benchmarks.find(shown) if self.benchmarks is not None else None
        if hit is not None:
            return Found(IN_BENCHMARK, f"it holds an item of {hit.benchmark} ({hit.item}): {_short(hit.text)!r}")
        if self._accepted is None or self.rouge_l is None:
            return None
        known = position - self.lag
        copy = self._accepted.find(text, among=lambda id: int(id.partition("/")[0]) <= known)
        if copy is not None:
            example = copy.id.partition("/")[2]
            return Found(NEAR_DUPLICATE, f"it repeats the accepted example {example} (likeness {copy.score:.2f})")
        for sibling in siblings:
            if compare_items(text, sibling, self.rouge_l) is not None:
                question = _short(sibling.question)
                return Found(NEAR_DUPLICATE, f"it repeats another question about the same passage: {question!r}")
        return None

    def identity(self) -> dict[str, Any]:
        """What decides what it finds: a part of the hash of a run's config."""
        digest = None if self.benchmarks is None else self.benchmarks.digest
        lag = None if self.rouge_l is None else self.lag  # nothing is compared over it then
        return {"rouge_l": self.rouge_l, "lag": lag, "benchmarks": digest}


@dataclass(frozen=True)
class SeedScreen:
    """The screen of a run, for one seed: what it finds is on record, so that a replay finds the same."""

    screen: Screen
    position: int
    """Of the seed, in the order of the run."""
    record: CallRecord
    seed_id: str
    config_hash: str
    """Of the run: what a run with other settings accepted is not in this one."""
    skill: str

    async def look(self, text: ItemText, path: str, siblings: Sequence[ItemText]) -> Found | None:
        """Why an instruction is not worth an answer, if it is not; from the record, or else found now."""
        asked = json.dumps([self.config_hash, self.skill, text, siblings])
        digest = hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()
        key = ToolKey(self.seed_id, f"{path}/screen", 0, digest)
        call = await self.record.recall_tool(key)
        if call is None:
            found = self.screen.find(text, self.position, siblings)
            call = ToolCall(id="", name="screen", arguments={}, result=json.dumps(found))
            await self.record.record_tool(key, call)
        result = json.loads(call.result)
        return None if result is None else Found(*result)


def text_of(instruction: Instruction, *, passage_shown: bool) -> ItemText:
    """What of an instruction is compared."""
    return item_text(instruction.question, instruction.parts, instruction.content.text if passage_shown else "")


def text_of_example(data: ExampleMetadata, *, passage_shown: bool) -> ItemText:
    """What of an example is compared: the same as of its instruction. `passage_shown` is therefore what its skill says:
    a skill that hides the passage may have it in the question."""
    return item_text(data.question, data.parts, data.passage if passage_shown else "")


def money_saved(counts: Iterable[Count], costs: CostReport) -> str:
    """What was not bought, in words: as many times what an answered instruction cost after it was written, proofs,
    answers and votes together. Empty where nothing was stopped."""
    stopped = answered = 0
    for count in counts:
        if count.label in (NEAR_DUPLICATE, IN_BENCHMARK):
            stopped += count.number
        elif count.type == "Example" or count.stage in _ANSWERING:
            answered += count.number
    if not stopped:
        return ""
    several = "1 instruction was" if stopped == 1 else f"{stopped:,} instructions were"
    told = f"{several} stopped before an answer was bought"
    spent = [cost for stage, cost in costs.stages.items() if stage in _ANSWERING]
    if not answered or not spent:
        return told
    tokens = sum(cost.prompt_tokens + cost.completion_tokens for cost in spent) * stopped / answered
    usd = sum(cost.usd for cost in spent) * stopped / answered
    return f"{told}: about {f'${usd:,.2f}' if usd else f'{tokens:,.0f} tokens'} saved"


_ANSWERING = ("prove", "respond", "verify")


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN else f"{words[: _SHOWN - 3]}..."
