"""The card of a dataset: README.md, whose front matter tells the Hugging Face Hub and `datasets` what is in the folder.

Everything in it is taken from dataset.json; nothing is claimed that was not counted. The front matter is plain YAML, so
that a dataset has its card also where huggingface_hub is not installed; `DatasetCardData` of it reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from orca_agents.config import CORPUS_SEARCHER
from orca_agents.dataset.formats import FORMATS
from orca_agents.dataset.rows import DATA_NAME, MANIFEST_NAME, SPLITS, Folder
from orca_agents.dataset.terms import terms_of
from orca_agents.errors import DatasetError
from orca_agents.run_folder import write_text

CARD_NAME = "README.md"
ALL = "all"
"""The config of all skills together."""

_HUB_LICENCES = {"pddl-1.0": "pddl", "odc-by-1.0": "odc-by", "odbl-1.0": "odbl"}
"""Licences that the Hub calls otherwise than we do."""
_SIZES = (("1K", 1_000), ("10K", 10_000), ("100K", 100_000), ("1M", 1_000_000), ("10M", 10_000_000))
_SPLITS = {
    "train": "`train` is for training.",
    "validation": "`validation` is for measuring while one trains.",
    "eval": "`eval` was held out.",
    "eval_refined": "`eval_refined` was held out too: questions that were made harder.",
}
_FEATURES: tuple[Mapping[str, str], ...] = (
    {"name": "id", "dtype": "string"},
    {"name": "skill", "dtype": "string"},
    {"name": "leaf", "dtype": "string"},
    {"name": "messages", "list": "json"},
    {"name": "tools", "list": "json"},
    {"name": "metadata", "dtype": "json"},
)
"""The columns as `datasets` (4.7 or newer) is to read them. It would else take the columns of a file from its first ten
megabytes, and fail at the first later row with something else in its metadata."""


def write_card(path: Path, name: str | None = None, *, overwrite: bool = False) -> Path:
    """Write the card of a dataset into its folder.

    Raises `DatasetError` where there is no dataset, and, without `overwrite`, where the card was edited.
    """
    folder = Folder.open(path)
    file = path / CARD_NAME
    if not overwrite and is_edited(path):
        raise DatasetError(
            f"{file} is not as this orca-agents writes it: it was edited, or another version wrote it. Keep a copy of "
            "what is to stay, then --overwrite writes the card anew"
        )
    write_text(file, [card_text(folder, name or path.resolve().name)])
    return file


def is_edited(path: Path) -> bool:
    """Whether the card in a folder is another one than `write_card` would write under the name that it has."""
    try:
        text = (path / CARD_NAME).read_text(encoding="utf-8")
        front = yaml.safe_load(text.split("---\n", 2)[1])
        return text != card_text(Folder.open(path), front["pretty_name"])
    except FileNotFoundError:
        return False
    except (ValueError, IndexError, KeyError, TypeError, yaml.YAMLError, DatasetError):
        return True  # no card of ours, or nothing is known of what it should say


def card_text(folder: Folder, name: str) -> str:
    """The card: front matter, then what people read."""
    front = yaml.safe_dump(front_matter(folder, name), sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{front}---\n\n" + "\n".join(_sections(folder, name)) + "\n"


def front_matter(folder: Folder, name: str) -> dict[str, Any]:
    """What the Hub and `datasets` read."""
    manifest = folder.manifest
    licence = manifest["options"].get("licence")
    languages = sorted(code for code in manifest.get("languages", {}) if re.fullmatch(r"[a-z]{2,3}", code))
    names = ([ALL] if len(folder.skills) > 1 else []) + list(folder.skills)
    configs: list[dict[str, Any]] = [{"config_name": one, "data_files": _data_files(folder, one)} for one in names]
    if configs:
        configs[0]["default"] = True
    total = sum(folder.count(split) for split in SPLITS)
    return {
        "pretty_name": name,
        **({"language": languages} if languages else {}),
        "license": _HUB_LICENCES.get(licence, licence) if licence else "other",
        **({} if licence else {"license_name": "as-its-sources"}),
        "task_categories": ["text-generation"],
        "size_categories": [_size(total)],
        "tags": ["synthetic", "instruction-tuning", "orca-agents"],
        "configs": configs,
        "dataset_info": [{"config_name": one, "features": [dict(feature) for feature in _FEATURES]} for one in names],
    }


def _data_files(folder: Folder, config: str) -> list[dict[str, Any]]:
    skills = folder.skills if config == ALL and len(folder.skills) > 1 else (config,)
    found: list[dict[str, Any]] = []
    for split in folder.splits:
        paths = [f"{DATA_NAME}/{skill}/{split}.jsonl" for skill in skills if folder.count(split, skill)]
        if paths:
            found.append({"split": split, "path": paths if len(paths) > 1 else paths[0]})
    return found


def _size(rows: int) -> str:
    below = "n"
    for name, most in _SIZES:
        if rows < most:
            return f"n<{name}" if below == "n" else f"{below}<n<{name}"
        below = name
    return "n>10M"


def _sections(folder: Folder, name: str) -> Iterator[str]:
    manifest = folder.manifest
    total, skills = sum(folder.count(split) for split in SPLITS), len(folder.skills)
    yield f"# {name}\n"
    yield (
        f"{total:,} examples for instruction tuning, in {skills} skill{'' if skills == 1 else 's'}, written by "
        "language models out of documents and kept by programs and votes. Made with "
        f"orca-agents {manifest.get('version', '')}, in the manner of AgentInstruct (Mitra et al. 2024, "
        "arXiv:2407.03502).\n"
    )
    yield from _warnings(folder)
    yield "## What is in it\n"
    yield from _table(
        ("skill", *folder.splits),
        [(skill, *(f"{folder.count(split, skill):,}" for split in folder.splits)) for skill in folder.skills],
    )
    yield " ".join(_SPLITS[split] for split in folder.splits)
    if len(folder.splits) > 1:
        is_row = manifest["options"].get("document") == "row"
        yield "No source document is on two sides" + (", each row of a table or JSONL being one." if is_row else ".")
        if searched := manifest.get("searched"):
            yield f"But passages of {searched:,} rows were brought by a search (`{CORPUS_SEARCHER}`), and show pieces"
            yield "of other documents, which may stand on another side."
    yield ""
    yield "A row: `messages` (the chat), `tools` (JSON schemas, where the assistant has any), `metadata` (source, seed,"
    yield "passage, key, why it was kept with all votes, the teacher's system message, models, tokens, licence), `id`,"
    yield "`skill`, `leaf`. Train on `messages` and `tools` alone: `metadata` also holds what no student should see,"
    yield "such as keys, rubrics, hidden tests and solutions.\n"
    yield from _loading(folder)
    yield from _making(manifest)
    yield from _dropping(manifest)
    yield from _licences(manifest)
    yield from _costs(manifest)
    yield from _limits(manifest)
    yield "## To make it again\n"
    yield f"`{MANIFEST_NAME}` holds every option, count and hash of this build; its draws follow the seed"
    yield f"{manifest['options'].get('seed', 0)}.\n"
    rows = [(run["name"], run.get("skill") or "", f"`{run.get('config_hash')}`") for run in manifest["runs"]]
    yield from _table(("run", "skill", "config"), rows)


def _warnings(folder: Folder) -> Iterator[str]:
    manifest = folder.manifest
    options = manifest["options"]
    yield "> **Synthetic.** Questions and answers were written by language models, and may be wrong in ways that no"
    yield "> check here looks for. A model trained on them learns its teachers' faults along with their skills."
    if options.get("with_demo"):
        yield ">"
        yield "> **Holds rows of a demonstration model.** They show how the tool works and are not meant for training."
    if options.get("with_unverified"):
        yield ">"
        yield "> **Holds rows that were not verified.**"
    if options.get("with_empty"):
        yield ">"
        yield "> **Holds rows with empty messages.**"
    if not manifest.get("benchmarks"):
        yield ">"
        yield "> **Not decontaminated.** No benchmark was compared with it, so scores of models trained on it prove"
        yield "> little."
    yield ""


def _loading(folder: Folder) -> Iterator[str]:
    split = folder.splits[0] if folder.splits else "train"
    first = next((skill for skill in folder.skills if folder.count(split, skill)), ALL)
    others = [name for name in FORMATS if name != "messages"]
    yield "## How to load it\n"
    yield "```python"
    yield "from datasets import load_dataset  # 4.7 or newer\n"
    if len(folder.skills) > 1:
        yield f'rows = load_dataset("FOLDER_OR_REPOSITORY", "{ALL}", split="{split}")'
    yield f'rows = load_dataset("FOLDER_OR_REPOSITORY", "{first}", split="{split}")'
    yield "```\n"
    yield "`orca-agents export FOLDER --format messages` writes what trainers read; other formats are"
    yield f"{', '.join(others)}.\n"


def _making(manifest: Mapping[str, Any]) -> Iterator[str]:
    yield "## How it was made\n"
    yield "Each seed (a piece of a document) was rewritten by agents, turned into questions, partly made harder, and"
    yield "answered by an agent that did not know the key. Programs check every step; independent solvers answer again"
    yield "(or graders mark by a rubric), and only what passes all of it is kept. The teacher's instructions are not in"
    yield "`messages`, but in `metadata.teacher_system` (prompt erasure, Orca 2).\n"
    yield "### Models and their terms\n"
    rows = []
    for model, count in sorted(manifest.get("models", {}).items()):
        terms = terms_of(model)
        rows.append((f"`{model}`", f"{count:,}", terms.whose, terms.what))
    yield from _table(("model", "rows that it has a part in", "whose", "training on what it writes"), rows)
    yield "A pointer, not legal advice: written down in November 2026 from what was known of these terms, and not"
    yield "checked against them. Read the terms as they are now before you train.\n"
    sampling = {run["name"]: run["sampling"] for run in manifest["runs"] if run.get("sampling")}
    if sampling:
        told = [(name, ", ".join(f"{key} {value}" for key, value in how.items())) for name, how in sampling.items()]
        yield "Sampling, where a run says it; else as each agent's file does:\n"
        yield from _table(("run", "sampling"), told)
    else:
        yield "Sampling is that of each agent's file in orca-agents, or of the run's `run.yaml`.\n"
    yield "### What was kept\n"
    yield from _table(
        ("run", "made", "rejected", "failed", "declined", "accepted", "in this dataset"),
        [_funnel_row(run) for run in manifest["runs"]],
    )
    reasons: dict[str, int] = {}
    for run in manifest["runs"]:
        for check, number in ((run.get("funnel") or {}).get("rejected") or {}).items():
            reasons[check] = reasons.get(check, 0) + int(number)
    if reasons:
        ranked = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
        yield "Rejected by: " + ", ".join(f"{check} {number:,}" for check, number in ranked) + ".\n"


def _funnel_row(run: Mapping[str, Any]) -> tuple[str, ...]:
    funnel = run.get("funnel") or {}
    rejected, failed = (sum((funnel.get(name) or {}).values()) for name in ("rejected", "failed"))
    accepted, declined = int(funnel.get("accepted", 0)), int(funnel.get("declined", 0))
    made = accepted + rejected + failed + declined
    return (run["name"], *(f"{n:,}" for n in (made, rejected, failed, declined, accepted, int(run.get("kept", 0)))))


def _dropping(manifest: Mapping[str, Any]) -> Iterator[str]:
    options = manifest["options"]
    yield "### What was dropped afterwards\n"
    yield from _table(
        ("step", "in", "out", "why"),
        [
            (
                step["name"],
                f"{step['in']:,}",
                f"{step['out']:,}",
                "; ".join(f"{number:,} {reason}" for reason, number in step["dropped"].items()),
            )
            for step in manifest["steps"]
        ],
    )
    near = options.get("near")
    yield "Copies: " + ("exact ones only." if near is None else f"exact ones, and near ones from ROUGE-L {near} on.")
    if options.get("semantic") is not None:
        model = (options.get("embedding") or {}).get("model")
        yield f"Questions of the same meaning: from a cosine of {options['semantic']} on, by `{model}`."
    yield "\n### Decontamination\n"
    benchmarks = manifest.get("benchmarks") or ()
    if benchmarks:
        yield "Rows that hold items of these were dropped (n-grams of words, see the step `benchmarks`):\n"
        keys = ("name", "items", "sha256")
        rows = [tuple(str(one.get(key, "")) for key in keys) for one in benchmarks]
        yield from _table(keys, rows)
    else:
        yield "None: no index of benchmarks was given. `orca-agents benchmarks add` makes one.\n"
    flags = manifest.get("flags") or {}
    yield "### Secrets and personal data\n"
    if options.get("flags") == "off":
        yield "Not looked for.\n"
    elif flags:
        yield "Flagged by patterns, in `metadata.flags` of the rows: "
        yield ", ".join(f"{flag} {number:,}" for flag, number in flags.items()) + ".\n"
    else:
        done = "were dropped" if options.get("flags") == "drop" else "would be flagged in `metadata.flags`"
        yield f"Rows in which patterns find some {done}; none are left. Patterns do not find everything.\n"


def _licences(manifest: Mapping[str, Any]) -> Iterator[str]:
    target = manifest["options"].get("licence")
    yield "## Licences\n"
    if target:
        yield f"Built for **{target}**: sources whose licence does not fit it were refused"
        kept = manifest["options"].get("keep_unknown_licences")
        yield "(those without a known licence were kept).\n" if kept else "(those without a known licence too).\n"
    else:
        yield "No licence was chosen for the whole: each row is under what its source's licence asks for"
        yield "(`metadata.licence`), and the terms of the models above.\n"
    rows = [(name, f"{number:,}") for name, number in manifest.get("licences", {}).items()]
    yield from _table(("licence of the source", "rows"), rows)
    languages = ", ".join(f"{code} {number:,}" for code, number in manifest.get("languages", {}).items())
    yield f"## Languages\n\n{languages or 'not known'}\n"


def _costs(manifest: Mapping[str, Any]) -> Iterator[str]:
    yield "## What it cost\n"
    rows = []
    for run in manifest["runs"]:
        usage, usd = run.get("usage") or {}, run.get("usd")
        tokens = int(usage.get("prompt_tokens", 0)) + int(usage.get("completion_tokens", 0))
        dollars = "unknown" if usd is None else f"${usd:,.2f}" + ("" if run.get("usd_is_complete") else " or more")
        rows.append((run["name"], f"{int(usage.get('calls', 0)):,}", f"{tokens:,}", dollars))
    yield from _table(("run", "calls", "tokens", "US dollars"), rows)


def _limits(manifest: Mapping[str, Any]) -> Iterator[str]:
    yield "## Limits\n"
    yield "- Votes and programs bound errors, they do not exclude them: solvers of one model share its blind spots."
    yield "- What graders accepted (essays, conversations, rewritten texts) was judged by models, not by people."
    yield "- The sources decide what it knows: their slant, their gaps and their age are in it."
    yield "- Patterns for secrets, personal data and benchmarks miss what is reworded or translated."
    yield ""
    if notes := manifest.get("notes"):
        yield "## Notes of the build\n"
        yield from (f"- {_plain(note)}" for note in notes)
        yield ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(_plain(cell) for cell in row) + " |"
    yield ""


def _plain(text: str) -> str:
    """A text that cannot end its cell or its line."""
    return " ".join(text.split()).replace("|", "\\|")
