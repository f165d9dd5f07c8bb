"""`agentinstruct`: the layout of the released AgentInstruct data, for who compares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from orca_agents.dataset.formats.api import Format, Kind, Style, as_json, marks, turns
from orca_agents.dataset.rows import Row

RELEASED_SPLITS: Mapping[str, str] = MappingProxyType(
    {
        "analytical_reasoning": "analytical_reasoning",
        "brain_teaser": "brain_teaser",
        "coding": "code_",
        "conversation": "follow_up",
        "creative_content_generation": "creative_content",
        "data_to_text": "struct2text_flow",
        "fermi": "fermi",
        "few_shot_reasoning": "fs_cot_flow",
        "multiple_choice_questions": "mcq",
        "open_domain_question_answering": "open_domain_qa",
        "reading_comprehension": "rc",
        "retrieval_augmented_generation": "rag",
        "text_classification": "text_classification",
        "text_extraction": "text_extraction",
        "text_modification": "text_modification",
        "tool_use": "tool_use",
        "web_agent": "webagent_flow",
    }
)
"""Skill -> its split in microsoft/orca-agentinstruct-1M-v1; the last two were in its first upload only."""


class AgentInstructFormat(Format):
    """A folder with a split for each skill, named as in the release; one column `messages`, a JSON text: a list of
    {role, content} that begins with a system message, often an empty one. Columns of metadata come only when asked for.

    The release has no tools. Ours are put as JSON into the system message, below its text; calls and results keep the
    keys of chat endpoints. So nothing is lost, and who reads role and content alone finds both everywhere.
    """

    name = "agentinstruct"
    about = "a folder in the layout of the released AgentInstruct data: a split for each skill, chats as JSON texts"
    columns: Mapping[str, Kind] = {"messages": "text"}
    has_tools = False
    metadata = ("none", "ids", "full")
    options = frozenset(("parquet",))
    is_folder = True
    marks_unlearnt = False

    def convert(self, row: Row, style: Style, rejected: Sequence[Row] = ()) -> Iterator[Row]:
        messages = turns(row, style)
        system = messages.pop(0)["content"] if messages[0]["role"] == "system" else ""
        if row.get("tools"):
            system = f"{system}\n\n{as_json(row['tools'])}".lstrip("\n")
        yield {**marks(row, style), "messages": as_json([{"role": "system", "content": system}, *messages])}

    def file_of(self, row: Row) -> str:
        skill = str(row["skill"])
        # `datasets` reads none of a folder that has a split with other signs in its name, and a file must be no path
        return RELEASED_SPLITS.get(skill) or re.sub(r"\W", "_", skill) or "_"
