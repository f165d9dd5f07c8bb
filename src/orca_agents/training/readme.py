"""The README.md of a recipe: what is in the folder, how to train, and what to know before one does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orca_agents.dataset.exporting import Exported
from orca_agents.training.ordering import Order, level_name
from orca_agents.training.settings import PAPER, Setting


def readme(
    levels: Mapping[int, int],
    skills: Mapping[str, int],
    validation: Exported | None,
    order: Order,
    settings: Sequence[Setting],
) -> str:
    """The text of README.md."""
    values = {setting.name: setting.value for setting in settings}
    told = {
        "rows": f"{sum(levels.values()):,}",
        "validation": f"| `validation.jsonl` | {validation.written:,} chats to measure the loss on |\n"
        if validation
        else "",
        "levels": "\n".join(f"| {level_name(level)} | {levels[level]:,} |" for level in sorted(levels)),
        "skills": "\n".join(f"| {skill} | {skills[skill]:,} |" for skill in sorted(skills)),
        "order": _EASY_FIRST if order == "easy-first" else _SHUFFLED,
        "model": str(values["model_name_or_path"]),
        "length": f"{values['max_length']}",
        "output": str(values["output_dir"]),
        "paper": PAPER,
    }
    text = _TEXT
    for name, value in told.items():
        text = text.replace(f"<<{name}>>", value)
    return text


_EASY_FIRST = (
    "`train.jsonl` goes from easy to hard: seed instructions, then what was refined once, and so on; within a level\n"
    "the order is drawn. The trainer keeps it (`train_sampling_strategy: sequential`), and begins anew each epoch.\n"
    "Packing orders the chats anew within each 1,000 rows of the file: levels mix at their borders, and of fewer\n"
    "than some thousand rows little order is left. `--packing false` keeps all of it, and trains more slowly."
)
_SHUFFLED = (
    "`train.jsonl` is shuffled, and the trainer shuffles anew in each epoch (`train_sampling_strategy: random`)."
)

_TEXT = """\
# Training on this data

| file | what it is |
|---|---|
| `train.jsonl` | <<rows>> chats: `messages`, and `tools` where there are any |
<<validation>>| `config.yaml` | which model, and how: the settings of Orca-3, each with its reason |
| `train.py` | the training, with TRL's `SFTTrainer` |
| `chat_template.jinja` | how a chat becomes text, with the assistant's words marked |

    pip install 'orca-agents[train]'
    python train.py

Each line of `config.yaml` is an argument as well, and so is every other one of TRL's `SFTConfig`:

    python train.py --model_name_or_path Qwen/Qwen2.5-0.5B --learning_rate 2e-5 --warmup_steps 50
    accelerate launch train.py --attn_implementation flash_attention_2

The trained model (`<<model>>` unless you name another) comes to `<<output>>/`, with its tokenizer and
chat template.

## What is learnt

Loss is taken on what the assistant says alone: its words, its calls of tools, and the token that ends its turn, in
every turn of a chat. System messages, questions, results of tools and the words between are read, not learnt. Neither
are turns of the assistant that are part of a question (few shots, a conversation to go on with): these have
`"weight": 0` in `train.jsonl`, and the chat template leaves them unmarked. With another template or trainer they are
learnt too.
`<|im_start|>` and `<|im_end|>` are added to a tokenizer that lacks them, and the model's embeddings grow with it.

| how hard | chats |
|---|---|
<<levels>>

| skill | chats |
|---|---|
<<skills>>

<<order>>

## What to know

- The settings are those of <<paper>>:
  25.8 million pairs, 152 A100. With less data take fewer warm-up steps (`train.py` says so where there are too many),
  and for a smaller model a higher learning rate.
- A chat of more than <<length>> tokens (`max_length`) is left out, since its end, the answer, would be cut off;
  `train.py` says how many there are.
- All weights are trained, in 32 bits with bfloat16 for the computing: 16 bytes for each weight of the model, that is
  some 110 GB for 7 billion, and what the texts take beside it. `--dtype bfloat16` takes less and learns less well at
  small learning rates; several GPUs share the load with `accelerate config` (FSDP or DeepSpeed).
- Chats that are packed into one sequence do not see each other. FlashAttention does this fastest
  (`--attn_implementation flash_attention_2`); the default does it too, with a mask, and takes more time.
- To serve the model: `vllm serve <<output>> --enable-auto-tool-choice --tool-call-parser hermes`.
"""
