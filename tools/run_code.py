"""Run one program in one of several languages."""

from __future__ import annotations

from typing import Literal, NamedTuple

from orca_agents.fences import without_fence
from orca_agents.sandbox.api import PYTHON, Limits, Outcome, Program, Sandbox
from orca_agents.toolbox.api import ToolContext, ToolError, tool
from orca_agents.toolbox.calling import capped

LanguageName = Literal["python", "javascript", "bash", "perl", "ruby", "php", "lua", "c", "cpp", "go", "rust", "java"]


_SCRIPT = Limits()
_NODE = Limits(memory_mb=2048)  # it asks for far more address space than it uses
_COMPILER = Limits(wall_s=60, cpu_s=60, memory_mb=2048)


class _Language(NamedTuple):
    file: str
    needs: str
    """The command that must be there."""
    command: str
    """For the shell, in the folder of the file."""
    limits: Limits = _SCRIPT


_SMALL_JVM = "-Xmx256m -XX:+UseSerialGC -XX:ReservedCodeCacheSize=64m -XX:CompressedClassSpaceSize=64m"
_LANGUAGES: dict[LanguageName, _Language] = {
    "python": _Language("main.py", "python3", "exec python3 main.py"),
    "javascript": _Language("main.js", "node", "exec node --max-old-space-size=384 main.js", _NODE),
    "bash": _Language("main.sh", "bash", "exec bash main.sh"),
    "perl": _Language("main.pl", "perl", "exec perl main.pl"),
    "ruby": _Language("main.rb", "ruby", "exec ruby main.rb"),
    "php": _Language("main.php", "php", "exec php main.php"),
    "lua": _Language("main.lua", "lua", "exec lua main.lua"),
    "c": _Language("main.c", "cc", "cc -O1 -o main main.c -lm && exec ./main", _COMPILER),
    "cpp": _Language("main.cpp", "c++", "c++ -O1 -o main main.cpp && exec ./main", _COMPILER),
    "go": _Language("main.go", "go", "exec go run main.go", _COMPILER),
    "rust": _Language("main.rs", "rustc", "rustc -o main main.rs && exec ./main", _COMPILER),
    "java": _Language("Main.java", "java", f"exec java {_SMALL_JVM} Main.java", _COMPILER),
}
_MISSING = 127  # as shells say it


@tool(needs=("sandbox",), timeout_s=120)
async def run_code(language: LanguageName, code: str, context: ToolContext, stdin: str = "") -> str:
    """Run one complete program in a named language, and read what it printed and its exit code.

    Give the whole program in `code`, without a Markdown fence, and in `stdin` what it reads from standard input, if
    anything. Each call starts from nothing: no variable and no file of an earlier call is there. (For Python with
    variables that stay, use run_python where you have it.)

    - The program must print its results. Of long output you see the beginning and the end.
    - Limits: 20 seconds (60 with compiling, for c, cpp, go, rust, java) and no network. No packages can be installed.
    - The code stands in one file: main.py, main.js, main.sh, main.c, ..., and Main.java with a class Main.
    - Not every language is there. If yours is not, the answer names those that are.

    An exit code other than 0, an error of the compiler and a time-out stand in the answer, after what was printed.
    Example: {"language": "javascript", "code": "console.log([3, 1, 2].sort())"}
    """
    sandbox = await context.services.sandbox()
    used = _LANGUAGES[language]
    files = {used.file: without_fence(code).encode("utf-8", "replace")}
    if language == "python":
        command: tuple[str, ...] = (PYTHON, used.file)
    else:
        check = f"command -v {used.needs} >/dev/null 2>&1 || exit {_MISSING}"
        command = ("sh", "-c", f"{check}\n{used.command}")
    program = Program(command, files, stdin.encode("utf-8", "replace"), used.limits)
    outcome = await sandbox.run(program)
    if outcome.exit_code == _MISSING and not outcome.stdout and not outcome.stderr:
        there = ", ".join(await _languages_there(sandbox))
        raise ToolError(f"there is no {language} in this sandbox; these languages are there: {there}")
    return _as_text(outcome, used.limits)


async def _languages_there(sandbox: Sandbox) -> list[str]:
    looks = [f"command -v {used.needs} >/dev/null 2>&1 && echo {name}" for name, used in _LANGUAGES.items()]
    outcome = await sandbox.run(Program(("sh", "-c", "\n".join([*looks, "true"]))))
    return list(dict.fromkeys(["python", *outcome.stdout.split()]))


def _as_text(outcome: Outcome, limits: Limits) -> str:
    """Below the longest result that an agent reads, so that its last line is never cut away."""
    parts = [capped(outcome.stdout.rstrip("\n"), 4500)]
    if outcome.stderr.strip():
        parts.append("stderr:\n" + capped(outcome.stderr.rstrip("\n"), 2500))
    ends = {
        "time": f"[Stopped: it was not done after {limits.wall_s:g} s.]",
        "output": f"[Stopped: it printed more than {limits.output_bytes:,} bytes.]",
        "memory": f"[Stopped: it used more than {limits.memory_mb} MB of memory.]",
    }
    if outcome.stopped:
        parts.append(ends[outcome.stopped])
    elif outcome.exit_code:
        parts.append(f"[Exit code {outcome.exit_code}.]")
    elif not any(parts):
        parts.append("[Exit code 0. The program printed nothing.]")
    return "\n".join(part for part in parts if part)
