"""How good the gates are: false acceptance and false rejection by answer form, on the hand-labelled items.

python benchmarks/gates.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.gates.measuring import HELD_OUT, TUNED, Judged, judge_items, rates_of


def main() -> None:
    """Print the rates and every wrong judgement, for the set that the gates were mended on and for the held-out one."""
    for name, files in (("mended on", TUNED), ("held out", HELD_OUT)):
        print(f"--- {name}")
        _print(judge_items(files))


def _print(judged: list[Judged]) -> None:
    forms: dict[str, list[Judged]] = {}
    for item in judged:
        for name in (item.item["form"], "all"):
            forms.setdefault(name, []).append(item)
    print(f"{'form':14} {'right':>5} {'stopped':>8}  {'wrong':>5} {'passed':>7}  {'hard':>4} {'passed':>7}")
    for name, items in forms.items():
        r = rates_of(items)
        right = f"{name:14} {r.right:5} {r.rejected_right:8}"
        print(f"{right}  {r.wrong:5} {r.accepted_wrong:7}  {r.hard:4} {r.accepted_hard:7}")
    for item in judged:
        if item.right and item.stopped_by:
            print(f"falsely rejected: {item.item['id']} by {item.stopped_by}: {item.reason}")
        elif not item.right and not item.stopped_by:
            print(f"falsely accepted: {item.item['id']}{' (hard)' if item.hard else ''}: {item.item['why']}")


if __name__ == "__main__":
    main()
