"""Constraints on markup: Markdown that is really a table or a list, words set in bold, JSON with its keys."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from orca_agents.constraints.kind import Kind, Saying, number, one_of, pattern, phrase, phrases
from orca_agents.constraints.measure import LONGEST, fold, headings_of, occurrences, without_markup
from orca_agents.fences import JSON, without_fence

_RULE = re.compile(r"\|?(?:[ \t]*+:?-++:?[ \t]*+\|)++(?:[ \t]*+:?-++:?)?[ \t]*+$")


def table_of(text: str) -> list[list[str]] | str:
    """The rows of the Markdown table of a text, its head first; or what is wrong with it."""
    lines = text[:LONGEST].splitlines()
    for at, line in enumerate(lines):
        if at and _RULE.match(line.strip()) and "|" in lines[at - 1]:
            rows = [_cells(lines[at - 1])]
            width = len(_cells(line))
            if len(rows[0]) != width:
                return f"the head of the table has {len(rows[0])} cells, the line under it {width}"
            for row in lines[at + 1 :]:
                if "|" not in row:
                    break
                rows.append(_cells(row))
                if len(rows[-1]) != width:
                    return f"row {len(rows) - 1} of the table has {len(rows[-1])} cells, not {width}"
            return rows if len(rows) > 1 else "the table has no rows"
    return "it has no Markdown table: a head, a line such as |---|---| under it, then the rows"


def _cells(line: str) -> list[str]:
    bare = line.strip()
    bare = bare[1:] if bare.startswith("|") else bare
    bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", bare)]


def _why_not_markdown(text: str, _: str, what: object) -> str | None:
    if text.count("```") % 2:
        return "a code block is not closed"
    if what == "table":
        table = table_of(text)
        return table if isinstance(table, str) else None
    if what == "headings":
        return None if headings_of(text) else "it has no Markdown headings (lines that begin with #)"
    patterns = {
        "bullets": (r"^[ \t]*[-*+][ \t]+\S", 2, "bulleted lines (- ...)"),
        "numbered_list": (r"^[ \t]*\d{1,3}[.)][ \t]+\S", 2, "numbered lines (1. ...)"),
        "checklist": (r"^[ \t]*[-*+][ \t]+\[[ xX]\][ \t]+\S", 2, "lines with a box to tick (- [ ] ...)"),
        "bold": (r"\*\*(?=\S)[^*\n]{1,300}?(?<=\S)\*\*|__(?=\S)[^_\n]{1,300}?(?<=\S)__", 1, "words in bold (**...**)"),
        "italic": (r"(?<![*\w])\*(?=[^*\s])[^*\n]{1,300}?(?<=[^*\s])\*(?![*\w])"
                   r"|(?<![_\w])_(?=[^_\s])[^_\n]{1,300}?_(?![_\w])",
                   1, "words in italics (*...*)"),
        "underline": (r"<u>[^<]{1,300}</u>", 1, "underlined words (<u>...</u>)"),
        "quote": (r"^[ \t]*>[ \t]*\S", 1, "quoted lines (> ...)"),
        "code": (r"`[^`\n]+`|```", 1, "code (`...`)"),
        "rule": (r"^[ \t]*(?:[-*_][ \t]*){3,}$", 1, "a rule (---)"),
    }  # fmt: skip
    expression, least, called = patterns[str(what)]
    count = len(re.findall(expression, text, re.MULTILINE))
    if count < least:
        return f"it has no {called}"
    return _why_out_of_order(text) if what == "numbered_list" else _why_unbalanced(text)


def _why_out_of_order(text: str) -> str | None:
    numbers = [int(found) for found in re.findall(r"^(\d{1,3})[.)][ \t]+\S", text, re.MULTILINE)]
    if not numbers or set(numbers) == {1}:
        return None
    steps = [b for a, b in pairwise(numbers) if b not in (a + 1, 1)]
    return f"the numbers of its list are out of order at {steps[0]}" if steps else None


def _why_unbalanced(text: str) -> str | None:
    for block in re.split(r"\n[ \t]*\n", re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)):
        if len(re.findall(r"(?<!\\)\*\*", block)) % 2:
            return f"a pair of ** is not closed in {block.strip()[:40]!r}"
    return None


def _marked(expression: str, called: str) -> Callable[[str, str, object], str | None]:
    def why_not(text: str, _: str, words: object) -> str | None:
        inside = [without_markup(found) for found in re.findall(expression, text[:LONGEST], re.DOTALL)]
        marked = sum(occurrences(one, str(words)) for one in inside)
        if not marked:
            return f"{words!r} is not {called}"
        every = occurrences(without_markup(text), str(words))
        return None if marked >= every else f"{words!r} stands there {every} times, but is {called} only {marked} times"

    return why_not


def _why_other_keys(text: str, _: str, keys: object) -> str | None:
    assert isinstance(keys, tuple)
    bare = without_fence(text, JSON)
    try:
        data = json.loads(bare, object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return f"it is not JSON ({str(error)[:60]})"
    items = data if isinstance(data, list) else [data]
    for item in items:
        if not isinstance(item, dict):
            return "it is not a JSON object, nor a list of such"
        lacking = [key for key in keys if key not in item]
        others = [key for key in item if key not in keys]
        if lacking or others:
            told = f"lacks {', '.join(lacking)}" if lacking else f"has {', '.join(others)} besides"
            return f"its JSON {told}; the keys are {', '.join(keys)}"
    return None if items else "its JSON list is empty"


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a key stands there twice")
    return data


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _why_other_columns(text: str, _: str, wanted: object) -> str | None:
    table = table_of(text)
    if isinstance(table, str):
        return table
    return None if len(table[0]) == wanted else f"its table has {len(table[0])} columns, not {wanted}"


def _why_other_rows(text: str, _: str, wanted: object) -> str | None:
    table = table_of(text)
    if isinstance(table, str):
        return table
    return None if len(table) - 1 == wanted else f"its table has {len(table) - 1} rows under its head, not {wanted}"


def _why_other_heads(text: str, _: str, wanted: object) -> str | None:
    assert isinstance(wanted, tuple)
    table = table_of(text)
    if isinstance(table, str):
        return table
    own = [fold(without_markup(cell)).strip() for cell in table[0]]
    return None if own == [fold(cell) for cell in wanted] else f"the head of its table says {', '.join(table[0])}"


def _read_tag(text: str) -> str:
    name = phrase(text).strip("</> ")
    if not re.fullmatch(r"[A-Za-z][\w-]{0,30}", name):
        raise ValueError("the name of a tag, such as answer for <answer>...</answer>")
    return name


def _why_no_tag(text: str, _: str, name: object) -> str | None:
    bare = text.strip()
    if not (bare.startswith(f"<{name}>") and bare.endswith(f"</{name}>")):
        return f"it does not stand between <{name}> and </{name}>"
    return None if bare.count(f"<{name}>") == 1 else f"<{name}> stands there more than once"


def _says_markdown(value: object) -> Sequence[Saying]:
    words = {
        "table": r"\btable|\bcolumns?\b|\btabular",
        "headings": r"\bheadings?|\bheaders?|\bsections?|\btitles?\b|\bsubheads?",
        "bullets": r"\bbullet|\blist\b|\bitems?\b",
        "numbered_list": r"\bnumber|\bordered|\bsteps?\b|\blist\b",
        "checklist": r"\bcheck|\btick|\bto-?do",
        "bold": r"\bbold|\bemphasi[sz]|\*\*",
        "italic": r"\bitalic|\bemphasi[sz]|\*",
        "underline": r"\bunderlin|<u>",
        "quote": r"\bquot|\bblockquote",
        "code": r"\bcode|\bbacktick|\bmonospace",
        "rule": r"\brule\b|\bline\b|\bdivid|\bseparat",
    }
    return (pattern(words[str(value)]),)


def _says_phrase(value: object) -> Sequence[Saying]:
    return (str(value),)


def _says_number(value: object) -> Sequence[Saying]:
    assert isinstance(value, int)
    return (value,)


def _says_all(value: object) -> Sequence[Saying]:
    assert isinstance(value, tuple)
    return value


MARKUP: tuple[Kind, ...] = (
    Kind("markdown", "table, headings, bullets, numbered_list, checklist, bold, italic, underline, quote, code or "
         "rule: what it holds as valid Markdown",
         one_of("table", "headings", "bullets", "numbered_list", "checklist", "bold", "italic", "underline", "quote",
                "code", "rule"), _why_not_markdown, _says_markdown),
    Kind("bold", "words that stand in **bold** wherever they stand", phrase,
         _marked(r"\*\*(?=\S).{1,300}?(?<=\S)\*\*|__(?=\S).{1,300}?(?<=\S)__|<b>.{1,300}?</b>"
                 r"|<strong>.{1,300}?</strong>", "in bold")),
    Kind("italic", "words that stand in *italics* wherever they stand", phrase,
         _marked(r"(?<!\*)\*(?=[^*\s]).{1,300}?(?<=[^*\s])\*(?!\*)|(?<![_\w])_(?=[^_\s]).{1,300}?(?<=[^_\s])_(?![_\w])"
                 r"|\*\*\*.{1,300}?\*\*\*|<em>.{1,300}?</em>|<i>.{1,300}?</i>", "in italics")),
    Kind("underline", "words that are <u>underlined</u> wherever they stand", phrase,
         _marked(r"<u>.{1,300}?</u>", "underlined")),
    Kind("strike", "words that are ~~struck through~~ wherever they stand", phrase,
         _marked(r"~~.{1,300}?~~|<s>.{1,300}?</s>|<del>.{1,300}?</del>", "struck through")),
    Kind("table_columns", "how many columns its Markdown table has", number, _why_other_columns, _says_number),
    Kind("table_rows", "how many rows its Markdown table has under its head", number, _why_other_rows, _says_number),
    Kind("table_head", "the column names of its Markdown table, parted by commas", phrases, _why_other_heads,
         _says_all),
    Kind("tag", "the name of the tag that encloses all of it, such as answer for <answer>...</answer>", _read_tag,
         _why_no_tag, _says_phrase),
    Kind("json_keys", "the keys of its JSON object (or of each object of its list), parted by commas", phrases,
         _why_other_keys, _says_all),
)  # fmt: skip
