"""Group neighbouring documents into seeds of the kind `corpus`, for skills that answer from several sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from orca_agents.outcomes import Skip
from orca_agents.records import Seed, short_hash
from orca_agents.seeds.chunking import count_words

MOST_DOCUMENTS = 6
"""In one corpus seed."""
FEWEST_DOCUMENTS = 3


def with_corpora(items: Iterable[Seed | Skip], most_words: int) -> Iterator[Seed | Skip]:
    """All of them, and after each group of texts of one place (a folder, or one long document) a seed that holds them
    together, of at most `most_words` words."""
    group: list[Seed] = []
    words = 0.0
    for item in items:
        if isinstance(item, Seed) and item.kind in ("text", "math"):
            count = count_words(item.text)
            full = len(group) >= MOST_DOCUMENTS or words + count > most_words
            if group and (full or _place(item) != _place(group[-1]) or item.language != group[-1].language):
                yield from _corpus(group)
                group, words = [], 0.0
            group.append(item)
            words += count
        yield item
    yield from _corpus(group)


def _place(seed: Seed) -> str:
    """Where a seed belongs: the folder that its file is in."""
    return str(PurePath(seed.source).parent) if seed.source != "(text)" else seed.source


def _corpus(group: Sequence[Seed]) -> Iterator[Seed]:
    if len(group) < FEWEST_DOCUMENTS:
        return
    documents = [
        f"Document Id: {number}\nTitle: {seed.title or PurePath(seed.source).stem}\n\n{seed.text.strip()}"
        for number, seed in enumerate(group, 1)
    ]
    licences = {seed.licence for seed in group}
    yield Seed(
        text="\n\n".join(documents),
        id=short_hash("corpus", *(seed.id for seed in group)),
        kind="corpus",
        source=_place(group[0]),
        title=None,
        licence=licences.pop() if len(licences) == 1 else None,
        language=group[0].language,
        flags=tuple(dict.fromkeys(flag for seed in group for flag in seed.flags)),
        metadata={
            "documents": [
                {"id": number, "seed_id": seed.id, "source": seed.source, "title": seed.title, "licence": seed.licence}
                for number, seed in enumerate(group, 1)
            ]
        },
    )
