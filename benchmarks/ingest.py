"""Which files of a folder become seeds, and whether each ends as its manifest says.

    python benchmarks/ingest.py FOLDER [--manifest FILE] [--kinds text math] [--quiet]

The manifest (`manifest.jsonl` in the folder unless given) has one JSON object a line: `path` in the folder, `kind`, and
`expect` where a file is no ordinary one: `ingest`, `skip`, both with `or` between them, and what is asked beyond that
(see ASKED). Each file is read alone, then the whole folder in one go, where of copies one is kept. With `--kinds` only
seeds of these kinds are wanted: each file must give those that it gives without the limit. Printed are a line for each
file, totals for each kind of the manifest, time and memory. The exit status is 1 where a file ends otherwise.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

from orca_agents.outcomes import Skip
from orca_agents.records import Seed, SeedKind
from orca_agents.seeds import SeedOptions, read_seeds
from orca_agents.seeds.cleaning import clean
from orca_agents.seeds.reading import decode

KEPT, KEPT_OF_API = 0.9, 0.6
"""Least share of a file's different words that its seeds hold, where it is to be kept as data. An API description is
told anew: the words of its format go."""
COPY = "same text as "


@dataclass(frozen=True)
class Row:
    """One line of the manifest."""

    path: str
    kind: str
    expect: str


@dataclass
class Ending:
    """What became of one file."""

    seeds: list[Seed] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that its seeds say."""
        return "\n".join(seed.text for seed in self.seeds)

    @property
    def is_copy(self) -> bool:
        """Whether nothing of it is new."""
        return not self.seeds and bool(self.skips) and all(COPY in skip.reason for skip in self.skips)


def main() -> int:
    """Read everything, print the table, and tell how many files end otherwise than expected."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--manifest", type=Path)
    parser.add_argument("--kinds", nargs="+", choices=get_args(SeedKind))
    parser.add_argument("--quiet", action="store_true", help="print only the files that end otherwise than expected")
    given = parser.parse_args()
    manifest = given.manifest or given.folder / "manifest.jsonl"
    if not manifest.is_file():
        parser.error(f"{manifest}: no such manifest; give one with --manifest")
    rows = [_row(json.loads(line)) for line in manifest.read_text("utf-8").splitlines() if line.strip()]

    began = time.perf_counter()
    alone = {row.path: _read([given.folder / row.path], SeedOptions()).popitem()[1] for row in rows}
    one_by_one = time.perf_counter() - began
    began = time.perf_counter()
    together = _read([given.folder], SeedOptions())
    in_one_go = time.perf_counter() - began
    problems = {row.path: problems_of(row, given.folder / row.path, alone[row.path]) for row in rows}
    for path, more in problems_together(rows, given.folder, alone, together).items():
        problems[path] += more
    if given.kinds:
        limited = SeedOptions(kinds=tuple(given.kinds))
        for row in rows:
            (ending,) = _read([given.folder / row.path], limited).values()
            problems[row.path] += problems_of_limit(alone[row.path], ending, given.kinds)

    width = max(len(row.path) for row in rows)
    print(f"{'file':{width}} {'kind':6}{'seeds':>6}{'words':>9}  {'ok':4}expected; and what came instead, or why not")
    for row in rows:
        if not given.quiet or problems[row.path]:
            print(_line(row, alone[row.path], problems[row.path], width))
    print()
    _print_totals(rows, alone, problems)
    print(f"one by one {one_by_one:.1f} s, the folder in one go {in_one_go:.1f} s")
    own, children = _peak_mb(resource.RUSAGE_SELF), _peak_mb(resource.RUSAGE_CHILDREN)
    print(f"peak memory {own:,.0f} MB, of child processes {children:,.0f} MB")
    failed = sum(map(bool, problems.values()))
    print(f"{len(rows)} files, {failed} not as expected")
    return 1 if failed else 0


def problems_of(row: Row, path: Path, ending: Ending) -> list[str]:
    """In what a file, read alone, does not end as its row expects."""
    expect = row.expect
    may_skip = re.search(r"\bskip|\brefusal\b|\bdecontamination\b", expect) is not None
    may_stay = (
        re.search(r"\b(?:ingest|keep|chunk|bounded|deduplicate|near-duplicate|decontamination)\b", expect) is not None
    )
    problems = []
    if not ending.seeds and not may_skip:
        problems.append("skipped")
    if ending.seeds and not may_stay:
        problems.append("ingested")
    if not ending.seeds and not all(len(skip.reason) > 3 for skip in ending.skips):
        problems.append("skipped without a reason")
    if ending.seeds:
        problems += [what for words, (what, fails) in ASKED.items() if words in expect and fails(path, ending)]
    return problems


def problems_together(
    rows: Iterable[Row], folder: Path, alone: dict[str, Ending], together: dict[str, Ending]
) -> dict[str, list[str]]:
    """What is different when the folder is read in one go: only copies may be left out, and of copies one stays."""
    problems: dict[str, list[str]] = {}
    copies: dict[str, list[str]] = {}
    for row in rows:
        ending = together.get(str(folder / row.path), Ending())
        said = problems.setdefault(row.path, [])
        if bool(alone[row.path].seeds) != bool(ending.seeds) and not ending.is_copy:
            said.append("another end in the whole folder")
        if "one of the pair" in row.expect:
            copies.setdefault(alone[row.path].text, []).append(row.path)
            if ending.seeds and ending.skips:
                said.append("partly left out of the whole folder")
    for text, paths in copies.items():
        kept = [path for path in paths if together.get(str(folder / path), Ending()).seeds]
        if len(paths) < 2 or len(kept) != 1:
            for path in paths:
                problems[path].append(f"{len(kept)} of {len(paths)} copies kept ({len(text)} characters)")
    return problems


def problems_of_limit(alone: Ending, limited: Ending, kinds: list[SeedKind]) -> list[str]:
    """What is different when only some kinds are wanted. A page is text, or HTML where that is asked for alone."""
    if any(seed.kind not in kinds for seed in limited.seeds):
        return ["a seed of a kind that is not wanted"]
    page = any(seed.kind == "html" for seed in limited.seeds)
    wanted = [seed.id for seed in alone.seeds if seed.kind in kinds]
    return [] if page or wanted == [seed.id for seed in limited.seeds] else ["other seeds where kinds are limited"]


def _keeps_no_tokens(_: Path, ending: Ending) -> bool:
    return (
        clean(ending.text).text != ending.text
        or re.search(r"<\|\w+\|>|</?s>|\[/?INST\]|<</?SYS>>", ending.text) is not None
    )


def _shows_hidden(path: Path, ending: Ending) -> bool:
    hidden = _Hidden()
    hidden.feed(path.read_text("utf-8", "replace"))
    seen = " ".join(ending.text.split())
    return any(text in seen for text in hidden.texts)


def _loses_words(path: Path, ending: Ending) -> bool:
    words = set(re.findall(r"\w+", clean(decode(path.read_bytes()).text).text))
    kept = KEPT_OF_API if any(seed.kind == "api" for seed in ending.seeds) else KEPT
    return len(words & set(re.findall(r"\w+", ending.text))) < kept * len(words)


def _has_no_flag(_: Path, ending: Ending) -> bool:
    return not {"secrets", "personal_data"} & {flag for seed in ending.seeds for flag in seed.flags}


ASKED: dict[str, tuple[str, Callable[[Path, Ending], bool]]] = {
    "neutralised": ("control tokens are in it as they were", _keeps_no_tokens),
    "visible text only": ("hidden text is in it", _shows_hidden),
    "as data": ("words of it are lost", _loses_words),
    "flagged": ("no flag for secrets or personal data", _has_no_flag),
}
"""What a manifest may ask of a file that is ingested, beyond that."""


class _Hidden(HTMLParser):
    """The comments of a page, and what elements hold that are hidden by their own attributes. Simple on purpose."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        style = (said.get("style") or "").replace(" ", "")
        if tag not in ("br", "hr", "img", "input", "meta", "link"):
            self._inside.append(
                "hidden" in said or re.search(r"display:none|font-size:0|visibility:hidden", style) is not None
            )

    def handle_endtag(self, tag: str) -> None:
        if self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if any(self._inside):
            self._note(data)

    def handle_comment(self, data: str) -> None:
        self._note(data)

    def _note(self, data: str) -> None:
        if text := " ".join(data.split()):
            self.texts.append(text)


