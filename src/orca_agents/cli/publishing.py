"""`orca-agents card` and `push`: document a dataset, and put it on the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path

from orca_agents.dataset.card import write_card
from orca_agents.dataset.hub import push


def card_command(folder: Path, name: str | None, *, overwrite: bool = False) -> None:
    """Write the card anew, and say where it is."""
    card = write_card(folder, name, overwrite=overwrite)
    print(f"{card}: read it, and write what only you know into it before you publish")


def push_command(folder: Path, repository: str, *, private: bool) -> None:
    """Push, and say where it is."""
    address = push(folder, repository, private=private)
    print(f"{address}{' (private)' if private else ''}")
