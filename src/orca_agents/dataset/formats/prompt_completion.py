"""`prompt-completion`: what the student is given and what it is to say, apart; as messages or as plain texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orca_agents.dataset.formats.api import (
    Format,
    Kind,
    Style,
    UnsuitedError,
    chat,
    has_calls,
    is_learnt,
    marks,
    tools_of,
    turns,
)
from orca_agents.dataset.rows import Row


class PromptCompletionFormat(Format):
    """{"prompt": [messages], "completion": [one message of the assistant], "tools"?}

    The completion is the last message; with `every_turn` there is a row for each message of the assistant, with all
    that stands before it as the prompt. Turns that are part of the question are never a completion.
    """

    name = "prompt-completion"
    about = "messages in `prompt` and `completion`, the last turn of the assistant: TRL"
    columns: Mapping[str, Kind] = {"prompt": "chat", "completion": "chat"}
    options = frozenset(("arguments", "every_turn", "parquet"))

    def convert(self, row: Row, style: Style, rejected: Sequence[Row] = ()) -> Iterator[Row]:
        messages = chat(row, style)
        last = len(messages) - 1
        for at, message in enumerate(messages):
            if not is_learnt(row, message, is_last=at == last) or (at < last and not style.every_turn):
                continue
            yield {**marks(row, style), "prompt": messages[:at], "completion": [messages[at]], **tools_of(row)}


class PlainPromptCompletionFormat(Format):
    """{"prompt": "...", "completion": "..."}; a system message stands above the prompt, with a blank line between.

    A dialogue cannot be told as two texts without words of ours for its speakers, so it is left out.
    """

    name = "prompt-completion-plain"
    about = "two texts, `prompt` and `completion`, without roles; only examples of one question and one answer"
    columns: Mapping[str, Kind] = {"prompt": "text", "completion": "text"}
    has_tools = False
    options = frozenset(("parquet",))

    def convert(self, row: Row, style: Style, rejected: Sequence[Row] = ()) -> Iterator[Row]:
        *before, question, answer = one_exchange(row, style)
        prompt = "\n\n".join(message["content"] or "" for message in (*before, question))
        yield {**marks(row, style), "prompt": prompt, "completion": answer["content"]}


def one_exchange(row: Row, style: Style) -> list[dict[str, str]]:
    """A system message, if any, a question and an answer. Raises `UnsuitedError` for anything longer."""
    if has_calls(row):
        raise UnsuitedError("it has tools, which have no place in this format")
    messages = turns(row, style)
    if [message["role"] for message in messages if message["role"] != "system"] != ["user", "assistant"]:
        raise UnsuitedError("it has several turns, which have no place in this format")
    return messages
