"""Run, for the checks of one item, what models wrote: in the sandbox, and once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from orca_agents.checks.api import Ran
from orca_agents.models.api import ToolKey
from orca_agents.models.client import CallRecord
from orca_agents.records import ToolCall
from orca_agents.sandbox.api import PYTHON, Limits, Program
from orca_agents.sandbox.code_tests import OneTest, TestReport, run_code_tests
from orca_agents.toolbox.api import Services


class RecordedLab:
    """The `Lab` of one item: each run is on record under what was run, so that a replay runs nothing."""

    def __init__(self, services: Services, record: CallRecord, seed_id: str, path: str) -> None:
        self._services = services
        self._record = record
        self._seed_id = seed_id
        self._path = f"{path}/lab"

    async def run_tests(self, solution: str, tests: str) -> TestReport:
        """Run `tests`, a module that imports from `solution`."""

        async def run() -> dict[str, Any]:
            return asdict(await run_code_tests(await self._services.sandbox(), solution, tests))

        found = await self._once("run_tests", {"solution": solution, "tests": tests}, run)
        found["tests"] = tuple(OneTest(**test) for test in found["tests"])
        return TestReport(**found)

    async def run_python(
        self, code: str, *, files: Mapping[str, str] | None = None, stdin: str = "", limits: Limits | None = None
    ) -> Ran:
        """Run a Python program with these files beside it."""
        bounds = limits or Limits()

        async def run() -> dict[str, Any]:
            inside = {name: text.encode("utf-8", "surrogatepass") for name, text in (files or {}).items()}
            program = Program((PYTHON, "-c", code), inside, stdin.encode("utf-8", "surrogatepass"), bounds)
            outcome = await (await self._services.sandbox()).run(program)
            return {
                "exit_code": outcome.exit_code,
                "stdout": outcome.stdout,
                "stderr": outcome.stderr,
                "stopped": outcome.stopped,
            }

        given = {"code": code, "files": dict(files or {}), "stdin": stdin, "limits": asdict(bounds)}
        return Ran(**await self._once("run_python", given, run))

    async def _once(
        self, name: str, given: dict[str, Any], run: Callable[[], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        """What a run came to, from the record or from the sandbox. Raises `SandboxError` where that does not work."""
        digest = hashlib.sha256(json.dumps([name, given], sort_keys=True).encode()).hexdigest()
        key = ToolKey(self._seed_id, self._path, 0, digest)
        call = await self._record.recall_tool(key)
        if call is None:
            found = await run()
            call = ToolCall(id="", name=name, arguments=given, result=json.dumps(found))
            await self._record.record_tool(key, call)
        result: dict[str, Any] = json.loads(call.result)
        return result
