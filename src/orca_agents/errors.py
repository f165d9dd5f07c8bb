"""Everything orca_agents raises on purpose, drawn as a tree.

OrcaError
├── ConfigError            a YAML file or an option is wrong; says file:line:column, key and what to do
├── NotFoundError          no such skill, agent or tool on the search path
├── SeedError              one file cannot be read as seeds; it is reported and skipped
├── StoreError             the run folder cannot be used: locked, newer, not a run, disk full
├── DatasetError           a dataset cannot be built, read or written as asked
├── SandboxError           code cannot be run; a passing fault, where an item needed it
├── SearchError            a search or a page fails; a passing fault, where an item needed it
├── TeacherError           the teacher as a whole cannot be used; the run stops, what was bought is kept
│   ├── UnreachableError   no answer from its address
│   ├── WrongKeyError      the key is missing, wrong or not allowed
│   ├── NoModelError       no such model there, or none was named
│   └── ExhaustedError     its quota is used up, or it refuses for longer than we retry
├── StoppedError           the run was told to make no more calls; what was bought is kept, nothing is wrong
│   └── BudgetError        the next call could pass a cap on money or tokens
└── ChatError              one chat ended without a product; a row in failures, never the end of a run
    ├── TruncatedError     the reply was cut at the length limit
    ├── RefusedError       the model declined, or a content filter did
    ├── UnparsableError    the reply is not in the form that was asked for, also after one repair
    ├── ContextError       the request is longer than the model reads
    ├── BadRequestError    the endpoint rejects this request, and would again
    └── RetriesError       every try of one call failed, while the endpoint answers others; tried again on resume
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


class OrcaError(Exception):
    """Base class: `except orca_agents.OrcaError` catches all of ours and none of Python's."""

    attempts: int = 0
    """Requests that were sent before a call ended in this error."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in one place of one file."""

    path: Path
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.key}: {self.message}"


class ConfigError(OrcaError):
    """A file or an option is invalid. All problems of a file are reported at once."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems = [] if isinstance(problems, str) else list(problems)
        super().__init__(problems if isinstance(problems, str) else "\n".join(map(str, problems)))


class NotFoundError(OrcaError):
    """No skill, agent or tool of this name on the search path."""

    def __init__(self, kind: str, name: str, known: Iterable[str], searched: Iterable[Path]) -> None:
        places = ", ".join(str(folder) for folder in searched)
        super().__init__(
            f"no {kind} named {name!r}{did_you_mean(name, known)}; "
            f"`orca-agents {kind}s` lists them. Looked in: {places}"
        )


class SeedError(OrcaError):
    """A file cannot be read as seeds; the message says why and what would help."""


class StoreError(OrcaError):
    """The run folder cannot be used; the message says why and what to do."""


class SandboxError(OrcaError):
    """The sandbox itself does not work: it cannot start, or went away. Never the fault of the program in it."""


class SearchError(OrcaError):
    """What is searched cannot be used: a broken index, a web search that refuses. Never the fault of the query."""


class DatasetError(OrcaError):
    """A dataset cannot be built, read or written as asked; the message says why and what to do."""


class TeacherError(OrcaError):
    """The teacher as a whole cannot be used; the run stops and keeps what it has."""


class UnreachableError(TeacherError):
    """Nothing answers at the teacher's address."""


class WrongKeyError(TeacherError):
    """The key is missing, wrong, or not allowed to use this model."""


class NoModelError(TeacherError):
    """There is no such model, or none was named."""


class ExhaustedError(TeacherError):
    """The quota is used up, or the teacher kept refusing for longer than we retry."""


class StoppedError(OrcaError):
    """No more calls are made: the run has what it was asked for, or may not spend more."""


class BudgetError(StoppedError):
    """The next call could pass a cap on money or tokens."""


class ChatError(OrcaError):
    """One chat ended without a product. It becomes a row in failures with this type's name."""

    stage: str = ""
    """The stage of the chat, once known."""
    path: str = ""
    """Where in the flow the chat stands, once known."""
    chat: str = ""
    """The id of the chat's transcript, once known."""


class TruncatedError(ChatError):
    """The reply was cut at the length limit."""


class RefusedError(ChatError):
    """The model declined to answer, or a content filter stopped it."""


class UnparsableError(ChatError):
    """The reply does not have the form that was asked for, also after one repair."""


class ContextError(ChatError):
    """The request is longer than the model can read."""


class BadRequestError(ChatError):
    """The endpoint rejects this request and would reject it again."""


class RetriesError(ChatError):
    """Every try of one call failed for a passing reason, while the endpoint answers others.

    Nothing of it is on record, so a resumed run tries it again.
    """


PASSING = (RetriesError, SandboxError, SearchError)
"""What may be gone the next time, and is no fault of an item: a resumed run makes it again."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the closest known name, or an empty string."""
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
