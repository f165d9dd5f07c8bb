"""Read exported files with what trainers read them with, in a process of its own; prints what was read as JSON.

python reading.py datasets json|parquet FILE        a file
python reading.py folder FOLDER CONFIG SPLIT        a folder with a card
python reading.py pandas FILE
python reading.py trl FILE TEMPLATE                 each row as TRL's trainers render it, with a template of TRL's
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def read_file(kind: str, file: str) -> list[dict[str, Any]]:
    datasets = import_module("datasets")
    return list(datasets.load_dataset(kind, data_files=file, split="train"))


def read_folder(folder: str, config: str, split: str) -> list[dict[str, Any]]:
    datasets = import_module("datasets")
    named = () if config == "-" else (config,)
    return list(datasets.load_dataset(folder, *named, split=split))


def read_with_pandas(file: str) -> list[dict[str, Any]]:
    pandas = import_module("pandas")
    frame = pandas.read_parquet(file) if file.endswith(".parquet") else pandas.read_json(file, lines=True, dtype=False)
    return [
        {name: _plain(value) for name, value in row.items() if not isinstance(value, float) and value is not None}
        for row in frame.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    """Arrays of pandas as lists."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return {name: _plain(one) for name, one in value.items()} if isinstance(value, dict) else value


def read_with_trl(file: str, template: str) -> list[dict[str, Any]]:
    """What TRL's own functions make of each row, the way its trainers call them."""
    datasets, trl, tokenizers = map(import_module, ("datasets", "trl", "tokenizers"))
    bytes_alone = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters = {letter: number for number, letter in enumerate(sorted(bytes_alone.alphabet()))}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=letters, merges=[]))
    tokenizer.pre_tokenizer = bytes_alone
    transformers = import_module("transformers")
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    path = Path(str(trl.__file__)).parent / "chat_templates" / f"{template}.jinja"
    fast.chat_template = path.read_text(encoding="utf-8")
    rows = datasets.load_dataset(Path(file).suffix.lstrip(".").replace("jsonl", "json"), data_files=file, split="train")
    utilities = import_module("trl.data_utils")
    found = []
    for row in rows:
        assert utilities.is_conversational(row), row
        tools = row.get("tools")  # as in the trainers' `tokenize_fn`
        tools = json.loads(tools) if isinstance(tools, str) else tools
        found.append(utilities.apply_chat_template(row, fast, tools=tools))
    if "rejected" in rows.column_names:
        assert len(utilities.maybe_unpair_preference_dataset(rows)) == 2 * len(rows)
    return found


READERS: dict[str, Callable[..., list[dict[str, Any]]]] = {
    "datasets": read_file,
    "folder": read_folder,
    "pandas": read_with_pandas,
    "trl": read_with_trl,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(READERS[sys.argv[1]](*sys.argv[2:])))
