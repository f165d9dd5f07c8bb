"""The teachers of a run: one for each different model config, connected and probed before anything else is sent."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import urlsplit

from orca_agents.budget import Budget, require_prices
from orca_agents.config import Sampling, StageName
from orca_agents.errors import StoreError
from orca_agents.models import Abilities, Reply, Request, Teacher, connect, shown_address
from orca_agents.models.api import CallKey, Purpose
from orca_agents.models.limits import Limits
from orca_agents.models.prices import FREE, cost_of, dearest, price_of
from orca_agents.records import short_hash
from orca_agents.run_config import ModelConfig, Price, RunConfig
from orca_agents.spending import Halt, Meter, PaidTeacher
from orca_agents.stages import Role
from orca_agents.store import Store

STAGES: tuple[StageName, ...] = get_args(StageName)


@dataclass
class Purse:
    """What all teachers of a run share: its caps, its counts, its limits, and whether it goes on."""

    budget: Budget
    meter: Meter = field(default_factory=Meter)
    halt: Halt = field(default_factory=Halt)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.halt.told.append(self.limits.trip)


@dataclass(frozen=True)
class RecordedTeacher:
    """A `Teacher` that is not there: all that it ever said is on record."""

    name: str
    is_local: bool
    is_demo: bool

    async def complete(self, request: Request) -> Reply:
        """Raises `StoreError`: whoever asks has looked into the record before."""
        raise StoreError(f"a call to {request.model} is not on record: {request.messages[-1]['content'][:80]!r} ...")

    async def probe(self) -> Abilities:
        """Raises `StoreError`, as `complete`."""
        raise StoreError("a replay asks nobody")

    async def close(self) -> None:
        """Nothing to free."""


class Teachers:
    """Who speaks in which stage. `shared` stands for the model of the whole run, `given` for those of single stages;
    what is not given is connected here, and closed here."""

    def __init__(
        self, config: RunConfig, shared: Teacher | None = None, given: Mapping[StageName, Teacher] | None = None
    ) -> None:
        self._config = config
        self._given = given or {}
        self._connected: dict[str, Teacher] = {}
        self._ours: list[Teacher] = []
        self._knocking: list[asyncio.Future[None]] = []
        self._found: dict[int, Abilities] = {}
        """What teachers can do that were asked in this run, by their identity: one may speak in several stages."""
        if shared is not None:
            self._connected[config.model.model_dump_json()] = shared
        require_prices(config.max_usd, [(self._model(stage), self.price(stage)) for stage in STAGES])

    @property
    def given(self) -> list[str]:
        """Names of the teacher objects that stand for a config."""
        objects = [*self._given.values(), *(it for it in self._connected.values() if it not in self._ours)]
        return sorted({teacher.name for teacher in objects})

    def addresses(self) -> list[str]:
        """Where seeds are sent, for those teachers that are not in this process."""
        found: list[str] = []
        for stage in STAGES:
            model = self._model(stage)
            if self._is_given(stage) or model.is_local:
                continue
            azure = model.azure.endpoint if model.azure else None
            address = azure or model.base_url or os.environ.get("OPENAI_BASE_URL")
            if address and _is_here(address):
                continue
            found.append(shown_address(address) if address else "OpenAI (api.openai.com)")
        return list(dict.fromkeys(found))

    def price(self, stage: StageName) -> Price | None:
        """What the teacher of a stage costs; `None` where that is not known."""
        model = self._model(stage)
        teacher = self._given.get(stage) or self._connected.get(model.model_dump_json())
        if teacher is not None and model.price is None and teacher not in self._ours:
            return FREE if teacher.is_local else None
        return price_of(model)

    def prices(self) -> dict[str, Price | None]:
        """The price of each model of the run, by the name that is asked for; the dearest of each kind of token where
        two places have it at different prices, since what was bought is on record by name."""
        prices: dict[str, Price | None] = {}
        for stage in STAGES:
            name, price = self._model(stage).model, self.price(stage)
            known = prices.setdefault(name, price)
            if known is None or price is None:
                prices[name] = None
            else:
                prices[name] = dearest(known, price)
        return prices

    async def roles(self, store: Store, purse: Purse) -> dict[StageName, Role]:
        """Connect all, then ask each once what it can do. Raises `TeacherError` before any seed is sent.

        What is known from an earlier run of the folder is not asked again until a call has to be made.
        """
        teachers = {
            stage: self._given.get(stage) or self._connect(self._model(stage), purse.limits) for stage in STAGES
        }
        doors: dict[int, Callable[[], Awaitable[None]]] = {}
        roles: dict[StageName, Role] = {}
        for stage, teacher in teachers.items():
            own = self._config.roles.get(stage)
            model = self._model(stage)
            abilities, knock = await self._abilities(store, purse, teacher, model, self.price(stage))
            if knock is not None:
                doors.setdefault(id(teacher), _once(knock, self._knocking))
            paid = PaidTeacher(
                teacher, self.price(stage), purse.budget, purse.meter, purse.halt, doors.get(id(teacher), _open)
            )
            sampling = own.sampling if own else Sampling()
            can = {"structured": abilities.json_schema, "native_tools": bool(abilities.tools)}
            roles[stage] = Role(paid, model, **can, own_sampling=sampling)
            who = {name: getattr(teacher, name) for name in ("name", "is_local", "is_demo")}
            store.set_note(f"teacher of {stage}", {**who, **can})
        return roles

    def recorded_roles(self, store: Store) -> dict[StageName, Role]:
        """The same speakers, of whom nothing is asked: every reply has to be on record. Raises `StoreError`."""
        roles: dict[StageName, Role] = {}
        for stage in STAGES:
            noted = store.note(f"teacher of {stage}")
            if noted is None:
                raise StoreError("the run folder does not say who its teachers were: its run never began")
            own = self._config.roles.get(stage)
            teacher = RecordedTeacher(noted["name"], noted["is_local"], noted["is_demo"])
            sampling = own.sampling if own else Sampling()
            can = {name: noted[name] for name in ("structured", "native_tools")}
            roles[stage] = Role(teacher, self._model(stage), **can, own_sampling=sampling)
        return roles

    async def close(self) -> None:
        """Free what was connected here."""
        for knocking in self._knocking:
            knocking.cancel()
        await asyncio.gather(*self._knocking, return_exceptions=True)
        for teacher in self._ours:
            await teacher.close()

    def _is_given(self, stage: StageName) -> bool:
        return stage in self._given or self._model(stage).model_dump_json() in self._connected

    def _model(self, stage: StageName) -> ModelConfig:
        return self._config.roles.get(stage, self._config.model)

    def _connect(self, model: ModelConfig, limits: Limits) -> Teacher:
        key = model.model_dump_json()
        if key not in self._connected:
            self._connected[key] = connect(model, limits)
            self._ours.append(self._connected[key])
        return self._connected[key]

    async def _abilities(
        self, store: Store, purse: Purse, teacher: Teacher, model: ModelConfig, price: Price | None
    ) -> tuple[Abilities, Callable[[], Awaitable[None]] | None]:
        """What a teacher can do, found once for a run folder and remembered there; and what is to be done before its
        first call if it was remembered: it may have another key today, or be gone."""
        where = model.model_dump_json(include={"base_url", "azure", "structured"})
        key = f"abilities of {teacher.name} {where}"

        async def probe() -> Abilities:
            abilities = self._found[id(teacher)] = await teacher.probe()
            if teacher in self._ours:  # an object that was given may be another one next time: not noted
                store.set_note(key, abilities.model_dump())
            if abilities.attempts:
                call = CallKey("", "probe", time.time_ns(), short_hash(key))
                spent = Reply(text="", usage=abilities.usage, attempts=abilities.attempts)
                await store.record(call, Purpose(model.model, "probe", "", ""), {}, spent)
                purse.meter.add(model.model, spent, price)
                purse.budget.take_over(spent.usage, cost_of(price, spent.usage) if price is not None else 0.0)
            return abilities

        async def knock() -> None:
            await probe()

        noted = store.note(key) if teacher in self._ours else None
        asked = id(teacher) in self._found
        if asked:
            abilities = self._found[id(teacher)]
        else:
            abilities = await probe() if noted is None else Abilities.model_validate(noted)
        if teacher in self._ours and model.structured != "auto":
            abilities = abilities.model_copy(update={"json_schema": model.structured == "json_schema"})
        if model.tool_calls != "auto":
            abilities = abilities.model_copy(update={"tools": model.tool_calls == "native"})
        return abilities, None if asked or noted is None else knock


def _is_here(address: str) -> bool:
    """Whether an address is on this very machine."""
    host = urlsplit(address).hostname or ""
    return host == "localhost" or host == "::1" or re.fullmatch(r"127\.\d+\.\d+\.\d+", host) is not None


async def _open() -> None:
    """Nothing is to be done before the first call."""


def _once(knock: Callable[[], Awaitable[None]], begun: list[asyncio.Future[None]]) -> Callable[[], Awaitable[None]]:
    """Done by the first who comes, and noted in `begun`; the others wait for it. If it fails, it fails for all."""
    doing: asyncio.Future[None] | None = None

    async def pass_through() -> None:
        nonlocal doing
        if doing is None:
            doing = asyncio.ensure_future(knock())
            begun.append(doing)
        if not doing.done():
            await asyncio.shield(doing)
        doing.result()

    return pass_through
