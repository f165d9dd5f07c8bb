"""Read YAML that somebody else wrote: plain data only, and no more of it than its text is worth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from orca_agents.errors import SeedError

MOST_NODES = 500_000
"""Most values of a file, those that aliases repeat counted each time."""
MOST_DEPTH = 100
"""Deepest nesting. API descriptions reach about 20."""


def load_yaml(text: str) -> Any:
    """The value of the first document of a text: dicts with text keys, lists, texts, numbers, booleans and `None`.

    Built without recursion and without tags: `!!python/...` is a text like any other, so is a date. Of keys that stand
    there twice, the last counts. Raises SeedError with the line of what is wrong.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    building = _Building()
    try:
        for event in yaml.parse(text, Loader=loader):
            building.take(event)
            if building.finished:
                break
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        raise SeedError(f"not YAML{place}: {error.problem or error.context}; it may be cut off") from None
    except (yaml.YAMLError, ValueError) as error:
        raise SeedError(f"not YAML: {str(error).splitlines()[0]}") from None
    return building.value


@dataclass
class _Open:
    """A list or a mapping that is being read."""

    value: Any
    anchor: str | None
    line: int
    nodes: int = 1
    key: str | None = None
    merged: list[Any] = field(default_factory=list)


class _Building:
    """A value, built from the events of the parser with a stack of our own."""

    def __init__(self) -> None:
        self.value: Any = None
        self.finished = False
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._resolver = yaml.resolver.Resolver()
        self._constructor = yaml.constructor.SafeConstructor()

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        match event:
            case yaml.DocumentEndEvent():
                self.finished = True
            case yaml.AliasEvent():
                if event.anchor not in self._anchors:
                    raise SeedError(f"line {line}: the alias *{event.anchor} stands for nothing, or for itself")
                value, nodes = self._anchors[event.anchor]
                self._put(value, nodes, line)
            case yaml.ScalarEvent():
                at_key = bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None
                value = event.value if at_key else self._scalar(event)  # 200 and `on` are texts, as keys
                if event.anchor:
                    self._anchors[event.anchor] = (value, 1)
                self._put(value, 1, line)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                if len(self._open) >= MOST_DEPTH:
                    raise SeedError(f"line {line}: nested more than {MOST_DEPTH} deep")
                self._anchors.pop(event.anchor or "", None)
                empty: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                self._open.append(_Open(empty, event.anchor, line))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                closed = self._open.pop()
                for source in closed.merged:
                    closed.value = {**source, **closed.value}
                if closed.anchor:
                    self._anchors[closed.anchor] = (closed.value, closed.nodes)
                self._nodes -= closed.nodes - 1  # they were counted one by one
                self._put(closed.value, closed.nodes, line)

    def _put(self, value: Any, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise SeedError(f"line {line}: with its aliases written out it has more than {MOST_NODES} values")
        if not self._open:
            self.value = value
            return
        parent = self._open[-1]
        parent.nodes += nodes
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key is None:
            parent.key = value if isinstance(value, str) else "(not a text)"
        else:
            sources = value if isinstance(value, list) else [value]
            if parent.key == "<<" and all(isinstance(source, dict) for source in sources):
                parent.merged += sources
            else:
                parent.value[parent.key] = value
            parent.key = None

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        tag: str = event.tag or self._resolver.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
        kind = tag.removeprefix("tag:yaml.org,2002:")
        quoted = event.style in ("'", '"') and not event.tag
        if quoted or kind not in ("int", "float", "bool", "null"):
            return event.value
        if kind == "int" and len(event.value) > 100:
            return event.value
        try:
            return self._constructor.yaml_constructors[tag](self._constructor, yaml.ScalarNode(tag, event.value))
        except (ValueError, KeyError, OverflowError):
            return event.value  # `0o8`, or `!!int x`
