"""A real Docker engine for tests: the one that answers here or, as root on Debian and its kin, one of our own.

Ours is not installed. Its packages are fetched and unpacked into a temporary folder. The daemon runs in mount and
process namespaces of its own, so all that it starts and mounts goes when its first process does, even if the tests
themselves are killed. Its image is made from the files of the Python that runs the tests.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orca_agents.sandbox.docker import IMAGES
from tests.sandbox.image import root_files

PACKAGES = ("docker.io", "containerd", "runc")
PROGRAMS = ("dockerd", "containerd", "containerd-shim-runc-v2", "runc")
LIBRARY_PACKAGES = {"libdevmapper": "libdevmapper1.02.1", "libseccomp": "libseccomp2", "libsystemd": "libsystemd0"}
"""Libraries that a bare machine may lack: start of the file name -> package."""
ANSWER_S = 20.0
FETCH_S = 100.0
"""Longest time for all of apt-get, so that tests on a machine without a network are skipped soon."""


class NoEngineError(Exception):
    """Why there is no engine here. The tests are then skipped."""


@dataclass(frozen=True)
class Engine:
    """An engine that answers."""

    address: str
    """As for DOCKER_HOST."""
    image: str
    """An image on it that has `python3`."""
    daemon: int | None
    """The process id of the daemon, if it is ours."""

    def client(self) -> Any:
        """A client of the docker SDK for it."""
        return _client(self.address)


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Engine]:
    """An engine with an image, for all tests of a session."""
    with contextlib.ExitStack() as stack:
        try:
            engine = stack.enter_context(running_engine())
        except NoEngineError as error:
            pytest.skip(str(error))
        yield engine


@contextlib.contextmanager
def running_engine(*, own: bool = False) -> Iterator[Engine]:
    """The engine that answers here, else one of our own; with `own` always one of our own, which a test may break."""
    pytest.importorskip("docker", reason="the docker package is not installed")
    with contextlib.ExitStack() as stack:
        address = None if own else _answering_address()
        daemon = None
        if address is None:
            address, daemon = stack.enter_context(_own_daemon())
        client = stack.enter_context(contextlib.closing(_client(address)))
        image = stack.enter_context(_image(client, is_ours=daemon is not None))
        _try_out(client, image)
        yield Engine(address, image, daemon)


def _client(address: str) -> Any:
    import docker  # type: ignore[import-untyped]

    return docker.DockerClient(base_url=address, timeout=60)


def _answering_address() -> str | None:
    address = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    return address if _answers(address) else None


def _answers(address: str) -> bool:
    import docker

    if address.startswith("unix://") and not hasattr(socket, "AF_UNIX"):
        return False
    try:
        if address.startswith("unix://"):
            with socket.socket(socket.AF_UNIX) as one:  # the SDK leaves its socket open where nobody answers
                one.connect(address.removeprefix("unix://"))
        with contextlib.closing(docker.DockerClient(base_url=address, timeout=5)) as client:
            client.ping()
    except (docker.errors.DockerException, OSError):
        return False
    return True


# ------------------------------------------------------------------------------------------------- a daemon of our own


@contextlib.contextmanager
def _own_daemon() -> Iterator[tuple[str, int]]:
    """Start a daemon and wait until it answers. At the end, also of a failed start, nothing of it is left."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NoEngineError("no Docker engine answers, and starting one for the tests takes root on Linux")
    needed = ("apt-get", "dpkg", "ldd", "mount", "setpriv", "unshare")
    lacking = [tool for tool in needed if not shutil.which(tool)]
    if lacking:
        raise NoEngineError(f"no Docker engine answers, and starting one takes {', '.join(lacking)}, not found here")
    _remove_what_was_left()
    folder = Path(tempfile.mkdtemp(prefix=f"orca-engine-{os.getpid()}-"))
    cgroup = folder.name
    daemon: subprocess.Popen[bytes] | None = None
    try:
        programs = _programs()
        (folder / "data").mkdir()
        # setpriv: the daemon dies with the thread that starts it. unshare: and all that it started dies with it.
        alone = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private"]
        alone += ["--pid", "--fork", "--kill-child", "--mount-proc"]
        alone += ["sh", "-c", '"$@" & wait', "sh"]  # takes in orphans, of which each container makes one
        command = [*alone, "dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        command += [f"--storage-driver={_storage_driver(folder)}", f"--cgroup-parent=/{cgroup}"]
        command += [f"--host=unix://{folder}/engine.sock", f"--pidfile={folder}/pid"]
        command += [f"--data-root={folder}/data", f"--exec-root={folder}/exec"]
        with (folder / "log").open("wb") as log:
            daemon = subprocess.Popen(
                command,
                env={"PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": str(programs)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests alone; they end it
            )
        address = f"unix://{folder}/engine.sock"
        _wait_for(address, daemon, folder / "log")
        yield address, _children(_children(daemon.pid)[0])[0]
    finally:
        if daemon is not None:
            _end(daemon)
        _remove_cgroups(cgroup)
        shutil.rmtree(folder)


def _remove_what_was_left() -> None:
    """Of tests that were killed. Their daemon is gone by itself."""
    for folder in Path(tempfile.gettempdir()).glob("orca-engine-*-*"):
        if not Path("/proc", folder.name.split("-")[2]).exists():
            _remove_cgroups(folder.name)
            shutil.rmtree(folder, ignore_errors=True)


def _end(daemon: subprocess.Popen[bytes]) -> None:
    """Kill it, and wait until the first process of its namespace is gone: with it goes all that the daemon started."""
    firsts = _children(daemon.pid)
    daemon.kill()
    daemon.wait()
    end = time.monotonic() + 30
    while any(Path(f"/proc/{first}").exists() for first in firsts):
        if time.monotonic() > end:
            raise RuntimeError(f"the Docker engine for the tests does not end: process {firsts}")
        time.sleep(0.02)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # it has ended
        return []


def _wait_for(address: str, daemon: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + ANSWER_S
    while time.monotonic() < end and daemon.poll() is None:
        if _answers(address):
            return
        time.sleep(0.05)
    last = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise NoEngineError(f"the Docker engine for the tests did not start: {' | '.join(last)}")


def _programs() -> Path:
    """The folder of the engine's programs, in the user's cache: fetched and unpacked when they are first needed."""
    folder = _cache()
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unpacking-") as name:
            found = Path(name, "found")
            found.mkdir()
            _unpack(PACKAGES, found, PROGRAMS)
            listing = subprocess.run(["ldd", *found.iterdir()], capture_output=True, text=True, check=False).stdout
            lacking = tuple({line.split()[0] for line in listing.splitlines() if "not found" in line})
            if lacking:
                _unpack(tuple({_package_of(library) for library in lacking}), found, lacking)
            with contextlib.suppress(OSError):  # another run was quicker
                found.rename(folder)
    return folder


def _package_of(library: str) -> str:
    for start, package in LIBRARY_PACKAGES.items():
        if library.startswith(start):
            return package
    raise NoEngineError(f"the Docker engine for the tests needs {library}, which this machine lacks")


def _unpack(packages: tuple[str, ...], folder: Path, names: tuple[str, ...]) -> None:
    """Fetch packages, and take files with these names."""
    with tempfile.TemporaryDirectory() as name:
        _fetch(packages, Path(name))
        for package in Path(name).glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, Path(name, "unpacked")], check=True)
        for file in Path(name, "unpacked").glob("**/*"):
            if file.name in names and file.is_file():
                shutil.copy2(file, folder / file.name)


def _fetch(packages: tuple[str, ...], folder: Path) -> None:
    """With apt's lists as they are, or else with fresh ones. What apt itself knows and keeps is not changed."""
    lists = folder / "lists"
    lists.mkdir()
    end = time.monotonic() + FETCH_S
    common = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "-o", "Dir::Cache::pkgcache="]
    common += ["-o", "Dir::Cache::srcpkgcache=", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
    fresh = [*common, "-o", f"Dir::State::lists={lists}"]
    for command in ([*common, "download", *packages], [*fresh, "update"], [*fresh, "download", *packages]):
        with (folder / "said").open("wb") as said:  # a file: a pipe could stay open after the time is up
            try:
                subprocess.run(
                    command,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    check=False,
                    timeout=max(0.0, end - time.monotonic()),
                )
            except subprocess.TimeoutExpired:
                said.write(b"it takes too long")
                break
        if len(list(folder.glob("*.deb"))) == len(packages):
            return
    last = (folder / "said").read_text(errors="replace").strip()[-200:]
    raise NoEngineError(f"no Docker engine answers, and apt-get cannot fetch {' '.join(packages)}: {last}")


def _cache() -> Path:
    """One folder for each release, since its programs need its libraries."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = "-".join(release.get(key, "").strip('"') for key in ("ID", "VERSION_ID"))
    return home / "orca-agents" / "engine-for-tests" / f"{name}-{os.uname().machine}"


def _storage_driver(folder: Path) -> str:
    """overlay2 where overlays work on this disk: a container then starts without a copy of its image."""
    for name in ("lower", "upper", "work", "merged"):
        (folder / "try" / name).mkdir(parents=True)
    options = "lowerdir=lower,upperdir=upper,workdir=work"
    command = ["unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o", options, "merged"]
    works = subprocess.run(command, cwd=folder / "try", capture_output=True, check=False).returncode == 0
    return "overlay2" if works else "vfs"


def _remove_cgroups(name: str) -> None:
    root = Path("/sys/fs/cgroup")
    end = time.monotonic() + 10
    while True:
        tops = [path for pattern in (name, f"*/{name}") for path in root.glob(pattern)]
        for top in tops:
            for folder in sorted((path for path in top.glob("**/") if path.is_dir()), reverse=True):
                with contextlib.suppress(OSError):  # busy until its last process has been reaped
                    folder.rmdir()
        if not any(top.exists() for top in tops):
            return
        if time.monotonic() > end:
            raise RuntimeError(f"the cgroups of the engine for the tests cannot be removed: {tops}")
        time.sleep(0.05)


# --------------------------------------------------------------------------------------------------------- the image


@contextlib.contextmanager
def _image(client: Any, *, is_ours: bool) -> Iterator[str]:
    import docker

    for name in IMAGES:
        with contextlib.suppress(docker.errors.ImageNotFound):
            client.images.get(name)
            yield name
            return
    if sys.platform != "linux":
        raise NoEngineError(f"the Docker engine has no image for the tests: docker pull {IMAGES[0]}")
    name = f"orca-agents-test:{os.getpid()}"
    try:
        client.api.import_image_from_data(root_files(), repository="orca-agents-test", tag=str(os.getpid()))
    except docker.errors.DockerException as error:
        raise NoEngineError(f"the Docker engine takes no image here: {str(error)[-300:]}") from error
    try:
        yield name
    finally:
        if not is_ours:  # else it goes with the whole engine, which a test may have ended already
            client.images.remove(name, force=True)


def _try_out(client: Any, image: str) -> None:
    """Run one container: some machines let a daemon start and then no container, or none with limits."""
    import docker

    info = client.info()
    if lacking := [key for key in ("MemoryLimit", "PidsLimit", "CpuCfsQuota") if not info.get(key)]:
        raise NoEngineError(f"the Docker engine cannot limit containers here: no {', '.join(lacking)}")
    try:
        client.containers.run(image, ["python3", "-c", "pass"], network_mode="none", remove=True)
    except docker.errors.DockerException as error:
        raise NoEngineError(f"the Docker engine runs no container here: {str(error)[-300:]}") from error
