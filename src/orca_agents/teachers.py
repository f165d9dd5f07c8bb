"""The teachers of a run: one for each different model config, connected and probed when the run starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import get_args

from orca_agents.config import ModelConfig, RunConfig, Sampling, StageName
from orca_agents.models import Abilities, Teacher, connect, shown_address
from orca_agents.stages import Role
from orca_agents.store import Store

STAGES: tuple[StageName, ...] = get_args(StageName)


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
        self._found: dict[int, Abilities] = {}
        """What the given teacher objects can do, by their identity: one may speak in several stages."""
        if shared is not None:
            self._connected[config.model.model_dump_json()] = shared

    def addresses(self) -> list[str]:
        """Where seeds are sent, for those teachers that are not in this process."""
        found: list[str] = []
        for stage in STAGES:
            model = self._model(stage)
            if stage in self._given or model.model_dump_json() in self._connected or model.is_local:
                continue
            azure = model.azure.endpoint if model.azure else None
            address = azure or model.base_url or os.environ.get("OPENAI_BASE_URL")
            found.append(shown_address(address) if address else "OpenAI (api.openai.com)")
        return list(dict.fromkeys(found))

    async def roles(self, store: Store) -> dict[StageName, Role]:
        """Connect all, then ask each once what it can do. Raises `TeacherError` before any seed is sent."""
        teachers = {stage: self._given.get(stage) or self._connect(self._model(stage)) for stage in STAGES}
        roles: dict[StageName, Role] = {}
        for stage, teacher in teachers.items():
            own = self._config.roles.get(stage)
            model = self._model(stage)
            abilities = await self._abilities(store, teacher, model)
            sampling = own.sampling if own else Sampling()
            roles[stage] = Role(teacher, model, structured=abilities.json_schema, own_sampling=sampling)
        return roles

    async def close(self) -> None:
        """Free what was connected here."""
        for teacher in self._ours:
            await teacher.close()

    def _model(self, stage: StageName) -> ModelConfig:
        return self._config.roles.get(stage, self._config.model)

    def _connect(self, model: ModelConfig) -> Teacher:
        key = model.model_dump_json()
        if key not in self._connected:
            self._connected[key] = connect(model)
            self._ours.append(self._connected[key])
        return self._connected[key]

    async def _abilities(self, store: Store, teacher: Teacher, model: ModelConfig) -> Abilities:
        """What a teacher can do: found once for a run folder, then remembered there."""
        if teacher not in self._ours:  # an object that was given may be another one next time: not noted
            if id(teacher) not in self._found:
                self._found[id(teacher)] = await teacher.probe()
            return self._found[id(teacher)]
        where = model.model_dump_json(include={"base_url", "azure", "structured"})
        key = f"abilities of {teacher.name} {where}"
        noted = store.note(key)
        if noted is None:
            abilities = await teacher.probe()
            store.set_note(key, abilities.model_dump())
        else:
            abilities = Abilities.model_validate(noted)
        if model.structured != "auto":
            return Abilities(json_schema=model.structured == "json_schema")
        return abilities
