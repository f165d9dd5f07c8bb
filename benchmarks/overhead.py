"""What a call costs this project beside plain AsyncOpenAI and a bare aiohttp loop: CPU per call, calls per second.

    python -m benchmarks.overhead [--calls 4000] [--in-flight 50 500] [--latency 0.1] [--rounds 3]

Each chat has four agents who speak once (a writer, a critic, an editor, a responder), each of them hears the earlier
ones, and each hands in a JSON object. Chats run as a run has them: prompts are rendered, every reply is committed to a
store on disk before it is used, every transcript is kept, and both the adaptive limits and a budget with caps are on.
The other two send the very same requests, as many at once, and get the same answers from the same server process.

CPU is `time.process_time` of this process: all its threads, the store's too, and not the server. The ways take turns,
and the best round of each counts, as other work on the machine can only add. The garbage collector is set as
`orca-agents run` sets it, for all alike; `--gc 700` leaves it as Python has it, for all alike. The requests of the
other two are kept as JSON text, or this benchmark's own data would burden the collector; to read them takes the other
two some 0.01 ms a call.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import aiohttp
import openai

from benchmarks.server import MODEL, Server, completion
from orca_agents.budget import Budget
from orca_agents.chats import Step
from orca_agents.cli.running import calm_collector
from orca_agents.harvest import Field, Form
from orca_agents.library import Library, Skill
from orca_agents.models.api import Abilities, Reply, Request
from orca_agents.models.dialect import Dialect
from orca_agents.models.replies import read_reply
from orca_agents.records import Seed
from orca_agents.run_config import ModelConfig, Price, RunConfig
from orca_agents.stages.studio import Role, Studio
from orca_agents.store import Store
from orca_agents.teachers import Purse, Teachers
from orca_agents.toolbox.services import Toolbox

SKILL = """\
description: Four agents who write an item together.
agents:
  writer:
    description: writes
    system_message: >-
      You are the writer. You write questions that a careful reader can answer from the passage alone, and that nobody
      can answer without it. Never ask for a date that stands in the first line.
    task: "Write one question about this passage, in {{ language }}.\\n\\n<<<PASSAGE\\n{{ passage }}\\nPASSAGE>>>"
    sampling: {temperature: 0.7, max_tokens: 600}
  critic:
    description: criticises
    system_message: You are the critic. You find what is vague, what is given away, and what has a second answer.
    task: What is the weakest point of this question, and why?
    sampling: {temperature: 0.3, max_tokens: 600}
  editor:
    description: edits
    system_message: You are the editor. You mend the one point that the critic named, and leave the rest as it is.
    task: Carry out what the critic asks for.
    sampling: {temperature: 0.3, max_tokens: 600}
  responder:
    description: responds
    system_message: You are the responder. You answer from the passage alone, and quote the sentence that proves it.
    task: Answer the edited question.
    sampling: {temperature: 0.0, max_tokens: 600}
instruct:
  agents: [writer]
  taxonomy:
    - {name: fact, description: asks for a fact, answer: span}
refine:
  agents: [critic, editor]
  goals:
    - {name: harder, description: makes it harder, edits: question}
respond:
  agents: [responder]
  frames: {any: ["{{ passage }}\\n\\n{{ question }}"]}
verify:
  agents: [responder]
