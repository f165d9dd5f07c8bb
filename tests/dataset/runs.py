"""Folders of runs with examples of our own choosing, as a run leaves them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from orca_agents.outcomes import Example, ExampleMetadata
from orca_agents.records import Message, Usage, Verification, short_hash
from orca_agents.run_folder import write_jsonl
from orca_agents.store import Store

_WORDS = (  # noqa: SIM905  a text reads better than a list
    "harbour lantern quarry meadow cobbler thunder willow granite saddle orchard copper violin beacon parish ferry "
    "kiln barley mason crane tunnel garnet pigeon anvil cellar drover hamlet loom marsh nectar oxen pewter quill "
    "rafter sickle tannery urn vineyard wharf yeoman zephyr bellows cider dairy ember flint glove hinge ivory jetty "
    "kettle ladder mortar needle oatmeal plough quiver ribbon shingle turnip usher velvet walnut yarrow"
).split()


def words(key: object, count: int) -> str:
    """So many words, others for each key."""
    numbers = (int(short_hash(str(key), str(number)), 16) for number in range(count))
    return " ".join(_WORDS[number % len(_WORDS)] for number in numbers)


def example(
    key: object,
    *,
    skill: str = "facts",
    leaf: str = "cause",
    source: str | None = None,
    passage: str | None = None,
    question: str | None = None,
    answer: str = "Because of the flood.\n\nAnswer: the flood",
    metadata: dict[str, Any] | None = None,
    **changes: Any,
) -> Example:
    """An example; what is not given is a passage and a question of its own."""
    passage = f"The {words(('passage', key), 40)}." if passage is None else passage
    question = f"Why did the {words(('question', key), 12)} fail?" if question is None else question
    given: dict[str, Any] = {
        "seed_ids": (short_hash("seed", str(source or key)),),
        "source": f"{key}.md" if source is None else source,
        "source_span": (0, len(passage)),
        "licence": "CC-BY-4.0",
        "language": "en",
        "transformer": "identity",
        "passage": passage,
        "form": "span",
        "reference": ("the flood",),
        "answerable": True,
        "evidence": (),
        "parent_id": None,
        "goal": None,
        "suggestion": None,
        "round": 0,
        "teacher_system": "You are the responder.",
        "models": {"respond": "scripted"},
        "chats": (),
        "usage": Usage(calls=1),
        "verification": Verification(method="programs", verdict="accepted"),
        "question": question,
        "passage_shown": bool(passage),
    }
    messages = (
        Message(role="user", content=f"{passage}\n\n{question}".strip()),
        Message(role="assistant", content=answer),
    )
    fields: dict[str, Any] = {"id": short_hash("example", str(key)), "skill": skill, "leaf": leaf, "messages": messages}
    return Example(**{**fields, **changes}, metadata=ExampleMetadata(**{**given, **(metadata or {})}))


def choice(key: object, letter: str, *, skill: str = "tests", options: int = 4) -> Example:
    """A multiple-choice item without a passage."""
    letters = "ABCDEFGHIJ"[:options]
    texts = tuple(words((key, one), 4) for one in letters)
    shown = "\n".join(f"{one}. {text}" for one, text in zip(letters, texts, strict=True))
    asked = f"Which {words((key, 'q'), 10)}?"
    return example(
        key,
        skill=skill,
        passage="",
        question=f"{asked}\n\n{shown}\n\nGive the letter of the right option.",
        answer=f"So it is {letter}.\n\nAnswer: {letter}",
        metadata={"form": "choice", "reference": (letter,), "question": asked, "parts": {"options": texts}},
    )


def write_run(
    folder: Path, examples: Iterable[Example], *, config_hash: str = "c0ffee", reserve: Sequence[Example] = ()
) -> Path:
    """The folder of a run that has ended with these examples."""
    listed = sorted(examples, key=lambda one: one.id)
    Store.open(folder).close()
    count = write_jsonl(folder / "examples.jsonl", listed)
    if reserve:
        write_jsonl(folder / "reserve.jsonl", reserve)
    write_summary(folder, count + len(reserve), config_hash=config_hash, reserve=len(reserve))
    return folder


def write_summary(folder: Path, accepted: int, *, config_hash: str = "c0ffee", reserve: int = 0) -> None:
    """The summary of a run that has so many examples."""
    summary = {
        "skill": "facts",
        "models": {"all": "scripted"},
        "config_hash": config_hash,
        "reserve": reserve,
        "funnel": {"made": accepted, "accepted": accepted},
        "usage": Usage(calls=accepted).model_dump(),
        "costs": {"total": {"usd": 0.5, "complete": True}},
    }
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")


def rows_of(dataset: Path, split: str = "train") -> list[dict[str, Any]]:
    """All rows of a split."""
    files = sorted((dataset / "data").glob(f"*/{split}.jsonl"))
    return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]


def dropped_of(dataset: Path) -> list[dict[str, Any]]:
    """What was dropped."""
    return [json.loads(line) for line in (dataset / "dropped.jsonl").read_bytes().splitlines()]
