"""Choose a sandbox that has shown that it holds: the first, in order, that passes its self-test on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import BackEnd, Sandbox
from orca_agents.sandbox.selftest import Canary, here, self_test

ORDER: tuple[BackEnd, ...] = ("docker", "bubblewrap", "sandlock", "wasm")
"""Strongest first. `unsafe` is none of them."""
_WHERE = {
    "docker": ("orca_agents.sandbox.docker", "DockerSandbox"),
    "bubblewrap": ("orca_agents.sandbox.bubblewrap", "BubblewrapSandbox"),
    "sandlock": ("orca_agents.sandbox.sandlock", "SandlockSandbox"),
    "wasm": ("orca_agents.sandbox.wasm", "WasmSandbox"),
    "unsafe": ("orca_agents.sandbox.unsafe", "UnsafeSandbox"),
}
_LONGEST_TRUST_S = 7 * 24 * 3600
"""After so long a self-test is run again."""


@dataclass(frozen=True)
class Examined:
    """A back end, and what its self-test showed."""

    name: BackEnd
    version: str
    """Empty where it could not be tried."""
    canaries: tuple[Canary, ...]
    seconds: float
    """What the self-test took."""
    reason: str = ""
    """Why it could not be tried, and what to do."""

    @property
    def ok(self) -> bool:
        """Whether it runs programs and nothing gets through."""
        return not self.reason and bool(self.canaries) and all(canary.ok for canary in self.canaries)

    @property
    def why_not(self) -> str:
        """Why it is not used; empty if it is `ok`."""
        failed = [f"{canary.name}: {canary.happened}" for canary in self.canaries if not canary.ok]
        if failed and len({line.partition(": ")[2] for line in failed}) == 1:
            failed = [failed[0].partition(": ")[2]]  # one cause, said once
        return self.reason or "; ".join(failed)


async def choose_sandbox(
    wanted: Literal["auto"] | BackEnd = "auto", *, python: Path | None = None, image: str | None = None
) -> Sandbox:
    """The back end that was asked for, or with `auto` the first that passes its self-test. The caller closes it.

    `python` is the interpreter for programs, `image` the one for Docker's containers. A self-test that was passed is
    remembered until something changes. Raises `SandboxError` with what to do if none passes; `unsafe` is never chosen
    unless it is asked for.
    """
    if wanted == "unsafe":
        return make_sandbox("unsafe", python=python, image=image)
    examined = []
    for name in ORDER if wanted == "auto" else (wanted,):
        result = await _try(name, python, image, is_remembered=True)
        if not isinstance(result, Examined):
            return result
        examined.append(result)
    raise SandboxError(_refusal(examined, wanted))


async def examine(name: BackEnd, *, python: Path | None = None, image: str | None = None) -> Examined:
    """Run the self-test of a back end, whatever was remembered."""
    result = await _try(name, python, image, is_remembered=False)
    assert isinstance(result, Examined)
    return result


def make_sandbox(name: BackEnd, *, python: Path | None = None, image: str | None = None) -> Sandbox:
    """A back end as it is, not tested. Raises `SandboxError` where it cannot even be tried."""
    place, kind = _WHERE[name]
    module: Any = importlib.import_module(place)
    if reason := module.missing(image) if name == "docker" else module.missing():
        raise SandboxError(reason)
    options: dict[str, Any] = {"docker": {"image": image}, "wasm": {}}.get(name, {"python": python})
    return cast(Sandbox, getattr(module, kind)(**options))


async def _try(name: BackEnd, python: Path | None, image: str | None, *, is_remembered: bool) -> Sandbox | Examined:
    """What a back end shows; the sandbox itself if it passes and that is to be remembered."""
    try:
        sandbox = make_sandbox(name, python=python, image=image)
    except SandboxError as error:
        return Examined(name, "", (), 0.0, str(error))
    is_given_away = False
    try:
        key = _key(sandbox, python, image)
        if is_remembered and key in _remembered():
            is_given_away = True
            return sandbox
        began = time.monotonic()
        try:
            canaries = await self_test(sandbox)
        except OSError as error:  # a machine that lacks what every machine has, such as `rm`
            return Examined(name, "", (), 0.0, f"its self-test cannot be run: {error}")
        examined = Examined(name, sandbox.version, canaries, time.monotonic() - began)
        if is_remembered and examined.ok:
            _remember(key)
            is_given_away = True
            return sandbox
        return examined
    finally:
        if not is_given_away:
            await sandbox.close()


def _refusal(examined: list[Examined], wanted: str) -> str:
    lines = []
    for one in examined:
        version = f" ({one.version})" if one.version else ""
        why_not = one.why_not.removeprefix(f"{one.name}: ").replace("\n", "\n  ")
        lines.append(f"- {one.name}{version}: {why_not}")
    return "\n".join(
        [
            "code is run only in a sandbox that holds, and there is none here:"
            if wanted == "auto"
            else f"code is run only in a sandbox that holds, and {wanted}, which was asked for, cannot be used here:",
            *lines,
            *([] if wanted == "auto" else ["Without asking for one, the first that passes its self-test is taken."]),
            "To mend this, do one of these, then look with `orca-agents doctor`: install bubblewrap (apt install "
            "bubblewrap); on Linux 6.12 or newer, `pip install 'orca-agents[tools]'` (sandlock); start Docker; `pip "
            "install 'orca-agents[wasm]'`. With --unsafe-exec (in Python tools={'sandbox': 'unsafe'}) code runs "
            "without any sandbox, and can do all that you can do.",
        ]
    )


def _key(sandbox: Sandbox, python: Path | None, image: str | None) -> str:
    """Everything on which the outcome of a self-test may depend."""
    ours = max(path.stat().st_mtime_ns for path in Path(__file__).parent.glob("*.py"))
    facts = (
        sandbox.name,
        sandbox.version,
        platform.platform(),
        platform.node(),
        _read("/proc/sys/kernel/random/boot_id"),
        [
            line
            for line in _read("/proc/self/status").splitlines()
            if line.startswith(("Uid", "Gid", "Cap", "No", "Sec"))
        ],
        _read("/proc/self/attr/current"),
        os.environ.get("DOCKER_HOST", ""),
        here(),
        str(python),
        image,
        ours,
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:  # not there on this system, or not ours to read
        return ""


def _cache_file() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - never raises
    return Path(root, "orca-agents", "sandboxes.json")


def _remembered() -> dict[str, float]:
    """When each self-test was passed. A file that is broken, or that others can write, is as good as none."""
    now = time.time()
    try:
        with _cache_file().open() as file:
            about = os.fstat(file.fileno())
            if about.st_uid != os.getuid() or about.st_mode & 0o022:
                return {}
            passed = json.loads(file.read())
        return {
            key: at for key, at in passed.items() if isinstance(at, float | int) and now - _LONGEST_TRUST_S < at <= now
        }
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def _remember(key: str) -> None:
    """Note that it was passed. Where that cannot be written, the next run tests again."""
    path = _cache_file()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with open(descriptor, "w") as file:  # noqa: PTH123 - a descriptor, not a path
                json.dump(_remembered() | {key: time.time()}, file)
            Path(name).replace(path)
        except BaseException:  # raised again when all is put in order
            Path(name).unlink(missing_ok=True)
            raise
