"""Take tools from MCP servers: programs that are started, or servers at an address."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from orca_agents.errors import ConfigError
from orca_agents.seeds.cleaning import clean

if TYPE_CHECKING:
    from mcp import Client

START_S = 30.0
"""Longest start of a server, until it has said what it is."""
CALL_S = 120.0
"""Longest call, for one whom nobody else stops."""
CLOSE_S = 10.0
"""Longest end of a server; the package kills one that does not go by itself after some seconds."""
MOST_PAGES = 50
_STDERR_CHARS = 400


@dataclass(frozen=True)
class McpTool:
    """A tool as its server tells of it."""

    name: str
    description: str
    parameters: dict[str, Any]
    """A JSON schema of its arguments."""


def missing() -> str | None:
    """Why no MCP server can be used here and what to do, or `None`."""
    if importlib.util.find_spec("mcp") is None:
        return "the package of MCP is not installed: pip install 'orca-agents[mcp]'"
    return None


class McpSource:
    """One MCP server. It is started when it is first asked, and again when it is asked after it died.

    Its connection lives in a task of its own, for what it is made of must be closed by the task that opened it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str] = (),
        *,
        env: Sequence[str] = (),
        url: str | None = None,
        start_s: float = START_S,
        call_s: float = CALL_S,
    ) -> None:
        """A `command` with its arguments, which gets PATH, HOME and the variables named in `env`; or a `url`."""
        self._name = name
        self._command = tuple(command)
        self._env = tuple(env)
        self._url = url
        self._start_s = start_s
        self._call_s = call_s
        self._connection: _Connection | None = None
        self._turn = asyncio.Lock()
        self._closed = False

    async def tools(self) -> list[McpTool]:
        """The tools that it offers. Raises `ConfigError` that says why it cannot be used."""
        connection = await self._connected()
        try:
            return await asyncio.wait_for(_list_tools(connection.client), self._start_s)
        except TimeoutError:
            await self._drop(connection)
            late = f"it did not answer within {self._start_s:g} s"
            raise ConfigError(f"{self._label} does not tell its tools: {late}{connection.stderr()}") from None
        except Exception as error:  # noqa: BLE001 - the package raises of many kinds; each means it cannot be used
            await self._drop(connection)
            raise ConfigError(f"{self._label} does not tell its tools: {_said(error)}{connection.stderr()}") from None

    async def call(self, name: str, arguments: dict[str, Any]) -> tuple[str, bool]:
        """What a tool answers, and whether that is an error. A server that dies is an error of this call; the next
        one starts it again."""
        from mcp import MCPError
        from mcp_types import REQUEST_TIMEOUT

        try:
            connection = await self._connected()
        except ConfigError as error:
            return str(error), True
        try:
            result = await connection.client.call_tool(name, _sendable(arguments), read_timeout_seconds=self._call_s)
        except MCPError as error:
            if error.code == REQUEST_TIMEOUT:
                return f"the tool {name!r} of {self._label} did not answer within {self._call_s:g} s", True
            if await self._is_alive(connection):
                return f"the tool {name!r} of {self._label} failed: {_said(error)}", True
            return await self._died(connection, error), True
        except Exception as error:  # noqa: BLE001 - the package raises of many kinds: a broken pipe, a wrong result
            if await self._is_alive(connection):
                return f"the tool {name!r} of {self._label} failed: {_said(error)}", True
            return await self._died(connection, error), True
        return _text(result), bool(result.is_error)

    async def close(self) -> None:
        """End the connection, and the program with it. Safe to call twice."""
        self._closed = True
        async with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                await connection.end()

    @property
    def _label(self) -> str:
        return f"the MCP server {self._name!r}"

    async def _connected(self) -> _Connection:
        async with self._turn:
            if self._closed:
                raise ConfigError(f"{self._label} was closed")
            if self._connection is None:
                connection = _Connection(self._target())
                try:
                    await connection.start(self._start_s)
                except BaseException as error:  # also when we are cancelled: no program is left behind
                    await connection.end()
                    if not isinstance(error, Exception):
                        raise
                    late = f"it says nothing within {self._start_s:g} s"
                    reason = late if isinstance(error, TimeoutError) else _said(error)
                    raise ConfigError(f"{self._label} does not start: {reason}{connection.stderr()}") from None
                self._connection = connection
            return self._connection

    def _target(self) -> _Target:
        if reason := missing():
            raise ConfigError(f"{self._label} cannot be used: {reason}")
        if self._url is not None:
            return self._url
        if shutil.which(self._command[0]) is None:
            raise ConfigError(f"{self._label} does not start: there is no command {self._command[0]!r}")
        unset = [name for name in self._env if name not in os.environ]
        if unset:
            raise ConfigError(f"{self._label} needs environment variables that are not set: {', '.join(unset)}")
        given = {name: os.environ[name] for name in ("PATH", "HOME", *self._env) if name in os.environ}
        return self._command, given

    async def _is_alive(self, connection: _Connection) -> bool:
        try:
            await asyncio.wait_for(_list_tools(connection.client), 5)
        except Exception:  # noqa: BLE001 - whatever it is: one that does not even tell its tools is of no use
            return False
        return True

    async def _died(self, connection: _Connection, error: Exception) -> str:
        await self._drop(connection)
        return f"{self._label} went away during this call: {_said(error)}{connection.stderr()}"

    async def _drop(self, connection: _Connection) -> None:
        async with self._turn:
            if self._connection is connection:
                self._connection = None
        await connection.end()


_Target = str | tuple[tuple[str, ...], dict[str, str]]
"""An address, or a command and its environment."""


