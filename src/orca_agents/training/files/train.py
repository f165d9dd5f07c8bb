"""Fine-tune a model with TRL on the chats of train.jsonl; config.yaml says which model and how.

python train.py                                        as config.yaml says
python train.py --learning_rate 2e-5 --max_steps 100   what is said here wins; any argument of SFTConfig will do
accelerate launch train.py                             on all GPUs of this machine
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset, Features, List, Value, load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase, set_seed
from trl import SFTConfig, SFTTrainer, TrlParser

HERE = Path(__file__).resolve().parent
TOKENS = ["<|im_start|>", "<|im_end|>"]  # of chat_template.jinja; a tokenizer without them gets them

# Said here, since `datasets` would take the columns from the first rows and refuse later rows that have more of them.
TEXT = Value("string")
CALL = {"id": TEXT, "type": TEXT, "function": {"name": TEXT, "arguments": TEXT}}
MESSAGE = {"role": TEXT, "content": TEXT, "tool_calls": List(CALL), "tool_call_id": TEXT, "weight": Value("int8")}
COLUMNS = Features({"id": TEXT, "skill": TEXT, "leaf": TEXT, "messages": List(MESSAGE), "tools": TEXT})


@dataclass
class Recipe:
    """What config.yaml says beside the arguments of SFTConfig."""

    model_name_or_path: str
    dtype: str = "float32"
    attn_implementation: str | None = None
    train_file: str = str(HERE / "train.jsonl")
    validation_file: str | None = str(HERE / "validation.jsonl") if (HERE / "validation.jsonl").exists() else None


def main() -> None:
    trainer = make_trainer(sys.argv[1:])
    for note in notes(trainer):
        trainer.accelerator.print(f"note: {note}")
    trainer.train(resume_from_checkpoint=trainer.args.resume_from_checkpoint)
    trainer.save_model()


def make_trainer(given: list[str]) -> SFTTrainer:
    """The trainer that config.yaml and the arguments describe."""
    if "--config" not in given:
        given = ["--config", str(HERE / "config.yaml"), *given]
    recipe, training = TrlParser((Recipe, SFTConfig)).parse_args_and_config(given)
    set_seed(training.seed)

    tokenizer = AutoTokenizer.from_pretrained(recipe.model_name_or_path)
    tokenizer.chat_template = (HERE / "chat_template.jinja").read_text(encoding="utf-8")
    tokenizer.add_tokens(TOKENS, special_tokens=True)
    model = AutoModelForCausalLM.from_pretrained(
        recipe.model_name_or_path, dtype=recipe.dtype, attn_implementation=recipe.attn_implementation
    )
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=64)

    return SFTTrainer(
        model=model,
        args=training,
        train_dataset=read(recipe.train_file, tokenizer, training),
        eval_dataset=read(recipe.validation_file, tokenizer, training) if recipe.validation_file else None,
        processing_class=tokenizer,
    )


def read(file: str, tokenizer: PreTrainedTokenizerBase, training: SFTConfig) -> Dataset:
    """The chats of a file, in its order, without those that are too long: their end, the answer, would be cut off."""

    def fits(chat: dict[str, Any]) -> bool:
        tools = json.loads(chat["tools"]) if chat["tools"] else None
        text = tokenizer.apply_chat_template(chat["messages"], tools=tools, tokenize=False)
        if len(text.encode()) < training.max_length:  # no token is shorter than a byte
            return True
        return bool(len(tokenizer(text, add_special_tokens=False)["input_ids"]) <= training.max_length)

    chats = load_dataset("json", data_files=file, features=COLUMNS, split="train")
    if training.max_length is None:
        return chats
    fitting = chats.filter(fits, num_proc=training.dataset_num_proc, desc="Looking for chats that are too long")
    if len(fitting) < len(chats) and training.process_index == 0:
        print(
            f"note: {len(chats) - len(fitting)} of {len(chats)} chats have more than {training.max_length} tokens "
            "(--max_length) and are left out"
        )
    if not fitting:
        sys.exit(f"error: {file} has no chat of {training.max_length} tokens (--max_length) or fewer")
    return fitting


def notes(trainer: SFTTrainer) -> list[str]:
    """What is likely not as it was meant."""
    args, rows, found = trainer.args, trainer.train_dataset, []
    per_step = args.train_batch_size * args.world_size * args.gradient_accumulation_steps
    steps = args.max_steps if args.max_steps > 0 else math.ceil(len(rows) / per_step * args.num_train_epochs)
    warmup = args.get_warmup_steps(steps)
    if warmup > steps / 2:
        found.append(
            f"{warmup} of {steps} steps are warm-up, so the learning rate hardly gets to {args.learning_rate} or never "
            f"does: --warmup_steps {math.ceil(steps / 20)} would be a twentieth"
        )
    if "seq_lengths" in rows.column_names and args.train_sampling_strategy == "sequential":
        chats = sum(map(len, rows["seq_lengths"]))
        if chats < 5_000:
            found.append(
                f"packing orders 1,000 chats at a time anew, so of {chats} little order is left: --packing false"
            )
    return found


if __name__ == "__main__":
    main()
