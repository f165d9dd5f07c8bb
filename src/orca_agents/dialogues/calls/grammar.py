"""Write and read a call: `name(p=v, ...)` with values of JSON, so that every text survives byte for byte."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_CHARS = 8000
MOST_DEPTH = 16
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
_NUMBER = re.compile(r"-?(?:\d{1,40})(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?(?![\w.])")
_REF = re.compile(r"\$([A-Za-z_]\w{0,79})((?:\.\w{1,80}|\[\d{1,4}\]){1,8})")
_WORDS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "/": "/", "\\": "\\", '"': '"', "'": "'"}


class CallProblem(ValueError):
    """A text that is no call; says what is wrong and how it is written."""


@dataclass(frozen=True)
class Missing:
    """In a plan: a value that nobody has said."""


@dataclass(frozen=True)
class FromResult:
    """In a plan: a value that comes out of the result of an earlier call: `$create_plan.plan_id`."""

    function: str
    path: str
    """What stands behind the function's name, e.g. `.plans[0].id`."""

    @property
    def field(self) -> str:
        """The name of the field that is meant."""
        return str(re.findall(r"\.(\w+)", self.path)[-1])


@dataclass(frozen=True)
class Call:
    """A call of a function with values by name."""

    name: str
    arguments: Mapping[str, Any]


def write_call(call: Call) -> str:
    """A call as text; `read_call` gives the same values back."""
    return f"{call.name}({', '.join(f'{name}={write_value(value)}' for name, value in call.arguments.items())})"


