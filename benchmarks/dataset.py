"""Measure a build of many rows: seconds and peak of memory of each step.

    python benchmarks/dataset.py 10000 100000
    nice python benchmarks/dataset.py 1000000 --folder /big/disk

Rows are made up: four skills, passages of about 110 words, three items on each, three passages to a document; every
tenth item is refined out of another. Copies, items of a benchmark, demo examples and addresses are planted, some of
each. Each number of rows is built in a process of its own, out of two runs, with every step but the one that asks an
endpoint. Told are seconds, those of the CPU apart, for other programs may run meanwhile. A million rows take about 3 GB
for the runs, and as much again for the dataset, in the folder that is given.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from orca_agents.contamination import BenchmarkIndex
from orca_agents.dataset.building import build
from orca_agents.dataset.options import BuildOptions

SKILLS = ("reading_comprehension", "multiple_choice_questions", "open_domain_question_answering", "text_extraction")
LEAVES = ("cause", "builder", "place", "purpose", "sequel")
PER_PASSAGE, PER_DOCUMENT = 3, 9
BENCHMARK_ITEMS = 2000

_ONSETS = (
    "b",
    "br",
    "c",
    "cl",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "r",
    "s",
    "st",
    "t",
    "tr",
)
_ENDS = (
    "ag",
    "al",
    "an",
    "ar",
    "eb",
    "ed",
    "el",
    "en",
    "ib",
    "il",
    "in",
    "ir",
    "ob",
    "ol",
    "on",
    "or",
    "ub",
    "un",
    "ur",
)
WORDS = [f"{a}{b}{c}{d}" for a in _ONSETS for b in _ENDS for c in ("m", "s", "v") for d in ("a", "o", "ey", "ish")]


def make_words(rng: Random, count: int) -> str:
    """So many words of a made-up language."""
    return " ".join(rng.choices(WORDS, k=count))


def make_row(number: int) -> dict[str, Any]:
    """The row of a number: the same one each time."""
    document, passage_number = number // PER_DOCUMENT, number // PER_PASSAGE
    rng, about = Random(number), Random(-1 - passage_number)
    skill = SKILLS[document % len(SKILLS)]
    is_open = skill == "open_domain_question_answering"  # its passages are hidden
    passage = make_words(about, 110).capitalize() + "."
    asked = f"Which {make_words(rng, 14)} of the {make_words(rng, 3)}?"
    planted = rng.random()
    if planted < 0.01 and number >= PER_PASSAGE:  # a copy of the item three places before, on its own passage
        before = make_row(number - PER_PASSAGE)["metadata"]
        passage, asked = passage if is_open else before["passage"], before["question"].replace("?", " ?")
    elif planted < 0.012:
        asked = f"{asked} {benchmark_item(rng.randrange(BENCHMARK_ITEMS))}"
    elif planted < 0.014:
        asked = f"{asked} (Write to {rng.choice(WORDS)}.{rng.choice(WORDS)}@{rng.choice(WORDS)}.org.)"
    refined = number % 10 == 9
    id = hashlib.sha256(f"row {number}".encode()).hexdigest()[:16]
    parent = hashlib.sha256(f"row {number - 1}".encode()).hexdigest()[:16] if refined else None
    letter = "ABCD"[min(3, int(rng.expovariate(0.7)))]
    is_choice = skill == "multiple_choice_questions"
    question, options = asked, [make_words(rng, 4) for _ in "ABCD"] if is_choice else []
    if is_choice:
        asked += "\n\n" + "\n".join(f"{one}. {text}" for one, text in zip("ABCD", options, strict=True))
    answer = f"{make_words(rng, 40).capitalize()}.\n\nAnswer: {letter if is_choice else make_words(rng, 4)}"
    return {
        "id": id,
        "skill": skill,
        "leaf": LEAVES[rng.randrange(len(LEAVES))],
        "messages": [
            {"role": "user", "content": asked if is_open else f"{passage}\n\n{asked}"},
            {"role": "assistant", "content": answer},
        ],
        "metadata": {
            "seed_ids": [f"seed{passage_number}"],
            "source": f"folder/document{document}.md",
            "source_span": [0, len(passage)],
            "licence": ("CC-BY-4.0", "MIT", "CC0-1.0", "CC-BY-SA-4.0")[document % 97 % 4],
            "language": "en",
            "passage": passage,
            "passage_shown": not is_open,
            "question": question,
            "parts": {"options": options} if is_choice else {},
            "form": "choice" if is_choice else "span",
            "reference": [letter],
            "answerable": rng.random() > 0.03,
            "parent_id": parent,
            "goal": "harder" if refined else None,
            "round": int(refined),
            "models": {"respond": "scripted"},
            "verification": {"method": "programs", "verdict": "accepted", "checks": [], "votes": []},
            "demo": rng.random() < 0.001,
        },
    }


def benchmark_item(number: int) -> str:
    """An item of a made-up benchmark."""
    return f"How many {make_words(Random(f'benchmark {number}'), 30)} are left?"


def write_runs(folder: Path, rows: int) -> list[Path]:
    """Two runs: the second one begins with a hundredth of the first."""
    half = rows // 2
    return [
        _write_run(folder / "first", range(half)),
        _write_run(folder / "second", range(half - half // 100, rows - half // 100)),
    ]


def measure(rows: int, folder: Path) -> Iterator[str]:
    """Build, and tell of each step. On Linux the peak of memory is that of the step alone."""
    runs = write_runs(folder, rows)
    items = folder / "benchmark.jsonl"
    items.write_text("".join(json.dumps({"question": benchmark_item(at)}) + "\n" for at in range(BENCHMARK_ITEMS)))
    with BenchmarkIndex.open(folder / "benchmarks.sqlite", create=True) as index:
        index.add("made_up", items, ["question"])
    options = BuildOptions(
        licence="cc-by-sa-4.0",
        benchmarks=folder / "benchmarks.sqlite",
        balance=frozenset(("letter", "leaf")),
        unanswerable=0.02,
    )
    began_at: dict[str, float] = {}
    took: dict[str, tuple[float, float]] = {}

    def end_step() -> None:
        for step in began_at.keys() - took.keys():
            took[step] = (time.process_time() - began_at[step], _peak_since())

    def tell(step: str, done: int, total: int) -> None:
        if step not in began_at:
            end_step()
            print(f"  {time.strftime('%H:%M:%S')} {step}: {total:,} rows", file=sys.stderr, flush=True)
            _forget_peak()
            began_at[step] = time.process_time()

    began = time.perf_counter()
    done = build(runs, folder / "dataset", options, tell=tell)
    end_step()
    yield f"{rows:,} rows, {sum((run / 'examples.jsonl').stat().st_size for run in runs) / 1e6:,.0f} MB of examples"
    for step in done.steps:
        dropped = ", ".join(f"{number:,} {reason}" for reason, number in sorted(step.dropped.items()))
        seconds, peak = took[step.name]
        yield (
            f"  {step.name:11} {step.before:>9,} -> {step.after:>9,} {step.seconds:8.1f} s ({seconds:,.1f} of the CPU) "
            f"{peak:6.0f} MB  {dropped[:110]}"
        )
    told = ", ".join(f"{split} {sum(skills.values()):,}" for split, skills in done.splits.items())
    yield f"  all in {time.perf_counter() - began:,.1f} s: {told}"


def _write_run(folder: Path, numbers: range) -> Path:
    folder.mkdir()
    with (folder / "examples.jsonl").open("w", encoding="utf-8") as file:
        for number in numbers:
            file.write(json.dumps(make_row(number), separators=(",", ":")) + "\n")
    summary = {"skill": ",".join(SKILLS), "config_hash": folder.name, "funnel": {"accepted": len(numbers)}}
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "run.yaml").write_text(json.dumps({"skill": ",".join(SKILLS)}))
    return folder


def _forget_peak() -> None:
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")


def _peak_since() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1e3


def main() -> None:
    """Measure each number of rows in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int, nargs="+")
    parser.add_argument(
        "--folder", type=Path, help="where to put the runs and the dataset; a temporary folder unless given"
    )
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    for rows in given.rows:
        if not given.here:
            place = ["--folder", str(given.folder)] if given.folder else []
            subprocess.run([sys.executable, __file__, "--here", *place, str(rows)], check=True)
            continue
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            for line in measure(rows, Path(folder)):
                print(line, flush=True)


if __name__ == "__main__":
    main()