"""
AGENTS = ("writer", "critic", "editor", "responder")
HEARS = {name: frozenset(AGENTS[:number]) for number, name in enumerate(AGENTS)}
FORMS = {
    "writer": Form((Field("question", "the question"), Field("key", "its answer", max_chars=80))),
    "critic": Form((Field("point", "the weakest point"), Field("why", "why it is weak"))),
    "editor": Form((Field("question", "the edited question"), Field("key", "its answer", max_chars=80))),
    "responder": Form((Field("evidence", "the sentence that proves it"), Field("answer", "the answer", max_chars=80))),
}
PASSAGE = (
    "In the valley of mill {number} two brothers built a dam of oak in the spring of a dry year. The wheel turned for "
    "{number} days before the first corn was ground, since the stones had been cut for another mill and did not meet. "
    "A mason from the next valley dressed them anew, and was paid in flour. From then on the mill fed two villages, "
    "and the brothers kept a book in which every sack was noted with the name of its owner, its weight and the toll, "
    "one part in sixteen. When the railway came, cheaper flour came with it; the book of that year is half empty. "
    "A flood took the wheel, and nobody mended it. The younger brother went to the town and sold bread there."
)


Ask = Callable[[int], Awaitable[None]]
"""Holds chat `number`, or sends its requests one after the other."""
Chats = Sequence[Sequence[str]]
"""The bodies of the requests of each chat, as JSON."""


class Cost(NamedTuple):
    """What one round took."""

    cpu_ms: float
    """Of this process, per call."""
    per_second: float
    most_in_flight: int
    """As the server saw it."""


@dataclass
class Rehearsal:
    """A `Teacher` that answers at once what the server would, and keeps what it would have been sent."""

    bodies: list[str]
    name: str = MODEL
    is_local: bool = True
    is_demo: bool = False

    async def complete(self, request: Request) -> Reply:
        """The server's answer."""
        body = Dialect.of(request.model).body(request)
        self.bodies.append(json.dumps(body))
        return read_reply(completion(body), model=MODEL, max_tokens=None, latency_s=0.0)

    async def probe(self) -> Abilities:
        """It keeps to schemas."""
        return Abilities(json_schema=True)

    async def close(self) -> None:
        """Nothing to free."""


async def hold_chat(studio: Studio, store: Store, number: int) -> None:
    """Four agents speak once each about passage `number`; what was said is kept when the seed is done."""
    seed = Seed(text=PASSAGE.format(number=number), language="en")
    variables = studio.variables(seed, passage=seed.text)
    chat = studio.chat("instruct", "identity/fact", seed, AGENTS, variables, HEARS)
    for agent in AGENTS:
        others = AGENTS[1:] if agent == AGENTS[0] else ()
        await studio.ask(chat, Step(agent, studio.task(agent, variables), also=others, form=FORMS[agent]))
    await store.save_outcomes(f"{number:016x}", "benchmark", [], chats=[chat.transcript])


async def rehearse(skill: Skill, numbers: range) -> Chats:
    """The requests of these chats, in their order."""
    chats = []
    for number in numbers:
        teacher = Rehearsal([])
        with Store.in_memory() as store:
            role = Role(teacher, ModelConfig(model=MODEL), structured=True)
            await hold_chat(_studio(skill, role, store), store, number)
        chats.append(teacher.bodies)
    return chats


@asynccontextmanager
async def chats_of_ours(skill: Skill, address: str, in_flight: int, folder: Path) -> AsyncIterator[Ask]:
    """Group chats as a run has them."""
    model = ModelConfig(model=MODEL, base_url=address, concurrency=in_flight, price=Price(prompt=1.0, completion=2.0))
    config = RunConfig(skill=skill.name, seeds=("-",), model=model, max_usd=1e6, max_tokens=10**12)
    teachers = Teachers(config)
    purse = Purse(Budget(max_usd=config.max_usd, max_tokens=config.max_tokens))
    with Store.open(folder) as store:
        try:
            roles = await teachers.roles(store, purse)
            studio = _studio(skill, roles["instruct"], store)
            yield lambda number: hold_chat(studio, store, number)
        finally:
            await teachers.close()


@asynccontextmanager
async def plain_openai(chats: Chats, address: str) -> AsyncIterator[Ask]:
    """`chat.completions.create` of the openai package, as its documentation shows it."""
    timeout = openai.Timeout(600, connect=600)  # its own 5 s for a connection are too few for 500 at once
    async with openai.AsyncOpenAI(base_url=address, api_key="none", timeout=timeout, max_retries=0) as client:

        async def ask(number: int) -> None:
            for body in chats[number]:
                reply = await client.chat.completions.create(**json.loads(body))
                json.loads(reply.choices[0].message.content or "")

        yield ask