def _row(said: dict[str, object]) -> Row:
    return Row(str(said["path"]), str(said["kind"]), str(said.get("expect") or "ingest"))


def _read(sources: list[Path], options: SeedOptions) -> dict[str, Ending]:
    """What became of each file, by its path; of a page or a line of a file too."""
    endings: dict[str, Ending] = {str(source): Ending() for source in sources}
    for item in read_seeds(sources, options):
        name = re.sub(r": page \d+$", "", item.source)
        ending = endings.setdefault(name, Ending())
        if isinstance(item, Seed):
            ending.seeds.append(item)
        else:
            ending.skips.append(item)
    return endings


def _line(row: Row, ending: Ending, problems: list[str], width: int) -> str:
    words = sum(len(seed.text.split()) for seed in ending.seeds)
    told = f"{row.expect}; {'; '.join([*problems, *(skip.reason for skip in ending.skips[:1])])}"
    ok = "NO" if problems else "yes"
    return f"{row.path:{width}} {row.kind:6}{len(ending.seeds):6}{words:9,}  {ok:4}{told.rstrip('; ')}"


def _print_totals(rows: list[Row], endings: dict[str, Ending], problems: dict[str, list[str]]) -> None:
    print(f"{'kind':8}{'files':>7}{'ingested':>10}{'seeds':>8}{'words':>11}{'not as expected':>17}  kinds of seeds")
    for kind in sorted({row.kind for row in rows}):
        own = [row.path for row in rows if row.kind == kind]
        seeds = [seed for path in own for seed in endings[path].seeds]
        print(
            f"{kind:8}{len(own):7}{sum(bool(endings[path].seeds) for path in own):10}{len(seeds):8}"
            f"{sum(len(seed.text.split()) for seed in seeds):11,}{sum(bool(problems[path]) for path in own):17}  "
            + ", ".join(f"{count} {name}" for name, count in Counter(seed.kind for seed in seeds).most_common())
        )


def _peak_mb(who: int) -> float:
    peak = resource.getrusage(who).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


if __name__ == "__main__":
    sys.exit(main())
