"""Fences of Markdown: what stands in them, and around them."""

from __future__ import annotations

import time

import pytest

from orca_agents.fences import blocks, fenced, is_closed, prose, without_fence, without_fence_lines


def test_code_comes_out_of_its_fence_byte_for_byte() -> None:
    code = "\tdef f():\r\n\t\treturn '```'\r\n\n    "
    assert without_fence(f"```python\n{code}\n```") == code
    assert without_fence(code) == code
    assert without_fence("Here:\n```python\nx = 1\n```") == "Here:\n```python\nx = 1\n```"


def test_a_fence_is_longer_than_any_in_the_code() -> None:
    code = 'TEXT = """\n````\nno end\n````\n"""'
    written = fenced(code, "python")
    assert written.startswith("`````python\n")
    (block,) = blocks(written)
    assert (block.language, block.code) == ("python", code)


def test_an_indented_or_open_fence_is_seen_for_what_it_is() -> None:
    assert not is_closed("```python\nx = 1\n")
    assert is_closed("text\n~~~\n```\n~~~\n")
    assert prose("Call `f(x)`:\n```py\nf(1)\n```\nThanks").split() == ["Call", ":", "Thanks"]


def test_a_fence_in_a_list_loses_its_indentation_and_one_in_a_docstring_closes_nothing() -> None:
    (block,) = blocks("1. Do this:\n\n   ```diff\n   -    a = 1\n   +    a = 2\n   ```\n")
    assert block.code == "-    a = 1\n+    a = 2"
    code = 'def f():\n    """Give text:\n\n    ```\n    x\n    ```\n    """'
    assert without_fence(f"```python\n{code}\n```") == code


@pytest.mark.parametrize(
    "text", ['```json\n{"a": 1}\n```', '\n ```\n{"a": 1}\n``` \n', '{"a": 1}', '~~~JSON\n{"a": 1}\n~~~']
)
def test_json_comes_out_of_a_fence_for_json(text: str) -> None:
    assert without_fence(text, ("", "json")).strip() == '{"a": 1}'


def test_a_fence_for_another_language_stays_where_only_json_is_meant() -> None:
    text = '```python\n{"a": 1}\n```'
    assert without_fence(text, ("", "json")) == text


def test_lines_of_fences_go_and_all_others_keep_their_place() -> None:
    assert without_fence_lines("```text\nx in 1..3\n  ```\nx > 1 ```\n") == "\nx in 1..3\n\nx > 1 ```\n"


def test_a_span_in_backticks_ends_at_the_next_row_as_long_and_within_its_line() -> None:
    assert prose("a ``b`c`` d `e` f") == "a   d   f"
    assert prose("a ``b` c") == "a `  c", "the row of two closes nowhere, and its second begins a span"
    assert prose("`a\nb` ``c") == "`a\nb` ``c"


@pytest.mark.parametrize(
    "text",
    ["~" * 50_000 + "`", "```" + " " * 50_000 + "`", "".join("`" * length + " " for length in range(1, 400))],
    ids=["a ruler", "blanks", "rows of every length"],
)
def test_signs_without_end_do_not_hold_up_the_reading(text: str) -> None:
    began = time.process_time()
    blocks(text)
    prose(text)
    assert time.process_time() - began < 2
