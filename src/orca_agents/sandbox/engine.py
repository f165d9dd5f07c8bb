"""Calls to a Docker engine: one hardened container for one program, its state, its end. Each call blocks its thread."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, Limits
from orca_agents.sandbox.syscalls import refusing_filter

IMAGES = (
    "python:3.13-slim",
    "python:3.12-slim",
    "python:3.11-slim",
    "python:3.14-slim",
    "python:3.13",
    "python:3.12",
    "python:3.11",
    "python:3.14",
    "python:slim",
    "python:latest",
)
"""Tried in this order where no image is named. None is ever pulled."""
LABEL = "orca-agents"
"""On every container of ours; its value tells which process of which machine it belongs to."""
ANSWER_S = 30.0
"""Longest wait for one answer of the engine."""
TEMPORARY = "/tmp"  # noqa: S108 - in the container
"""The one folder with room for files; it is memory. /dev/shm has a little, for semaphores and the like."""

_REACH_S = 5.0
_USER = "65534:65534"  # nobody, in every image
_MEGABYTE = 1 << 20
_TCP_BUFFER = "4096 65536 262144"


@dataclass
class Container:
    """One container, from before it is made until it is removed."""

    name: str = field(default_factory=lambda: f"orca-agents-{secrets.token_hex(8)}")
    socket: socket.socket | None = None
    """To its stdin, stdout and stderr, once it runs."""

    def close(self) -> None:
        """Let go of the socket."""
        if self.socket is not None:
            self.socket.close()


@dataclass(frozen=True)
class End:
    """How a container ended."""

    exit_code: int
    out_of_memory: bool
    """Whether the kernel killed one of its processes for memory."""


class Engine:
    """A Docker engine with an image."""

    def __init__(self, client: Any, address: str, image: str, found: Any, answer_s: float) -> None:
        self._client = client
        self._address = address
        self._answer_s = answer_s
        self._owner = _owner()
        self.image = image
        self.image_id: str = found.id.removeprefix("sha256:")[:12]
        # Official images of Python say which they have. Of others it is known when a container has been asked.
        named = dict(line.partition("=")[::2] for line in found.attrs["Config"].get("Env") or [])
        self.python = f"Python {named['PYTHON_VERSION']}" if "PYTHON_VERSION" in named else PYTHON
        with _told(address, "telling its version"):
            info = client.info()
            self.version: str = client.version()["Version"]
        self.cpus = int(info.get("NCPU") or 1)
        # The filter is for this machine's kind of processor. Docker's own holds in any case.
        self.system_calls = (refusing_filter() if info.get("Architecture") == platform.machine() else None) or b""
        _check_abilities(address, info)

    @classmethod
    def reach(cls, image: str | None, answer_s: float = ANSWER_S) -> Engine:
        """The engine of $DOCKER_HOST or of this machine, with this image or else the first that it has.

        Raises `SandboxError` where there is none, or it cannot hold a program within its limits.
        """
        try:
            import docker  # type: ignore[import-untyped]
            import requests
        except ImportError as error:
            raise SandboxError(
                "docker: its Python package is not installed: pip install 'orca-agents[tools]'"
            ) from error
        usual = "npipe:////./pipe/docker_engine" if os.name == "nt" else "unix:///var/run/docker.sock"
        address = os.environ.get("DOCKER_HOST") or usual
        if address.startswith(("ssh:", "npipe:", "https:")) or os.environ.get("DOCKER_TLS_VERIFY"):
            raise SandboxError(_why_not_over(address))
        with contextlib.ExitStack() as stack:
            try:
                _knock(address)
                client = stack.enter_context(contextlib.closing(docker.DockerClient.from_env(timeout=_REACH_S)))
                client.ping()
            except (docker.errors.DockerException, requests.RequestException, OSError) as error:
                raise SandboxError(_why_nobody_answers(address, error)) from error
            engine = cls(client, address, *_present_image(client, address, image), answer_s)
            client.api.timeout = answer_s
            stack.pop_all()
        return engine

    def close(self) -> None:
        """Close the connections to the engine."""
        self._client.close()

    def start(self, container: Container, command: list[str], limits: Limits, *, is_kept: bool) -> None:
        """Start a container for one program. `is_kept`: until it is removed, so that its end can be asked for."""
        with _told(self._address, "starting a container"):
            api = self._client.api
            api.create_container(
                self.image,
                command[1:],
                entrypoint=command[:1],
                name=container.name,
                user=_USER,
                working_dir="/",  # Docker would make one on the disk first, and what covers it would take its mode
                hostname="sandbox",
                stdin_open=True,
                stop_signal="SIGKILL",
                network_disabled=True,
                healthcheck={"test": ["NONE"]},
                labels={LABEL: self._owner},
                host_config=api.create_host_config(**_hardened(limits), auto_remove=not is_kept),
            )
            container.socket = self._attach(container.name)
            api.start(container.name)

    def end_of(self, container: Container) -> End | None:
        """How a container ended; `None` while it runs."""
        with _told(self._address, "telling how a container ended"):
            state = self._client.api.inspect_container(container.name)["State"]
        if state["Running"] or state["Status"] == "created":
            return None
        return End(int(state["ExitCode"]), bool(state["OOMKilled"]))

    def remove(self, container: Container | str) -> None:
        """Kill and remove a container; it is gone when this returns. One that is gone already is no error."""
        import docker

        name = container if isinstance(container, str) else container.name
        end = time.monotonic() + self._answer_s
        with _told(self._address, f"removing the container {name}"):
            while True:
                try:
                    self._client.api.remove_container(name, force=True, v=True)
                    return
                except docker.errors.NotFound:
                    return
                except docker.errors.APIError:  # it is being removed by itself just now, or its kill takes longer
                    if time.monotonic() > end:
                        raise
                time.sleep(0.02)

    def remove_orphans(self) -> None:
        """Remove what processes of ours on this machine left that ended without removing it."""
        with _told(self._address, "listing its containers"):
            left = self._client.api.containers(all=True, filters={"label": LABEL})
        for one in left:
            if _is_orphan(one["Labels"][LABEL], is_running=one["State"] == "running"):
                self.remove(one["Id"])

    def _attach(self, name: str) -> socket.socket:
        """A connection to a container's stdin, stdout and stderr, for asyncio: the SDK only knows how to block."""
        streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        held = self._client.api.attach_socket(name, params=streams)
        try:
            inner = getattr(held, "_sock", held)
            if not isinstance(inner, socket.socket) or isinstance(inner, ssl.SSLSocket):
                raise SandboxError(_why_not_over(self._address))
            own = socket.socket(fileno=os.dup(inner.fileno()))
        finally:
            held._response.close()
            held.close()
        own.setblocking(False)
        return own


