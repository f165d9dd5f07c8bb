"""`dpo`: the accepted answer beside a wrong one to the same item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orca_agents.dataset.formats.api import Format, Kind, Style, chat, marks
from orca_agents.dataset.formats.preferences import wrong_answers
from orca_agents.dataset.rows import Row


class DpoFormat(Format):
    """{"prompt": [messages], "chosen": [message], "rejected": [message]}: a row for each wrong answer.

    A run has more of them than a dataset, which does not hold what runs rejected.
    """

    name = "dpo"
    about = "`prompt`, `chosen`, `rejected`: the accepted answer and a wrong one that was really given; TRL"
    columns: Mapping[str, Kind] = {"prompt": "chat", "chosen": "chat", "rejected": "chat"}
    has_tools = False  # an example with tools is a dialogue, and nobody leads a dialogue twice
    options = frozenset(("parquet",))
    uses_rejected = True

    def convert(self, row: Row, style: Style, rejected: Sequence[Row] = ()) -> Iterator[Row]:
        *prompt, chosen = chat(row, style)
        for wrong in wrong_answers(row, rejected):
            answer = [{"role": "assistant", "content": wrong}]
            yield {**marks(row, style), "prompt": prompt, "chosen": [chosen], "rejected": answer}

    def counted_as(self, row: Row) -> str:
        return "pairs"
