"""Read .proto files (protocol buffers, 2 and 3): services with their calls, messages, enumerations and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orca_agents.errors import SeedError
from orca_agents.seeds.formats.operations import Api, Operation, Section

MOST_DEPTH = 50
"""Deepest nesting of messages."""
LONGEST_COMMENT = 20_000
"""Characters up to which comment lines are put together to one; more are a new one."""


def parse_proto(text: str, name: str) -> Api:
    """The calls of all services, or the messages where there is no service. Raises SeedError where it has neither."""
    reader = _Reader(text)
    reader.read_body("", 0)
    root = {"types": reader.types}
    for scope, schema in reader.open_references:
        _settle(schema, scope, reader.types)
    operations = [_operation(call, reader.types) for call in reader.calls]
    if not operations:
        operations = [
            Operation(
                kind, f"message {kind}", f"line {reader.lines[kind]}", sections=(Section("Fields", schema=schema),)
            )
            for kind, schema in reader.types.items()
            if schema.get("properties")
        ]
    if not operations:
        raise SeedError("it has neither services nor messages" + (f" ({reader.problem})" if reader.problem else ""))
    title = reader.package or Path(name).stem
    return Api(title, operations, description=reader.about, root=root)


@dataclass
class _Call:
    service: str
    name: str
    takes: tuple[bool, str]
    """Whether it is a stream, and of which message."""
    gives: tuple[bool, str]
    line: int
    comment: str
    options: list[str] = field(default_factory=list)


_TOKEN = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<text>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
    r"|(?P<word>\.?[A-Za-z_][\w.]*|[-+]?[0-9][\w.+-]*)|(?P<sign>[^\s\w])",
    re.DOTALL,
)


class _Reader:
    """Reads declarations one after the other; what it does not know is passed over."""

    def __init__(self, text: str) -> None:
        self.package = ""
        self.about = ""
        self.problem = ""
        self.types: dict[str, dict[str, Any]] = {}
        self.lines: dict[str, int] = {}
        self.calls: list[_Call] = []
        self.open_references: list[tuple[str, dict[str, Any]]] = []
        self._tokens = list(_tokens(text))
        self._at = 0
        self._comment = ""

    def read_body(self, scope: str, depth: int) -> None:
        """The declarations up to the closing brace, or to the end of the file."""
        if depth > MOST_DEPTH:
            raise SeedError(f"messages nested more than {MOST_DEPTH} deep")
        while (word := self._next()) not in ("}", ""):
            match word:
                case "package":
                    self.package = self._next()
                case "message" | "enum" | "service" | "extend" | "oneof" if self._peek(1) == "{":
                    self._read_block(word, scope, depth)
                case "rpc" if self._peek(1) == "(":
                    self._read_call(scope)
                    continue
                case ";":
                    continue
                case _:
                    self._read_statement(word, scope)
            self._comment = ""

    def _read_block(self, word: str, scope: str, depth: int) -> None:
        comment, line, name = self._comment, self._line(), self._next()
        self._next()
        self._comment = ""
        if word == "service":
            self.about = self.about or comment
            self.read_body(name, depth + 1)
        elif word == "oneof":
            self.read_body(scope, depth + 1)
        elif word == "extend":
            self.read_body("(extensions)", depth + 1)
        else:
            full = f"{scope}.{name}" if scope else name
            self.types[full] = {"type": "object" if word == "message" else "string", "description": comment}
            self.lines[full] = line
            self.read_body(full, depth + 1)

    def _read_call(self, service: str) -> None:
        comment, line, name = self._comment, self._line(), self._next()
        takes = self._read_type()
        self._next()  # returns
        call = _Call(service, name, takes, self._read_type(), line, comment)
        self._comment = ""
        if self._peek() == "{":
            for option in self._read_options():
                if found := re.search(r"\b(get|put|post|delete|patch)\s*:\s*\"([^\"]+)\"", option):
                    call.options.append(f"HTTP: {found[1].upper()} {found[2]}")
        self.calls.append(call)

    def _read_type(self) -> tuple[bool, str]:
        words = []
        self._next()
        while (word := self._next()) not in (")", ""):
            words.append(word)
        return len(words) > 1 and words[0] == "stream", words[-1] if words else "?"

    def _read_options(self) -> Iterator[str]:
        """The statements of a block, braces within them and all."""
        self._next()
        depth, words = 1, []
        while depth and (word := self._next()):
            depth += {"{": 1, "}": -1}.get(word, 0)
            words.append(word)
            if depth == 1 and word == ";":
                yield " ".join(words)
                words = []
        yield " ".join(words)

    def _read_statement(self, word: str, scope: str) -> None:
        """A field, a value of an enumeration, an option: up to its semicolon."""
        comment, words, depth = self._comment, [word], 0
        line = self._line()
        while (word := self._next()) not in ("", "}") or depth:
            if not word:
                break
            if word in "{[":
                depth += 1
            elif word in "}]":
                depth -= 1
                if word == "}" and not depth and "=" not in words:
                    break
            if word == ";" and depth == 0:
                break
            words.append(word)
        if word == "}" and not depth:
            self._at -= 1
        trailing = self._comment_on(line)
        owner = self.types.get(scope)
        if owner is None or words[0] in ("option", "reserved", "extensions", "syntax", "import", "group"):
            return
        if owner["type"] == "string" and len(words) >= 3 and words[1] == "=":
            owner.setdefault("enum", []).append(words[0])
        elif owner["type"] == "object":
            self._add_field(owner, words, scope, comment or trailing)

    def _add_field(self, owner: dict[str, Any], words: list[str], scope: str, comment: str) -> None:
        label = words.pop(0) if words[0] in ("optional", "repeated", "required") else ""
        schema: dict[str, Any] = {}
        if words[0] == "map" and len(words) > 6 and words[1] == "<":
            schema = {"type": f"map of {words[2]} to", "additionalProperties": {"type": words[4]}}
            schema["type"] += f" {words[4]}"
            self.open_references.append((scope, schema["additionalProperties"]))
            words = words[6:]
        elif len(words) > 3 and words[2] == "=":
            kind: dict[str, Any] = {"type": words[0]}
            self.open_references.append((scope, kind))
            schema = {"type": "array", "items": kind} if label == "repeated" else kind
            words = words[1:]
        else:
            return
        about = " ".join(words)
        if comment:
            schema["description"] = comment
        if found := re.search(r"\bdefault = (\S+)", about):
            schema["default"] = found[1].strip('"')
        owner.setdefault("properties", {})[words[0]] = schema
        if label == "required" or "field_behavior ) = REQUIRED" in about:
            owner.setdefault("required", []).append(words[0])

    def _next(self) -> str:
        """The next word or sign; comments before it are kept, for they speak of what follows."""
        while self._at < len(self._tokens):
            kind, text, line = self._tokens[self._at]
            self._at += 1
            if kind != "comment":
                return text
            if text.startswith(("Copyright", "Licensed under")):
                continue
            near = self._at > 1 and self._comment and self._tokens[self._at - 2][0] == "comment"
            together = near and line - self._tokens[self._at - 2][2] <= 1 and len(self._comment) < LONGEST_COMMENT
            self._comment = f"{self._comment} {text}".strip() if together else text
        return ""

    def _peek(self, ahead: int = 0) -> str:
        words = (text for kind, text, _ in self._tokens[self._at : self._at + 40] if kind != "comment")
        return next((text for number, text in enumerate(words) if number == ahead), "")

    def _line(self) -> int:
        return self._tokens[min(self._at, len(self._tokens) - 1)][2]

    def _comment_on(self, line: int) -> str:
        """A comment behind a statement, on its last line."""
        last = self._tokens[self._at - 1][2]
        if (
            self._at < len(self._tokens)
            and self._tokens[self._at][0] == "comment"
            and self._tokens[self._at][2] == last
        ):
            self._at += 1
            return self._tokens[self._at - 1][1]
        return ""


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    line, at = 1, 0
    for token in _TOKEN.finditer(text):
        line, at = line + text.count("\n", at, token.start()), token.start()
        kind, word = str(token.lastgroup), token[0]
        if kind == "comment":
            word = " ".join(re.sub(r"^\s*(?:///?|/\*+|\*+/?)|\*/\s*$", "", part).strip() for part in word.splitlines())
            word = word.strip()
        yield kind, word, line


def _settle(schema: dict[str, Any], scope: str, types: dict[str, dict[str, Any]]) -> None:
    """Let a field's type refer to the message or enumeration that it names."""
    if found := _find(str(schema["type"]), scope, types):
        del schema["type"]
        schema["$ref"] = _reference(found)


def _find(name: str, scope: str, types: dict[str, dict[str, Any]]) -> str:
    """The type that a name means in a message: the innermost first, and its last part in any package."""
    parts = scope.split(".") if scope else []
    names = [".".join([*parts[:count], name]) for count in range(len(parts), -1, -1)]
    return next((found for found in [*names, name.rpartition(".")[2]] if found in types), "")


def _reference(name: str) -> str:
    return f"#/types/{name}"


def _operation(call: _Call, types: dict[str, dict[str, Any]]) -> Operation:
    sections = []
    for title, (streamed, kind) in (("Request", call.takes), ("Response", call.gives)):
        found = _find(kind, "", types)
        shown = f"{title} (a stream)" if streamed else title
        schema = {"$ref": _reference(found)} if found else {"type": kind}
        sections.append(Section(shown, schema=schema))
    takes, gives = ("stream " * streamed + kind for streamed, kind in (call.takes, call.gives))
    return Operation(
        name=f"{call.service}.{call.name}",
        heading=f"rpc {call.service}.{call.name}({takes}) returns ({gives})",
        where=f"line {call.line}",
        description=call.comment,
        sections=tuple(sections),
        notes=tuple(call.options),
    )
