"""`messages`: whole chats, as TRL and most other trainers read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orca_agents.dataset.formats.api import Format, Kind, Style, chat, marks, tools_of
from orca_agents.dataset.rows import Row


class MessagesFormat(Format):
    """{"messages": [{"role", "content"}, ...], "tools"?}

    Trainers that learn every turn of the assistant also learn those that are part of a question: no key for that is
    read by all. The recipe of `orca-agents recipe` and the formats openai and prompt-completion leave them unlearnt.
    """

    name = "messages"
    about = "whole chats in a column `messages`, tools as JSON text in `tools`: TRL and most other trainers"
    columns: Mapping[str, Kind] = {"messages": "chat"}
    options = frozenset(("arguments", "parquet"))
    marks_unlearnt = False

    def convert(self, row: Row, style: Style, rejected: Sequence[Row] = ()) -> Iterator[Row]:
        yield {**marks(row, style), "messages": chat(row, style), **tools_of(row)}
