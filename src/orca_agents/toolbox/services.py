"""The tools of a run and what they share: one sandbox, one corpus, one way to the web, the MCP servers."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from orca_agents.config import MCP_TOOL, Need
from orca_agents.errors import ConfigError, did_you_mean
from orca_agents.records import Seed
from orca_agents.run_config import McpServer, ToolsConfig
from orca_agents.sandbox.api import Sandbox
from orca_agents.search.api import SearchProvider
from orca_agents.seeds import STDIN, SeedOptions
from orca_agents.toolbox.api import ToolContext, ToolError
from orca_agents.toolbox.calling import in_thread
from orca_agents.toolbox.spec import Tool, mcp_name, plain_schema

if TYPE_CHECKING:  # each is loaded when it is first asked for: most runs need none of them
    from orca_agents.search.fetching import Fetcher
    from orca_agents.search.functions import FunctionIndex
    from orca_agents.toolbox.mcp import McpSource

_LOG = logging.getLogger("orca_agents")
MOST_ALIVE = 64
"""Most things of chats (running interpreters) that are kept at one time. One that has to go is made again when its
chat asks for it, and brought up to date from the chat's earlier calls."""

_T = TypeVar("_T")


class Toolbox:
    """The tools that the agents of a run name, and the `Services` that they share. Bound to one event loop."""

    def __init__(
        self,
        tools: Mapping[str, Tool],
        config: ToolsConfig | None = None,
        *,
        sources: Sequence[str | Path | Seed] = (),
        folder: Path | None = None,
        options: SeedOptions | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`tools` by the names that agents use; `sources` are searched where the config names no corpus, and the index
        is kept in `folder`; `say` is told what a person should know."""
        self._config = config or ToolsConfig()
        self._tools = {name: _with_settings(tool, self._config) for name, tool in tools.items()}
        self._sources = sources
        self._folder = folder
        self._options = options or SeedOptions()
        self._say = say
        self._made: dict[str, asyncio.Task[Any]] = {}
        self._of_chats: dict[tuple[str, str], Any] = {}
        self._servers: dict[str, McpSource] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def tools(self, names: Iterable[str]) -> tuple[Tool, ...]:
        """The tools of these names."""
        return tuple(self._tools[name] for name in names)

    async def prepare(self, names: Iterable[str], others: Mapping[Need, str] | None = None) -> None:
        """See that every tool of these names can be called, and that what `others` need (need -> who) is there. Raises
        `ConfigError` or `SandboxError` that says what is missing: nothing was asked of a model yet."""
        names = list(dict.fromkeys(names))
        of_servers = [name for name in names if name.startswith("mcp:")]
        needs: dict[Need, str] = dict(others or {})
        for name in names:
            if name not in of_servers:
                for need in self._tools[name].needs:
                    needs.setdefault(need, name)
        if "web" in needs and not self._config.web:
            raise ConfigError(
                f"{needs['web']!r} needs the web: allow it with `--web`, or `tools: {{web: true}}` in a run "
                "file. Queries and addresses then leave this machine"
            )
        for reason in _missing(needs, web=self._config.web):
            raise ConfigError(reason)
        await self._connect_servers(of_servers)
        if "sandbox" in needs:
            sandbox = await self.sandbox()
            if sandbox.name == "unsafe":
                self._say("UNSAFE: code that models write runs on this machine with your rights and without a sandbox")
        if "corpus" in needs:
            await self.corpus()
        if "functions" in needs:
            await self.functions()

    async def sandbox(self) -> Sandbox:
        """The back end that the run asks for, or the first that passes its self-test. Raises `SandboxError`."""

        async def choose() -> Sandbox:
            from orca_agents.sandbox import choose_sandbox

            config = self._config
            return await choose_sandbox(config.sandbox, python=config.python, image=config.image)

        return await self._once("sandbox", choose)

    async def corpus(self) -> SearchProvider:
        """The index of the run's own documents, or of the corpus that it names. Raises `ConfigError`, `SearchError`."""

        async def index() -> SearchProvider:
            from orca_agents.search.corpus import open_corpus

            sources = self._searched()
            return await in_thread(lambda: open_corpus(sources, self._options, self._folder))

        return await self._once("corpus", index)

    async def web_search(self) -> SearchProvider | None:
        """The web, where the run allows it."""
        if not self._config.web:
            return None

        async def connect() -> SearchProvider:
            from orca_agents.search.web import WebSearch

            return WebSearch()

        return await self._once("web", connect)

    async def fetcher(self) -> Fetcher:
        """Reads pages of the web, where the run allows it."""
        if not self._config.web:
            raise ToolError("this run does not allow the web")

        async def make() -> Fetcher:
            from orca_agents.search.fetching import Fetcher

            return Fetcher()

        return await self._once("fetcher", make)

    async def functions(self) -> FunctionIndex:
        """The functions and API operations in the corpus."""

        async def index() -> FunctionIndex:
            from orca_agents.search.functions import open_functions

            sources = self._searched()
            return await in_thread(lambda: open_functions(sources, self._options))

        return await self._once("functions", index)

    def of_chat(self, chat_id: str, name: str, make: Callable[[], Any]) -> Any:
        """A thing that lives as long as a chat does, made when first asked for; its `close()` is awaited then."""
        key = (chat_id, name)
        thing = self._of_chats.pop(key, None)
        self._of_chats[key] = thing = make() if thing is None else thing  # at the end: it was used last
        idle = (
            key for key, other in self._of_chats.items() if not getattr(other, "busy", False) and other is not thing
        )
        if len(self._of_chats) > MOST_ALIVE and (oldest := next(idle, None)) is not None:
            closing = asyncio.ensure_future(_close(self._of_chats.pop(oldest)))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        return thing

    async def end_chats(self, chat_ids: Iterable[str]) -> None:
        """Close what was made for these chats."""
        ended = set(chat_ids)
        keys = [key for key in self._of_chats if key[0] in ended]
        await asyncio.gather(*(_close(self._of_chats.pop(key)) for key in keys))

    async def close(self) -> None:
        """End everything that was made. Safe to call twice."""
        await self.end_chats({chat_id for chat_id, _ in self._of_chats})
        await asyncio.gather(*self._closing)
        made, self._made = self._made, {}
        for task in made.values():
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and task.exception() is None:
                await _close(task.result())
        servers, self._servers = self._servers, {}
        await asyncio.gather(*(_close(server) for server in servers.values()))

    def connected(self) -> list[dict[str, Any]]:
        """What models are told of the tools of MCP servers, to be noted: a replay has the servers no more."""
        tools = [(use, tool) for use, tool in self._tools.items() if use.startswith("mcp:")]
        return [{"use": use, **{name: getattr(tool, name) for name in _NOTED}} for use, tool in tools]

    def reconnect(self, noted: Sequence[Mapping[str, Any]]) -> None:
        """Take the tools of MCP servers as they were noted; they cannot be called."""
        for tool in noted:
            self._tools[tool["use"]] = Tool(**{name: tool[name] for name in _NOTED}, call=_not_here, is_async=False)

    async def _once(self, name: str, make: Callable[[], Awaitable[_T]]) -> _T:
        """What `make` gives, made by the first who asks; the others wait for it."""
        if name not in self._made:
            self._made[name] = asyncio.ensure_future(make())
        made: _T = await asyncio.shield(self._made[name])
        return made

    def _searched(self) -> Sequence[str | Path | Seed]:
        if self._config.corpus:
            return [Path(path) for path in self._config.corpus]
        if STDIN in self._sources:
            raise ConfigError(
                "the seeds come from standard input, which cannot be read twice: name a corpus to search with "
                "`--corpus PATH` (in a run file `tools: {corpus: PATH}`)"
            )
        return self._sources

    async def _connect_servers(self, names: Sequence[str]) -> None:
        """Connect the servers of these tools, and take the tools from them."""
        for name in names:
            named = MCP_TOOL.fullmatch(name)
            assert named is not None  # the library has looked at it
            server = self._config.mcp.get(named["server"])
            if server is None:
                known = did_you_mean(named["server"], self._config.mcp)
                raise ConfigError(
                    f"the tool {name!r} is of the MCP server {named['server']!r}, which the run does not name{known}: "
                    f"write `tools: {{mcp: {{{named['server']}: {{command: [...]}}}}}}` into the run file"
                )
            source = await self._server(named["server"], server)
            offered = {tool.name: tool for tool in await source.tools()}
            if named["tool"] not in offered:
                hint = did_you_mean(named["tool"], offered)
                raise ConfigError(f"the MCP server {named['server']!r} has no tool {named['tool']!r}{hint}")
            tool = offered[named["tool"]]
            try:
                parameters = plain_schema(tool.parameters)
            except ValueError as error:
                raise ConfigError(f"the tool {name!r} cannot be used: {error}") from None
            written = json.dumps([server.model_dump(mode="json"), tool.description, parameters], sort_keys=True)
            self._tools[name] = Tool(
                name=mcp_name(named["server"], named["tool"]),
                description=tool.description,
                parameters=parameters,
                call=_caller(source, named["tool"]),
                is_async=True,
                digest=hashlib.sha256(written.encode()).hexdigest(),
            )

    async def _server(self, name: str, server: McpServer) -> McpSource:
        from orca_agents.toolbox.mcp import McpSource, missing

        if reason := missing():
            raise ConfigError(reason)
        if name not in self._servers:
            self._servers[name] = McpSource(name, server.command, env=server.env, url=server.url)
        return self._servers[name]


def _with_settings(tool: Tool, config: ToolsConfig) -> Tool:
    """The tool, with the settings that decide its answers in its digest: with others, what is on record is not its."""
    settings: dict[str, Any] = {}
    if "corpus" in tool.needs or "functions" in tool.needs:
        settings["corpus"] = config.corpus
    if "corpus" in tool.needs or "web" in tool.needs:
        settings["web"] = config.web
    if not settings:
        return tool
    written = json.dumps([tool.digest, settings], sort_keys=True)
    return replace(tool, digest=hashlib.sha256(written.encode()).hexdigest())


_NOTED = ("name", "description", "parameters", "digest")


def _missing(needs: Iterable[Need], *, web: bool) -> Iterator[str]:
    """What is not installed of what these needs take."""
    if "puzzles" in needs and importlib.util.find_spec("constraint") is None:
        yield "puzzles are solved by a library that is not installed: pip install 'orca-agents[puzzles]'"
    if web and ("web" in needs or "corpus" in needs):
        from orca_agents.search import fetching
        from orca_agents.search import web as searching

        if "web" in needs and (reason := fetching.missing()):
            yield reason
        if "corpus" in needs and (reason := searching.missing()):
            yield reason


def _caller(source: McpSource, name: str) -> Callable[[Mapping[str, Any], ToolContext], Awaitable[str]]:
    async def call(arguments: Mapping[str, Any], _: ToolContext) -> str:
        text, is_error = await source.call(name, dict(arguments))
        if is_error:
            raise ToolError(text)
        return text

    return call


def _not_here(*_: object) -> Any:
    raise ToolError("a replay calls no tool")


async def _close(thing: Any) -> None:
    """Close what has something to close. One that fails keeps no other from being closed."""
    close = getattr(thing, "close", None)
    if close is None:
        return
    try:
        await close()
    except Exception:  # noqa: BLE001  whatever was to be closed: it is the end of a chat or of the run, and no fault of either
        _LOG.exception("%s could not be closed", type(thing).__name__)
