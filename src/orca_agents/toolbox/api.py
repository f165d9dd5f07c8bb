"""What a tool is: a typed function with a docstring. What it may ask for, and what it needs, is said here.

    from orca_agents.toolbox import ToolContext, tool

    @tool(needs=("sandbox",), timeout_s=60)
    async def run_python(code: str, context: ToolContext) -> str:
        '''Run Python code ...'''

A plain function is a tool too. A parameter of the type `ToolContext` is filled in here and never shown to a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from orca_agents.config import Need
from orca_agents.records import ToolCall
from orca_agents.sandbox.api import Sandbox
from orca_agents.search.api import SearchProvider

if TYPE_CHECKING:  # what few tools use is loaded when it is first asked for
    from orca_agents.search.fetching import Fetcher
    from orca_agents.search.functions import FunctionIndex

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

TIMEOUT_S = 30.0
"""Longest call of a tool that says nothing else."""


class ToolError(ValueError):
    """What went wrong in a tool, in words that the agent who called it can act on. It reads them; the chat goes on."""


class Services(Protocol):
    """What the tools of a run share. Each is made when it is first asked for, and closed with the run."""

    async def sandbox(self) -> Sandbox:
        """Where code runs. Raises `ToolError` where the run has none."""
        ...

    async def corpus(self) -> SearchProvider:
        """The run's own documents, to be searched. Raises `ToolError` where there are none."""
        ...

    async def web_search(self) -> SearchProvider | None:
        """The web, to be searched; `None` unless the run allows it."""
        ...

    async def fetcher(self) -> Fetcher:
        """Reads pages of the web. Raises `ToolError` unless the run allows it."""
        ...

    async def functions(self) -> FunctionIndex:
        """The functions and API operations in the run's own documents. Raises `ToolError` where there are none."""
        ...

    def of_chat(self, chat_id: str, name: str, make: Callable[[], Any]) -> Any:
        """A thing that lives as long as a chat does, made when first asked for; its `close()` is awaited then."""
        ...


@dataclass(frozen=True)
class ToolContext:
    """Who calls a tool, and what there is to work with."""

    chat_id: str
    services: Services
    earlier: Sequence[ToolCall] = ()
    """The calls of this tool in this chat before this one, oldest first, those included whose results came from the
    record of an interrupted run: a tool whose state is gone or was never here brings it up to date from them."""


@dataclass(frozen=True)
class ToolSettings:
    """How a tool is called."""

    needs: tuple[Need, ...] = ()
    timeout_s: float = TIMEOUT_S


def tool(*, needs: Sequence[Need] = (), timeout_s: float = TIMEOUT_S) -> Callable[[FunctionT], FunctionT]:
    """Say what a tool needs and how long a call may take, in seconds."""

    def settle(function: FunctionT) -> FunctionT:
        function.__orca_tool__ = ToolSettings(tuple(needs), timeout_s)  # type: ignore[attr-defined]
        return function

    return settle