def missing(image: str | None = None) -> str | None:
    """Why Docker cannot be tried here and what to do; `None` if it can."""
    try:
        Engine.reach(image).close()
    except SandboxError as error:
        return str(error)
    return None


def _hardened(limits: Limits) -> dict[str, Any]:
    """Everything that a container may not do and not use. Measured against the hostile programs of the tests."""
    from docker.types import LogConfig, Ulimit  # type: ignore[import-untyped]

    disk = limits.disk_mb * _MEGABYTE
    shared = disk // 8
    # The mode does not hold for a folder that the image has too; the owner does.
    owner = "mode=1777,uid={},gid={}".format(*_USER.split(":"))
    folder = f"rw,exec,nosuid,nodev,{owner},nr_inodes={max(1024, limits.disk_mb * 256)}"
    return {
        "network_mode": "none",
        # What waits in connections, even of a program to itself, is not counted as its memory by every kernel.
        "sysctls": {"net.ipv4.tcp_rmem": _TCP_BUFFER, "net.ipv4.tcp_wmem": _TCP_BUFFER},
        "ipc_mode": "private",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "tmpfs": {TEMPORARY: f"{folder},size={disk - shared}"},
        "shm_size": shared,
        "mem_limit": limits.memory_mb * _MEGABYTE,
        "memswap_limit": limits.memory_mb * _MEGABYTE,  # so no swap beside the memory; the folders count as memory
        "pids_limit": limits.processes + 2,  # its first process is ours, and may have two threads
        "nano_cpus": 10**9,
        "ulimits": [
            Ulimit(name="core", soft=0, hard=0),
            Ulimit(name="cpu", soft=limits.cpu_s, hard=limits.cpu_s + 1),
            Ulimit(name="fsize", soft=disk, hard=disk),
            Ulimit(name="memlock", soft=0, hard=0),
            Ulimit(name="msgqueue", soft=0, hard=0),
            Ulimit(name="nofile", soft=256, hard=256),
        ],
        "log_config": LogConfig(type=LogConfig.types.NONE),  # else a flood of output would fill the host's disk
        "restart_policy": {"Name": "no"},
    }


