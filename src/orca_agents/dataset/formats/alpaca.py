"""`alpaca`: instruction, input and output, as Stanford Alpaca had them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orca_agents.dataset.formats.api import Format, JsonMessage, Kind, Style, UnsuitedError, has_calls, marks, turns
from orca_agents.dataset.formats.prompt_completion import one_exchange
from orca_agents.dataset.rows import Row


class AlpacaFormat(Format):
    """{"instruction", "input", "output", "system"?, "history"?}

    What the student reads stands in `instruction` whole, and `input` is empty, as in four of ten rows of Alpaca: our
    questions stand around their passage, and to part them would change the text. A system message is a column of its
    own (LLaMA-Factory reads it). A dialogue is left out, unless its earlier turns are to go into `history`, pairs of
    question and answer: only LLaMA-Factory reads these, others would train on a last turn out of nowhere.
    """

    name = "alpaca"
    about = "`instruction`, an empty `input`, `output`; dialogues only with --history"
    columns: Mapping[str, Kind] = {
        "instruction": "text",
        "input": "text",
        "output": "text",
        "system": "text",
        "history": "pairs",
    }
    has_tools = False
    options = frozenset(("history", "parquet"))
    marks_unlearnt = False

    def plainness(self, row: Row, style: Style) -> int:
        messages = turns(row, style)
        has_system, has_history = messages[0]["role"] == "system", len(messages) > 3
        return 2 - int(has_system) - int(has_history)

    def columns_of(self, style: Style) -> Mapping[str, Kind]:
        return {name: kind for name, kind in self.columns.items() if style.history or name != "history"}

    def convert(self, row: Row, style: Style, rejected: Sequence[Row] = ()) -> Iterator[Row]:
        messages = _exchanges(row, style) if style.history else one_exchange(row, style)
        system = [message["content"] for message in messages if message["role"] == "system"]
        *earlier, question, answer = [message["content"] for message in messages if message["role"] != "system"]
        yield {
            **marks(row, style),
            "instruction": question,
            "input": "",
            "output": answer,
            **({"system": system[0]} if system else {}),
            **({"history": [list(pair) for pair in zip(earlier[::2], earlier[1::2], strict=True)]} if earlier else {}),
        }


def _exchanges(row: Row, style: Style) -> list[JsonMessage]:
    if has_calls(row):
        raise UnsuitedError("it has tools, which have no place in this format")
    messages = turns(row, style)
    roles = [message["role"] for message in messages if message["role"] != "system"]
    if roles != ["user", "assistant"] * (len(roles) // 2):
        raise UnsuitedError("its turns do not alternate, which `history` asks for")
    return messages