class _Connection:
    """One connection, entered and left by one task."""

    client: Client

    def __init__(self, target: _Target) -> None:
        self._target = target
        self._stop = asyncio.Event()
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._errors: _Stderr | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, seconds: float) -> None:
        self._task = asyncio.create_task(self._live())
        self.client = await asyncio.wait_for(asyncio.shield(self._ready), seconds)

    async def end(self) -> None:
        """Let the task close what it opened, within a time."""
        self._stop.set()
        task, self._task = self._task, None
        if task is not None:
            if not self._ready.done():
                task.cancel()
            await asyncio.wait([task], timeout=CLOSE_S)
            if not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=CLOSE_S)
        if self._errors is not None:
            self._errors.close()

    def stderr(self) -> str:
        """The last of what the program wrote to its stderr, for a message."""
        return self._errors.said() if self._errors is not None else ""

    async def _live(self) -> None:
        try:
            async with self._client() as client:
                self._ready.set_result(client)
                await self._stop.wait()
        except Exception as error:  # noqa: BLE001 - the package raises groups of what its tasks raised; told at start
            if not self._ready.done():
                self._ready.set_exception(error)
                self._ready.exception()  # whoever waited may have gone
        finally:
            if not self._ready.done():
                self._ready.cancel()

    def _client(self) -> Client:
        from mcp import Client, StdioServerParameters, stdio_client

        _quieten()
        if isinstance(self._target, str):
            return Client(self._target)
        command, given = self._target
        # The package hands on some more variables, of the user's shell.
        unwanted = [name for name in ("LOGNAME", "SHELL", "TERM", "USER") if name not in given]
        self._errors = _Stderr()
        parameters = StdioServerParameters(
            command=sys.executable,
            args=["-I", "-S", "-c", _BOOT, str(os.getpid()), ",".join(unwanted), *command],
            env=given,
            encoding_error_handler="replace",  # one wrong byte would end the connection
        )
        return Client(stdio_client(parameters, errlog=self._errors.written))


_BOOT = """
import ctypes, os, sys
try:
    ctypes.CDLL(None).prctl(1, 9)
except (OSError, AttributeError):
    pass
if os.getppid() != int(sys.argv[1]):
    sys.exit("orca-agents is gone")
for name in sys.argv[2].split(","):
    os.environ.pop(name, None)
try:
    os.execvp(sys.argv[3], sys.argv[3:])
except OSError as error:
    sys.exit(f"{sys.argv[3]} cannot be run: {error}")
"""
"""Becomes the server, after it asked Linux to kill it when we die: not every server ends when its stdin does."""


class _Stderr:
    """The end of what a program writes to its stderr. A file would grow with a server that logs for days."""

    def __init__(self) -> None:
        self._read, write = os.pipe()
        os.set_blocking(self._read, False)
        self.written: TextIO = os.fdopen(write, "w")
        """For the program; it has its own copy of it."""
        self._tail = b""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read, self._take)

    def said(self) -> str:
        if not self.written.closed:
            for _ in range(_MOST_TAKEN):
                if not self._take():
                    break
        said = " ".join(self._tail.decode("utf-8", "replace").split())[-_STDERR_CHARS:]
        return f"; it wrote: {clean(said).text}" if said else ""

    def close(self) -> None:
        if not self.written.closed:
            self.said()
            self._loop.remove_reader(self._read)
            os.close(self._read)
            self.written.close()

    def _take(self) -> bool:
        """Read what is there, and keep the end of it; whether there was anything."""
        try:
            data = os.read(self._read, 65_536)
        except BlockingIOError:
            return False
        self._tail = (self._tail + data)[-4 * _STDERR_CHARS :]
        return bool(data)


_MOST_TAKEN = 64
"""Reads of a pipe that may be filled all the time."""


def _quieten() -> None:
    """Where nobody set up logging, Python prints a traceback for each line of a banner on a server's stdout."""
    for logger in map(logging.getLogger, ("mcp", "client")):
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _sendable(arguments: dict[str, Any]) -> Any:
    """Arguments without lone surrogates, which a model can write and no connection can send."""
    return json.loads(json.dumps(arguments, ensure_ascii=False).encode("utf-8", "replace"))


async def _list_tools(client: Client) -> list[McpTool]:
    tools: list[McpTool] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor, cache_mode="bypass")
        tools += [
            McpTool(tool.name, clean(tool.description or tool.title or "").text, _cleaned(dict(tool.input_schema)))
            for tool in page.tools
        ]
        cursor = page.next_cursor
        if not cursor:
            break
    return tools


def _cleaned(schema: Any) -> Any:
    """A schema whose descriptions hold no signs that steer a chat: it becomes a part of each request."""
    if isinstance(schema, list):
        return [_cleaned(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: clean(value).text if key == "description" and isinstance(value, str) else _cleaned(value)
        for key, value in schema.items()
    }


def _text(result: Any) -> str:
    """The parts of a result as text: texts as they are, others by what they are."""
    parts = [_part(content) for content in result.content]
    if not parts and result.structured_content is not None:
        return json.dumps(result.structured_content, ensure_ascii=False)
    return "\n".join(parts)


def _part(content: Any) -> str:
    if content.type == "text":
        return str(content.text)
    if content.type in ("image", "audio"):
        return f"[{content.type}: {content.mime_type}, about {len(content.data) * 3 // 4:,} bytes, not shown]"
    if content.type == "resource_link":
        return f"[link: {content.title or content.name}, {content.uri}]"
    resource = content.resource
    if hasattr(resource, "text"):
        return f"[resource: {resource.uri}]\n{resource.text}"
    return f"[resource: {resource.uri}, {resource.mime_type or 'of an unknown type'}, not shown]"


def _said(error: BaseException) -> str:
    """What an error says, on one line; of a group what the first in it says."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return " ".join(str(error).split())[:300] or type(error).__name__
