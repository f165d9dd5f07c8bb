"""`kto`: answers with a label, right or wrong; they need no partner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orca_agents.dataset.formats.api import Format, Kind, Style, UnsuitedError, chat, marks, tools_of
from orca_agents.dataset.formats.preferences import wrong_answers
from orca_agents.dataset.rows import Row


class KtoFormat(Format):
    """{"prompt": [messages], "completion": [message], "label": true | false, "tools"?}

    Each example gives its accepted answer with `true`, and a row with `false` for each wrong answer to its item.
    """

    name = "kto"
    about = "`prompt`, `completion`, `label`: every accepted answer, and the wrong ones that there are; TRL"
    columns: Mapping[str, Kind] = {"prompt": "chat", "completion": "chat", "label": "flag"}
    options = frozenset(("arguments", "parquet"))
    uses_rejected = True

    def convert(self, row: Row, style: Style, rejected: Sequence[Row] = ()) -> Iterator[Row]:
        *prompt, accepted = chat(row, style)
        same = {**marks(row, style), "prompt": prompt}
        yield {**same, "completion": [accepted], "label": True, **tools_of(row)}
        try:
            wrong = wrong_answers(row, rejected)
        except UnsuitedError:
            return
        for text in wrong:
            yield {**same, "completion": [{"role": "assistant", "content": text}], "label": False, **tools_of(row)}

    def counted_as(self, row: Row) -> str:
        return "right answers" if row["label"] else "wrong answers"
