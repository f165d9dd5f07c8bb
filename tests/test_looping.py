"""Loops in texts: what a model writes that has lost its thread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Form
from orca_agents.looping import LEAST, LONGEST_PIECE, Looping, find_loop

PROSE = "The mill stood by the river, and nobody in the village could say who had built it, or when, or for whom. "


@given(st.text(min_size=1, max_size=LONGEST_PIECE), st.text(max_size=300), st.text(max_size=300))
def test_a_loop_is_found_wherever_it_stands(piece: str, before: str, after: str) -> None:
    found = find_loop(before + piece * (LEAST // len(piece) + 1) + after)
    assert found is not None
    assert len(found.piece) <= len(piece)


@given(st.text(max_size=LEAST - 1))
def test_what_is_shorter_is_none(text: str) -> None:
    assert find_loop(text) is None


def test_a_loop_is_told_by_its_piece() -> None:
    assert find_loop(f"{PROSE}{'ha' * 300}") == Looping("ha", 300)


@pytest.mark.parametrize(
    "text",
    [
        "=" * 120,
        "\n".join("| --- " * 12 + "|" for _ in range(3)),
        "\n".join(f"{number}, {number}, {number}" for number in range(200)),
        "".join(f"{PROSE}{number} " for number in range(20)),
        "Row, row, row your boat, gently down the stream. " * 4,
    ],
)
def test_rulers_tables_rows_and_refrains_are_none(text: str) -> None:
    assert find_loop(text) is None


def test_a_reply_that_loops_is_told_to_its_author() -> None:
    form = Form((Field("passage", "a text", max_chars=6000), Field("title", "a title")))
    reply = f"<passage>{PROSE}{'[[' * 1000}</passage><title>The mill</title>"
    with pytest.raises(UnparsableError, match=r"'passage' says '\[' 2,000 times in a row; write it once, or leave it"):
        form.read(reply, structured=False)