def _why_not_over(address: str) -> str:
    return (
        f"docker: the engine at {address} is not reached over a plain socket: set DOCKER_HOST to a unix:// or tcp:// "
        "address, for one far away through `ssh -L /tmp/docker.sock:/var/run/docker.sock HOST`"
    )


def _why_nobody_answers(address: str, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return (
            f"docker: you may not use {address}: join the group that owns it (often `docker`), or run Docker rootless"
        )
    reason = error.strerror if isinstance(error, OSError) and error.strerror else _brief(error)
    return f"docker: no engine answers at {address} ({reason}): start Docker, or set DOCKER_HOST to where one listens"


def _knock(address: str) -> None:
    """Try the socket file at an address. Where nobody answers, the SDK would not close its own socket."""
    if address.startswith("unix://") and hasattr(socket, "AF_UNIX"):
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(_REACH_S)
            one.connect(address.removeprefix("unix://"))


def _present_image(client: Any, address: str, image: str | None) -> tuple[str, Any]:
    import docker

    named = image or os.environ.get("ORCA_SANDBOX_IMAGE")
    for name in [named] if named else IMAGES:
        with _told(address, "listing its images"):
            try:
                found = client.images.get(name)
            except docker.errors.ImageNotFound:
                continue
        if found.attrs["Config"].get("Volumes"):
            raise SandboxError(f"docker: the image {name} declares volumes, which a program could fill: use another")
        return name, found
    if named:
        raise SandboxError(f"docker: the engine at {address} has no image {named}: docker pull {named}")
    raise SandboxError(
        f"docker: the engine at {address} has no image with Python: docker pull {IMAGES[0]} "
        f"(or name one that has {PYTHON} in ORCA_SANDBOX_IMAGE)"
    )


def _check_abilities(address: str, info: Mapping[str, Any]) -> None:
    """An engine that cannot limit something says so and starts the container all the same."""
    if info.get("OSType") != "linux":
        raise SandboxError(
            f"docker: the engine at {address} runs {info.get('OSType')} containers: switch it to Linux ones"
        )
    abilities = {"MemoryLimit": "memory", "PidsLimit": "processes", "CpuCfsQuota": "CPU"}
    lacking = [words for key, words in abilities.items() if not info.get(key)]
    if lacking:
        raise SandboxError(
            f"docker: the engine at {address} cannot limit {' and '.join(lacking)}: enable the cgroup controllers "
            "for it (rootless engines need cgroup v2 with delegation)"
        )


@contextlib.contextmanager
def _told(address: str, doing: str) -> Iterator[None]:
    """Errors of the engine and of the way to it as a `SandboxError`."""
    import docker
    import requests

    try:
        _knock(address)
        yield
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise SandboxError(f"docker: the engine at {address} failed at {doing}: {_brief(error)}") from error


def _brief(error: Exception) -> str:
    words = str(getattr(error, "explanation", None) or error) or type(error).__name__
    return words if len(words) < 400 else words[:400] + "..."


# ------------------------------------------------------------------------- whose container it is: host/boot/pid/start


def _owner() -> str:
    pid = os.getpid()
    return f"{platform.node()}/{_boot()}/{pid}/{_started(pid)}"


def _is_orphan(owner: str, *, is_running: bool) -> bool:
    """Whether the process that a container belongs to is gone. Of another machine's processes nothing is known."""
    host, boot, pid, started = (*owner.split("/"), "", "", "", "")[:4]
    if host != platform.node() or not pid.isdigit():
        return False
    if boot != _boot():  # from before this machine was started anew, or from another container with this name
        return not is_running
    return _started(int(pid)) != started


def _boot() -> str:
    """This start of this machine, and the space in which its process ids hold."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = str(Path("/proc/self/ns/pid").readlink())
        return f"{boot}-{space}"
    return ""


def _started(pid: int) -> str:
    """When a process started, so that a later one with the same id is not taken for it; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        pass
    if Path("/proc/self").exists():
        return ""
    try:  # without /proc
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass
    return "unknown"