@asynccontextmanager
async def bare_aiohttp(chats: Chats, address: str, in_flight: int) -> AsyncIterator[Ask]:
    """JSON out, JSON in."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)) as session:

        async def ask(number: int) -> None:
            for body in chats[number]:
                async with session.post(f"{address}/chat/completions", json=json.loads(body)) as response:
                    reply = await response.json()
                json.loads(reply["choices"][0]["message"]["content"])

        yield ask


async def measure(ask: Ask, warm_up: range, numbers: range, in_flight: int, server: Server) -> Cost:
    """Have the chats of `numbers`, so many at once, after those of `warm_up`."""
    await _all(ask, warm_up, in_flight)
    server.counts()
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    await _all(ask, numbers, in_flight)
    cpu, took = time.process_time() - cpu, time.perf_counter() - began
    counts = server.counts()
    calls = len(numbers) * len(AGENTS)
    if counts.calls != calls:
        raise RuntimeError(f"the server was asked {counts.calls} times, not {calls}")
    return Cost(1e3 * cpu / calls, calls / took, counts.most_in_flight)


async def _all(ask: Ask, numbers: range, in_flight: int) -> None:
    left = iter(numbers)

    async def work() -> None:
        for number in left:
            await ask(number)

    await asyncio.gather(*(work() for _ in range(in_flight)))


def _studio(skill: Skill, role: Role, store: Store) -> Studio:
    return Studio(skill, {"instruct": role}, store, lambda _: None, Toolbox({}))


def main() -> None:
    """Measure every way in turn, and print a table for each number in flight."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=4000, help="calls to measure, each round and way")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[50, 500])
    parser.add_argument("--latency", type=float, default=0.1, help="of the server, in seconds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gc", type=int, metavar="N", help="threshold of the youngest generation, for all ways")
    options = parser.parse_args()
    if options.gc:
        gc.set_threshold(options.gc)
    else:
        calm_collector()
    with tempfile.TemporaryDirectory() as folder, Server() as server:
        server.set_latency(options.latency)
        skill = _skill(Path(folder))
        print(f"latency of the server {options.latency} s, garbage collector {gc.get_threshold()}")
        for in_flight in options.in_flight:
            costs = asyncio.run(
                compare(skill, server, options.calls // len(AGENTS), in_flight, options.rounds, Path(folder))
            )
            print_table(costs, in_flight)


async def compare(
    skill: Skill, server: Server, chats: int, in_flight: int, rounds: int, folder: Path
) -> dict[str, list[Cost]]:
    """The costs of each way, round by round."""
    warm_up = range(max(in_flight, 500))
    numbers = range(warm_up.stop, warm_up.stop + chats)
    bodies = await rehearse(skill, range(numbers.stop))
    costs: dict[str, list[Cost]] = {}
    for turn in range(rounds):
        ways = {
            "orca-agents": chats_of_ours(skill, server.address, in_flight, folder / f"{in_flight}-{turn}"),
            "plain AsyncOpenAI": plain_openai(bodies, server.address),
            "bare aiohttp": bare_aiohttp(bodies, server.address, in_flight),
        }
        for name, way in ways.items():
            async with way as ask:
                cost = await measure(ask, warm_up, numbers, in_flight, server)
            costs.setdefault(name, []).append(cost)
    return costs


def print_table(costs: dict[str, list[Cost]], in_flight: int) -> None:
    """One line for each way; the ratio is that of CPU per call to plain AsyncOpenAI's."""
    print(
        f"\n{f'{in_flight} at once':20} {'CPU ms/call':>11} {'ratio':>6} {'calls/s':>8} {'most in flight':>15}   rounds"
    )
    base = min(cost.cpu_ms for cost in costs["plain AsyncOpenAI"])
    for name, rounds in costs.items():
        best = min(cost.cpu_ms for cost in rounds)
        speed = max(cost.per_second for cost in rounds)
        most = max(cost.most_in_flight for cost in rounds)
        each = " ".join(f"{cost.cpu_ms:.2f}" for cost in rounds)
        print(f"{name:20} {best:11.2f} {best / base:6.2f} {speed:8.0f} {most:15}   {each}", flush=True)


def _skill(folder: Path) -> Skill:
    """The skill of the benchmark, read from a file as any other."""
    path = folder / "skill.yaml"
    path.write_text(SKILL, encoding="utf-8")
    return Library().skill(str(path))


if __name__ == "__main__":
    main()
