"""Play a dialogue: each part in a chat of its own, led by a program that says whose turn it is."""

from __future__ import annotations

from dataclasses import replace

from orca_agents.chats import Chat, Step
from orca_agents.config import short_name
from orca_agents.dialogues.api import ASSISTANT, Ask, Dialogue, Ended, Taken
from orca_agents.errors import ConfigError
from orca_agents.records import Instruction, Seed
from orca_agents.stages.studio import Studio

KNOWN = ("passage", "question", "brief")
"""What of an item a part may be told; a dialogue leaves out what is not for it."""


async def play(
    studio: Studio, seed: Seed, instruction: Instruction, dialogue: Dialogue, path: str
) -> tuple[Ended, tuple[str, ...]]:
    """Play it to its end; what came of it, and the ids of its chats. Raises `ChatError`."""
    leaf = studio.skill.config.leaf(instruction.leaf)
    chats: dict[str, Chat] = {}
    taken: list[Taken] = []
    while True:
        turn = dialogue.next(instruction, leaf, taken)
        if isinstance(turn, Ended):
            return turn, tuple(chat.id for chat in chats.values())
        agent = _agent_of(studio, turn.part)
        says = turn.says
        if turn.part not in chats:
            known = dict.fromkeys(KNOWN, "") | dialogue.knows(turn.part, instruction, leaf)
            variables = studio.variables(seed, leaf=leaf, **known)
            chats[turn.part] = studio.chat("respond", f"{path}/{turn.part}", seed, [agent], variables)
            says = f"{studio.task(agent, variables)}\n\n{says}".strip()
        taken.append(Taken(turn.part, await _take(studio, chats[turn.part], agent, replace(turn, says=says))))


async def _take(studio: Studio, chat: Chat, agent: str, turn: Ask) -> object:
    step = Step(short_name(agent), turn.says, form=turn.form, build=turn.read)
    return await studio.ask(chat, step)


def _agent_of(studio: Studio, part: str) -> str:
    stage = studio.skill.config.respond
    if part == ASSISTANT:
        return stage.agents[0]
    if part not in stage.roles:
        raise ConfigError(f"skill {studio.skill.name!r}: `roles` of `respond` names no agent for the part {part!r}")
    return stage.roles[part]