def write_value(value: Any) -> str:
    """A value as it stands in a call: JSON, letters of all scripts as they are."""
    match value:
        case Missing():
            return "?"
        case FromResult():
            return f"${value.function}{value.path}"
        case list():
            return f"[{', '.join(map(write_value, value))}]"
        case dict():
            return "{" + ", ".join(f"{write_value(key)}: {write_value(one)}" for key, one in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_call(text: str, *, plan: bool = False) -> Call:
    """The call that a text is, all of it. In a plan, `?` and `$function.field` are values too. Raises `CallProblem`."""
    if len(text) > MOST_CHARS:
        raise CallProblem(f"the call has {len(text)} characters; keep it below {MOST_CHARS}")
    scanner = _Scanner(text.strip(), plan)
    call = scanner.call()
    if rest := scanner.rest():
        raise CallProblem(f"one call alone is allowed, but after it stands {_start(rest)}")
    return call


def write_stop(name: str, text: str) -> str:
    """`FINAL_ANSWER("...")` and the like."""
    return f"{name}({json.dumps(text, ensure_ascii=False)})"


def read_named_text(text: str) -> tuple[str, str]:
    """Name and text of `NAME("text")`. A text without quotes is taken as it is, one that has quotes of its own inside
    without those around it. Raises `CallProblem`."""
    found = re.match(r"\s*([A-Z][A-Z_]{2,30})\s*\((?:\s*[a-z_]{1,20}\s*=(?=\s*[\"'\u201c]))?", text[:200])
    if not found or not text.rstrip().endswith(")"):
        raise CallProblem(f'this is not written as NAME("..."): {_start(text)}')
    inside = text.rstrip()[found.end() : -1].strip()
    try:
        scanner = _Scanner(inside, plan=False)
        value = scanner.string()
        if not scanner.rest():
            return found[1], value
    except CallProblem:
        pass  # words that are not in quotes, or not all in the same ones
    if re.search(r"([\"'])\s*,\s*\1", inside) and inside[:1] in ("'", '"'):
        raise CallProblem(f"one text alone stands in the parentheses: {_start(inside)}")
    for opening, closing in (('"""', '"""'), ("'''", "'''"), ('"', '"'), ("'", "'"), ("\u201c", "\u201d")):
        if len(inside) > 2 * len(opening) and inside.startswith(opening) and inside.endswith(closing):
            return found[1], inside[len(opening) : -len(closing)].strip()
    return found[1], inside


class _Scanner:
    """Reads a call from left to right."""

    def __init__(self, text: str, plan: bool) -> None:
        self._text = text
        self._at = 0
        self._plan = plan

    def call(self) -> Call:
        name = self._match(_NAME)
        if name is None:
            raise CallProblem(f"a call is written as name(parameter=value, ...), not {_start(self._text)}")
        if not self._take("("):
            raise CallProblem(f"after {name} an opening parenthesis is missing; names have no spaces or points in them")
        arguments: dict[str, Any] = {}
        while not self._take(")"):
            if arguments and not self._take(","):
                raise CallProblem(f"a comma or the closing parenthesis is missing before {_start(self.rest())}")
            if arguments and self._take(")"):
                break
            key = self._match(_NAME)
            if key is None or not self._take("="):
                raise CallProblem(
                    f"every value needs its parameter, as in name=value, here: {_start(self.rest() or '')}"
                )
            if key in arguments:
                raise CallProblem(f"{key!r} is given twice")
            arguments[key] = self.value(0)
        return Call(name, arguments)

    def value(self, depth: int) -> Any:
        if depth > MOST_DEPTH:
            raise CallProblem("the value is nested too deeply")
        self._space()
        sign = self._text[self._at : self._at + 1]
        if sign in ('"', "'") and sign:
            return self.string()
        if sign == "[":
            return self._list(depth)
        if sign == "{":
            return self._record(depth)
        if self._plan and self._take("?"):
            return Missing()
        if self._plan and (reference := _REF.match(self._text, self._at)):
            self._at = reference.end()
            return FromResult(reference[1], reference[2])
        return self._plain()

    def string(self) -> str:
        self._space()
        quote = self._text[self._at : self._at + 1]
        if quote not in ('"', "'") or not quote:
            raise CallProblem("this is no text in quotes")
        self._at += 1
        pieces: list[str] = []
        while True:
            end = self._at
            while end < len(self._text) and self._text[end] not in (quote, "\\"):
                end += 1
            pieces.append(self._text[self._at : end])
            self._at = end + 1
            if end >= len(self._text):
                raise CallProblem('a text is not closed; inside of it, write \\" for " and \\\\ for \\')
            if self._text[end] == quote:
                return _joined(pieces)
            pieces.append(self._escape())

    def rest(self) -> str:
        self._space()
        return self._text[self._at :]

    def _escape(self) -> str:
        sign = self._text[self._at : self._at + 1]
        length = {"u": 4, "x": 2, "U": 8}.get(sign)
        if length is not None:
            digits = self._text[self._at + 1 : self._at + 1 + length]
            if re.fullmatch(rf"[0-9A-Fa-f]{{{length}}}", digits) and int(digits, 16) <= 0x10FFFF:
                self._at += 1 + length
                return chr(int(digits, 16))
        elif sign in _ESCAPES and sign:
            self._at += 1
            return _ESCAPES[sign]
        raise CallProblem(f"\\{sign} is no escape; write \\\\ for a backslash")

    def _list(self, depth: int) -> list[Any]:
        self._take("[")
        found: list[Any] = []
        while not self._take("]"):
            if found and not self._take(","):
                raise CallProblem(f"a list goes on with a comma or ends with ], not with {_start(self.rest())}")
            if found and self._take("]"):
                break
            found.append(self.value(depth + 1))
        return found

    def _record(self, depth: int) -> dict[str, Any]:
        self._take("{")
        found: dict[str, Any] = {}
        while not self._take("}"):
            if found and not self._take(","):
                raise CallProblem("a record goes on with a comma or ends with }, not with " + _start(self.rest()))
            if found and self._take("}"):
                break
            key = self.string() if self._peek() in ('"', "'") else None
            if key is None or not self._take(":"):
                raise CallProblem('a record is written as {"key": value, ...}, not as ' + _start(self.rest()))
            if key in found:
                raise CallProblem(f"the record has {key!r} twice")
            found[key] = self.value(depth + 1)
        return found

    def _plain(self) -> Any:
        if (number := self._match(_NUMBER)) is not None:
            value = float(number) if re.search("[.eE]", number) else int(number)
            if isinstance(value, float) and not math.isfinite(value):
                raise CallProblem(f"{number} is too large")
            return value
        place = self._at
        word = self._match(_NAME)
        if word in _WORDS:
            return _WORDS[word]
        raise CallProblem(f'texts stand in "double quotes"; this is no value: {_start(self._text[place:])}')

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        self._space()
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found[0]

    def _take(self, sign: str) -> bool:
        if self._peek() != sign:
            return False
        self._at += 1
        return True

    def _peek(self) -> str:
        self._space()
        return self._text[self._at : self._at + 1]

    def _space(self) -> None:
        while self._text[self._at : self._at + 1] in (" ", "\n", "\t", "\r") and self._at < len(self._text):
            self._at += 1


def _joined(pieces: list[str]) -> str:
    """The pieces of a text; two escapes that stand for one character beyond the 65,536th become it. Half of such a
    character is none."""
    merged: list[str] = []
    for piece in pieces:
        if merged and len(piece) == 1 and "\udc00" <= piece <= "\udfff" and len(merged[-1]) == 1:
            high = merged[-1]
            if "\ud800" <= high <= "\udbff":
                merged[-1] = chr(0x10000 + ((ord(high) - 0xD800) << 10) + (ord(piece) - 0xDC00))
                continue
        if piece:
            merged.append(piece)
    text = "".join(merged)
    if re.search("[\ud800-\udfff]", text):
        raise CallProblem("a text holds half of a character (a lone \\ud800 to \\udfff)")
    return text


def _start(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "...") if text else "nothing"
