"""Read a YAML file into a pydantic model, pointing at file, line and key where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orca_agents.errors import ConfigError, Problem, did_you_mean

ConfigT = TypeVar("ConfigT", bound=BaseModel)
KeyPath = tuple[str | int, ...]

DEEPEST = 40
LARGEST = 50_000
"""Bounds on what one config file may unfold to: levels, and keys and items in all."""
YAML_TAG = "tag:yaml.org,2002:"
TOO_MUCH = "the file is nested too deeply or unfolds to too much; write it without aliases"


class YamlFile:
    """A YAML file that remembers on which line each key was written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise ConfigError(
                [Problem(path, 1, 1, "(file)", f"byte {error.start} is not UTF-8; save the file as UTF-8")]
            ) from None
        root = self._compose()
        if root is None:
            raise ConfigError([Problem(path, 1, 1, "(file)", "the file is empty")])
        if not isinstance(root, yaml.MappingNode) or root.tag != f"{YAML_TAG}map":
            raise ConfigError([Problem(path, 1, 1, "(file)", "the file must hold keys and values")])
        self._root = root
        self._positions: dict[KeyPath, tuple[int, int]] = {}
        problems = [self._problem_at(node, key, message) for node, key, message in self._walk(root, ())]
        if problems:
            raise ConfigError(list(dict.fromkeys(problems))[:20])

    def read(self, model: type[ConfigT], over: Mapping[str, Any] | None = None) -> ConfigT:
        """Validate the file as `model`, or raise `ConfigError` that names every problem at once.

        What stands in `over` wins over the file; a mapping there is laid over the file's own, key by key. (A text in
        the file, as in `model: NAME`, is short for a mapping with that one key.)
        """
        try:
            data: dict[str, Any] = _Loader("").construct_document(self._root)
            for key, value in (over or {}).items():
                own = {key: data[key]} if isinstance(data.get(key), str) else data.get(key)
                data[key] = {**own, **value} if isinstance(value, dict) and isinstance(own, dict) else value
            return model.model_validate(data)
        except ValidationError as error:
            raise ConfigError([self.problem(e["loc"], _explain(e, model)) for e in error.errors()]) from None
        except yaml.MarkedYAMLError as error:
            raise self._syntax_error(error.problem_mark, str(error.problem)) from None

    def problem(self, key: KeyPath, message: str) -> Problem:
        """A problem with `key`, placed where the key (or its nearest parent) stands in the file."""
        nearest = next(key[:n] for n in range(len(key), -1, -1) if key[:n] in self._positions)
        line, column = self._positions[nearest]
        return Problem(self.path, line, column, _dotted(key), message)

    def _compose(self) -> yaml.Node | None:
        """The file as nodes that know their places."""
        try:
            loader = _Loader(self.text)
        except yaml.reader.ReaderError as error:
            raise self._syntax_error(None, error.reason) from None
        try:
            return loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            raise self._syntax_error(error.problem_mark, str(error.problem)) from None
        except (ValueError, OverflowError) as error:  # PyYAML's scanner lets Python's own through: "\UFFFFFFFF"
            raise self._syntax_error(loader.get_mark(), str(error)) from None

    def _syntax_error(self, mark: yaml.Mark | None, message: str) -> ConfigError:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return ConfigError([Problem(self.path, line, column, "(syntax)", message)])

    def _walk(self, node: yaml.Node, key: KeyPath) -> Iterator[tuple[yaml.Node, KeyPath, str]]:
        """Note where each key stands; yield what YAML allows and a config file should not have."""
        self._positions[key] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if len(key) > DEEPEST or len(self._positions) > LARGEST:  # aliases can unfold without end
            yield node, key, TOO_MUCH
            return
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key_node, value_node in node.value:
                if not isinstance(key_node, yaml.ScalarNode):
                    yield key_node, key, "a key must be a plain text, not a list or keys and values"
                    continue
                child = (*key, str(key_node.value))
                if key_node.tag not in (f"{YAML_TAG}str", f"{YAML_TAG}merge"):
                    kind = key_node.tag.removeprefix(YAML_TAG)
                    yield key_node, child, f"YAML reads this key as {kind}, not as a text; put it in quotes"
                    continue
                if key_node.value in seen:
                    yield key_node, child, "this key stands here twice; only one can count"
                    continue
                seen.add(key_node.value)
                yield from self._walk(value_node, child)
                self._positions[child] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                yield from self._walk(item, (*key, index))
        elif any("\ud800" <= char <= "\udfff" for char in node.value):
            yield node, key, "half a character (a lone surrogate) cannot be written to a file; write the whole one"

    def _problem_at(self, node: yaml.Node, key: KeyPath, message: str) -> Problem:
        mark = node.start_mark
        return Problem(self.path, mark.line + 1, mark.column + 1, _dotted(key), message)


class _Loader(yaml.SafeLoader):
    """YAML without its dates: `api_version: 2024-10-21` is a text. Whatever it cannot read has a place."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """As PyYAML does it, down to a depth at which Python is sure to follow."""
        if self.depth > DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # the stubs leave it open
            raise yaml.composer.ComposerError(problem=TOO_MUCH, problem_mark=mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """As PyYAML does it; a value that is not what its tag says is an error with a place."""
        try:
            value = super().construct_object(node, deep)
            if isinstance(value, int) and value.bit_length() > 64:
                raise ValueError("too large")
        except yaml.YAMLError:
            raise
        except Exception as error:  # PyYAML's converters let through what Python raises: `!!int abc`, `!!bool x`
            kind = node.tag.removeprefix(YAML_TAG)
            problem = f"{str(node.value)[:40]!r} cannot be read as {kind}; put it in quotes if it is a text"
            raise yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark) from error
        return value


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _explain(error: ErrorDetails, model: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        allowed = _fields_at(model, error["loc"][:-1])
        hint = did_you_mean(str(error["loc"][-1]), allowed)
        return "unknown key" + (hint or f"; known keys: {', '.join(allowed)}")
    if error["type"] == "missing":
        return "this key is required"
    if error["type"] == "literal_error":
        expected = str(error.get("ctx", {}).get("expected", ""))
        choices = [choice.strip().strip("'") for choice in expected.replace(" or ", ",").split(",")]
        return f"must be {expected}, not {error['input']!r}" + did_you_mean(str(error["input"]), choices)
    if error["type"] == "tuple_type":
        return "must be a list" + (f": [{error['input']}]" if isinstance(error["input"], str | int | float) else "")
    return error["msg"].removeprefix("Value error, ")


def _fields_at(model: type[BaseModel], key: KeyPath) -> list[str]:
    """The field names that pydantic accepts under `key`, following nested models, lists and dictionaries."""
    annotation: Any = model
    for part in key:
        found = next(_models_in(annotation), None)
        if found is None or isinstance(part, int):
            continue
        if part in found.model_fields:
            annotation = found.model_fields[part].annotation
    found = next(_models_in(annotation), None)
    return list(found.model_fields) if found else []


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _dotted(key: KeyPath) -> str:
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "(file)"
