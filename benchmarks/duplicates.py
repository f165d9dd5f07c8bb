"""How quick the index of copies is, how much memory it takes, and what its candidates miss.

python benchmarks/duplicates.py [--items 20000] [--memory] [--recall 4000]

The items are made up, the same in each run: words of a Zipf distribution, with what makes such an index slow. A third
of the items asks one of ten questions about passages of their own; a hundredth asks about one single passage; a
twentieth is one text with other numbers. One in ten is a copy that was planted: the same words, or a twelfth of them
edited.
`--recall` compares the candidates with all pairs.
"""

from __future__ import annotations

import argparse
import itertools
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from orca_agents.duplicates.coding import coded
from orca_agents.duplicates.index import CopyIndex
from orca_agents.duplicates.rouge import rouge_l
from orca_agents.duplicates.signing import question_keys, sign_question
from orca_agents.duplicates.texts import ItemText

PASSAGE_WORDS = 150
GENERIC = 10


class Made(NamedTuple):
    """An item, and the id of the one that it is a copy of."""

    id: str
    item: ItemText
    planted: str | None


class Words:
    """Words as texts have them: some often, most of them rarely."""

    def __init__(self, seed: int, vocabulary: int = 50_000) -> None:
        self.random = random.Random(seed)
        letters = "aeioulnrstbcdfgm"
        self.known = ["".join(self.random.choices(letters, k=2 + rank.bit_length() // 2)) for rank in range(vocabulary)]
        self.weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(vocabulary)))

    def draw(self, count: int) -> list[str]:
        """Some words."""
        return self.random.choices(self.known, cum_weights=self.weights, k=count)

    def edit(self, words: list[str], share: float) -> list[str]:
        """A text with a share of its words replaced, dropped or with another one after it."""
        edited = []
        for word in words:
            if self.random.random() >= share:
                edited.append(word)
            elif (kind := self.random.randrange(3)) == 0:
                edited += self.draw(1)
            elif kind == 1:
                edited += [word, *self.draw(1)]
        return edited


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--memory", action="store_true", help="without a file")
    parser.add_argument("--recall", type=int, metavar="ITEMS", help="measure what the candidates miss instead")
    arguments = parser.parse_args()
    if arguments.recall:
        recall(arguments.recall)
    else:
        with tempfile.TemporaryDirectory() as folder:
            speed(arguments.items, None if arguments.memory else Path(folder) / "copies.sqlite")


def speed(items: int, path: Path | None) -> None:
    """Sift made-up items, and print what was found, how long it took and what it needed."""
    before = _peak_mb()
    planted = found = alarms = 0
    wall = processor = slowest = 0.0
    with CopyIndex.open(path) as index:
        for number, made in enumerate(make_items(items), start=1):
            started, used = time.perf_counter(), time.process_time()
            copy = index.find(made.item)
            if copy is None:
                index.add(made.id, made.item)
            spent = time.perf_counter() - started
            wall += spent
            processor += time.process_time() - used
            slowest = max(slowest, spent)
            planted += made.planted is not None
            found += made.planted is not None and copy is not None
            alarms += made.planted is None and copy is not None
            if number % 100_000 == 0:
                print(f"{number:>9,} items: {wall:7.1f} s, {processor:7.1f} s of CPU, {_peak_mb():5.0f} MB", flush=True)
        size = path.stat().st_size / 1e6 if path is not None else 0
        print(f"{items:,} items, {len(index):,} kept, {'in memory' if path is None else 'in a file'}")
    print(f"time                   {wall:10.1f} s, {1e6 * wall / items:.0f} us an item")
    print(f"  of the processor     {processor:10.1f} s, {1e6 * processor / items:.0f} us an item")
    print(f"  the slowest item     {1000 * slowest:10.1f} ms")
    print(f"peak memory            {_peak_mb():10.0f} MB, {before:.0f} of them before")
    print(f"file                   {size:10.0f} MB")
    print(f"planted copies found   {found:10,} of {planted:,} ({found / planted:.1%})")
    print(f"others called copies   {alarms:10,} of {items - planted:,}")


def make_items(count: int) -> Iterator[Made]:
    """Made-up items, the same each time."""
    words = Words(seed=1)
    generic = [" ".join(words.draw(9)) for _ in range(GENERIC)]
    shared = " ".join(words.draw(PASSAGE_WORDS))
    recent: list[Made] = []
    for number in range(count):
        kind = words.random.random()
        planted = None
        if kind < 0.1 and recent:
            original = words.random.choice(recent)
            planted, item = original.id, _copied(original.item, words)
        elif kind < 0.43:
            item = ItemText(words.random.choice(generic), " ".join(words.draw(PASSAGE_WORDS)))
        elif kind < 0.44:
            item = ItemText(" ".join(words.draw(20)), shared)
        elif kind < 0.49:
            first, second, third = (words.random.randrange(1000) for _ in range(3))
            item = ItemText(f"Tom has {first} apples and buys {second} more at {third} cents each. What do they cost?")
        else:
            item = ItemText(" ".join(words.draw(words.random.randint(12, 40))))
        made = Made(f"item-{number}", item, planted)
        yield made
        if planted is None and kind >= 0.1:
            if len(recent) < 10_000:
                recent.append(made)
            else:
                recent[words.random.randrange(len(recent))] = made


def _copied(item: ItemText, words: Words) -> ItemText:
    if words.random.random() < 0.5 or item.question.startswith("Tom has"):
        return ItemText(item.question.upper() + " ?", item.passage)
    if item.passage:
        return ItemText(item.question, " ".join(words.edit(item.passage.split(), 1 / 12)))
    return ItemText(" ".join([*words.draw(1), *item.question.split(), *words.draw(1)]))


def recall(items: int) -> None:
    """Compare candidates with all pairs: of the pairs from each ROUGE-L on, how many share a key."""
    words = Words(seed=2)
    originals = [words.draw(words.random.randint(6, 40)) for _ in range(items)]
    edited = [words.edit(original, words.random.uniform(0.02, 0.45)) for original in originals]
    kept = [coded(text) for text in originals]
    asked = [coded(text) for text in edited]
    under: dict[int, set[int]] = {}
    for number, text in enumerate(kept):
        for key in question_keys(sign_question(text), 0):
            under.setdefault(key, set()).add(number)
    pairs: dict[float, list[bool]] = {}
    candidates = 0
    for text in asked:
        found = set().union(*(under.get(key, set()) for key in question_keys(sign_question(text), 0)))
        candidates += len(found)
        for number, other in enumerate(kept):
            score = rouge_l(text, other, 0.7)
            if score:
                pairs.setdefault(min(0.95, int(score * 20) / 20), []).append(number in found)
    everything = list(itertools.chain.from_iterable(pairs.values()))
    print(f"{items:,} items, {len(everything):,} pairs of ROUGE-L 0.7 or more by brute force")
    print(
        f"candidates hold {sum(everything) / len(everything):.3f} of them; {candidates / items:.2f} candidates an item"
    )
    for least in sorted(pairs):
        hits = pairs[least]
        print(f"  {least:.2f} to {least + 0.05:.2f}   {sum(hits) / len(hits):.3f} of {len(hits):,}")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
