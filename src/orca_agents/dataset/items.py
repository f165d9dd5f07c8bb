"""What an item asks and what it shows, by its row."""

from __future__ import annotations

from collections.abc import Iterator

from orca_agents.dataset.rows import Row
from orca_agents.duplicates.texts import ItemText, item_text
from orca_agents.records import PLAYED_FORMS


def item_of(row: Row) -> ItemText:
    """What is compared of a row with other rows. The turns before the question count as its passage; of a dialogue that
    was played out, all that its user says is the question. A row of a run that was made before examples said what they
    ask is compared by its whole last message, with the words that its skill puts around every question."""
    metadata, passage = row["metadata"], shown_passage(row)
    asked = [text for role, text in _said(row) if role == "user"]
    if passage and asked:
        asked[0] = asked[0].replace(passage, "").strip() or asked[0]
    if metadata.get("form") in PLAYED_FORMS:
        return item_text("\n".join(asked), {}, passage)
    before = "\n\n".join([passage, *asked[:-1]]).strip()
    question = str(metadata.get("question") or "") or "".join(asked[-1:])
    return item_text(question, metadata.get("parts") or {}, before)


def options_of(row: Row) -> int:
    """How many options a row shows; 0 where it has none."""
    return len((row["metadata"].get("parts") or {}).get("options") or ())


def shown_passage(row: Row) -> str:
    """The passage of a row, if its student sees it."""
    passage = str(row["metadata"].get("passage") or "").strip()
    return passage if passage and any(passage in text for role, text in _said(row) if role == "user") else ""


def all_text(row: Row) -> str:
    """Everything that a row would teach: what is said in it, and what is written in calls of tools."""
    texts: list[str] = []
    for message in row["messages"]:
        if isinstance(message, dict):
            texts.append(message["content"] if isinstance(message.get("content"), str) else "")
            for call in message.get("tool_calls") or ():
                texts.append(str((call.get("function") or {}).get("arguments") or ""))
    return "\n\n".join(text for text in texts if text)


def _said(row: Row) -> Iterator[tuple[str, str]]:
    for message in row["messages"]:
        if isinstance(message, dict) and isinstance(message.get("content"), str):
            yield str(message.get("role")), message["content"]
