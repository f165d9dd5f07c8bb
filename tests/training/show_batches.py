"""Run by the slow test: what the trainer of a recipe feeds to the model, chat by chat, decoded.

python show_batches.py RECIPE OUT [arguments of train.py]

For each chat of each batch: its text; the parts with labels, decoded; and how far the model's outputs for it are from
those for the chat alone.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import torch

NOTHING = -100
ALONE = 8
"""How many chats are compared with themselves alone."""


def main(recipe: str, out: str, *given: str) -> None:
    sys.path.insert(0, recipe)
    trainer = importlib.import_module("train").make_trainer(list(given))
    tokenizer = trainer.processing_class
    model = trainer.model.eval()
    found: list[dict[str, Any]] = []
    for batch in trainer.get_train_dataloader():
        packed = {name: batch[name] for name in ("input_ids", "position_ids", "attention_mask") if name in batch}
        with torch.no_grad():
            outputs = model(**packed).logits if len(found) < ALONE else None
        for row, begin, end in chats_of(batch):
            ids = batch["input_ids"][row, begin:end]
            labels = batch["labels"][row, begin:end]
            chat: dict[str, Any] = {
                "text": tokenizer.decode(ids, clean_up_tokenization_spaces=False),
                "learnt": [
                    tokenizer.decode([token for token, _ in part], clean_up_tokenization_spaces=False)
                    for is_learnt, part in groupby(
                        zip(ids.tolist(), labels.tolist(), strict=True), key=lambda pair: pair[1] != NOTHING
                    )
                    if is_learnt
                ],
                "tokens": end - begin,
                "learnt_tokens": int((labels != NOTHING).sum()),
                "labels_are_tokens": bool((labels[labels != NOTHING] == ids[labels != NOTHING]).all()),
            }
            if outputs is not None:
                with torch.no_grad():
                    alone = model(input_ids=ids[None]).logits[0]
                chat["apart"] = float((outputs[row, begin:end] - alone).abs().max())
            found.append(chat)
    Path(out).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def chats_of(batch: Any) -> Iterator[tuple[int, int, int]]:
    """Row, begin and end of each chat of a batch: packed ones begin where positions begin anew, others are padded."""
    for row in range(batch["input_ids"].shape[0]):
        if "position_ids" in batch:
            begins = (batch["position_ids"][row] == 0).nonzero().flatten().tolist()
            for begin, end in pairwise([*begins, batch["input_ids"].shape[1]]):
                yield row, begin, end
        else:
            yield row, 0, int(batch["attention_mask"][row].sum())


if __name__ == "__main__":
    main(*sys.argv[1:])
