"""The host as a hostile program finds it: secrets, sockets and processes there, all of them watched."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

SANDBOX_USER = 65534
"""Whom the victim and the secrets belong to where the tests run as root: a sandbox may run its programs as that user,
and is not to be saved by file permissions alone."""


class Host:
    """Facts for hostile programs, and what became of them. `close` it at the end."""

    def __init__(self) -> None:
        self.mark = "orca" + secrets.token_hex(5)
        """The name of every hostile process, and of every file that one tries to write."""
        self.token = secrets.token_hex(16)
        """In every secret file, in the environment of this process and in the victim's."""
        self.peak_mb = 0.0
        self.peak_processes = 0
        self._contacts: list[str] = []
        # Neither below /tmp, which a sandbox replaces anyhow, nor private: any user can read and write here.
        self._open = Path(tempfile.mkdtemp(prefix="orca-open-", dir="/var/tmp"))
        self._home = Path(tempfile.mkdtemp(prefix=".orca-home-", dir=Path.home()))
        self._temporary = Path(tempfile.mkdtemp(prefix="orca-tmp-"))
        self.secret_paths = [folder / "secret.txt" for folder in (self._open, self._home, self._temporary)]
        for path in self.secret_paths:
            path.parent.chmod(0o777)
            path.write_text(self.token)
            path.chmod(0o666)
        self.folders = [
            *(path.parent for path in self.secret_paths),
            *map(Path, ("/tmp", "/var/tmp", "/dev/shm", "/usr/local/bin", "/etc", "/run", "/")),
            Path.home(),
        ]
        os.environ["ORCA_TEST_SECRET"] = self.token
        self._listening = [
            _listen(socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0)),
            _listen(socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 0)),
            _listen(socket.AF_UNIX, socket.SOCK_STREAM, str(self._open / "socket")),
            _listen(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.mark),
        ]
        (self._open / "socket").chmod(0o777)
        self.tcp_port: int = self._listening[0].getsockname()[1]
        self.udp_port: int = self._listening[1].getsockname()[1]
        self.unix_path = str(self._open / "socket")
        self._victim = self._start_victim()
        self._is_closed = False
        self._threads = [threading.Thread(target=self._record, args=(one,), daemon=True) for one in self._listening]
        for thread in self._threads:
            thread.start()

    @property
    def secret_path(self) -> Path:
        """A secret file that the user of the tests can read."""
        return self.secret_paths[0]

    @property
    def victim_pid(self) -> int:
        return self._victim.pid

    @property
    def contacts(self) -> list[str]:
        """Who reached the sockets."""
        time.sleep(0.01)  # the threads that record it may be a little behind
        return list(self._contacts)

    def as_code(self) -> str:
        """The facts as Python, for the beginning of a program, which also names its process after the mark."""
        addresses = ["127.0.0.1", "::1", *_own_addresses()]
        return f"""
import os, sys
MARK, TCP, UDP, UNIX, ABSTRACT = {self.mark!r}, {self.tcp_port}, {self.udp_port}, {self.unix_path!r}, {self.mark!r}
ADDRESSES, VICTIM, TESTER = {addresses!r}, {self.victim_pid}, {os.getpid()}
SECRETS, FOLDERS = {[str(p) for p in self.secret_paths]!r}, {[str(p) for p in self.folders]!r}
SECRET = SECRETS[0]
try:
    with open("/proc/self/comm", "w") as file:
        file.write(MARK)
except OSError:
    pass
"""

    def reset(self) -> None:
        """Make good what the last program did, and forget it."""
        self.remove_leftovers()
        for path in self.secret_paths:
            path.parent.mkdir(exist_ok=True)
            path.parent.chmod(0o777)
            path.write_text(self.token)
            path.chmod(0o666)
        for folder in self.folders:
            for path in folder.glob(f"{self.mark}*"):
                path.unlink()
        self._contacts.clear()
        if not self.victim_is_well():
            self._end_victim()
            self._victim = self._start_victim()
        self.peak_mb, self.peak_processes = 0.0, 0

    def what_got_through(self, output: str) -> str | None:
        """What a program with this output did to the host; `None` if nothing."""
        if self.token in output:
            return f"it read a secret: ...{output[max(0, output.index(self.token) - 300) :][:400]}"
        if self.contacts:
            return f"it reached {self.contacts}"
        for path in self.secret_paths:
            if not path.is_file() or path.read_text() != self.token or path.stat().st_mode & 0o777 != 0o666:
                return f"it changed {path}"
        for folder in self.folders:
            if found := list(folder.glob(f"{self.mark}*")):
                return f"it wrote {found}"
        if not self.victim_is_well():
            return "it signalled a process of the host"
        if left := self.leftovers():
            return f"processes outlived it: {left}"
        return None

    def victim_is_well(self) -> bool:
        """Whether the victim runs as before."""
        if self._victim.poll() is not None:
            return False
        state = Path(f"/proc/{self._victim.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state not in ("T", "t", "Z", "X")

    def leftovers(self) -> list[str]:
        """Processes of hostile programs that still run."""
        return [line for _, line in self._marked()]

    def remove_leftovers(self) -> None:
        """End them."""
        for pid, _ in self._marked():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Note how much memory and how many threads the hostile processes have at most, all together."""
        is_over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(is_over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def too_much(self, output: str, most_mb: int) -> str | None:
        """Whether a program that says `TOOK n` took more MB than it may, where it holds them out of our sight."""
        for line in output.splitlines():
            if line.startswith("TOOK ") and int(line.split()[1]) > most_mb:
                return f"it took {line.split()[1]} MB"
        return None

    def too_much_in_all(self, output: str, most_mb: int) -> str | None:
        """The same of several processes, each of which says it once."""
        taken = sum(int(line.split()[1]) for line in output.splitlines() if line.startswith("TOOK "))
        return f"it took {taken} MB" if taken > most_mb else None

    def private_words_in(self, output: str) -> str | None:
        """Whether words of the host's private files or folders are in the output."""
        words = [self._open.name, self._home.name]
        for path in map(Path, ("/etc/shadow", "/etc/machine-id")):
            with contextlib.suppress(OSError):
                words += [line for line in path.read_text().splitlines() if len(line) > 12]
        return next((f"it read {word[:6]}..." for word in words if word in output), None)

    def close(self) -> None:
        """Remove everything again."""
        self._is_closed = True
        os.environ.pop("ORCA_TEST_SECRET", None)
        for one in self._listening:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(1)
        self.remove_leftovers()
        self._end_victim()
        for path in self.secret_paths:
            shutil.rmtree(path.parent, ignore_errors=True)
        for folder in self.folders:
            for path in folder.glob(f"{self.mark}*"):
                path.unlink()

    def _start_victim(self) -> subprocess.Popen[bytes]:
        user = SANDBOX_USER if os.getuid() == 0 else None
        return subprocess.Popen(  # whose command line holds the secret too: it calls itself by it
            [self.token, "600"],
            executable="/bin/sleep",
            env={"ORCA_TEST_SECRET": self.token},
            user=user,
            group=user,
            start_new_session=True,
        )

    def _end_victim(self) -> None:
        self._victim.kill()
        self._victim.wait()

    def _marked(self) -> list[tuple[int, str]]:
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                with contextlib.suppress(OSError):
                    comm, state = _name_and_state(folder)
                    command = (folder / "cmdline").read_bytes()
                    if state not in "ZX" and (comm == self.mark or self.mark.encode() in command):
                        found.append((int(folder.name), f"{folder.name} {state} {comm} {command[:60]!r}"))
        return found

    def _watch(self, is_over: threading.Event) -> None:
        page_mb = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
        while not is_over.wait(0.05):
            private, threads = 0, 0
            for pid, _ in self._marked():
                with contextlib.suppress(OSError):
                    _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
                    private += resident - shared
                    threads += len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208 - names alone, quickly
            self.peak_mb = max(self.peak_mb, private * page_mb)
            self.peak_processes = max(self.peak_processes, threads)

    def _record(self, listening: socket.socket) -> None:
        while not self._is_closed:
            try:
                if listening.type == socket.SOCK_DGRAM:
                    data, _ = listening.recvfrom(100)
                    if data:
                        self._contacts.append("UDP")
                else:
                    listening.accept()[0].close()
                    if not self._is_closed:
                        self._contacts.append("TCP" if listening.family == socket.AF_INET else "unix socket")
            except OSError:
                return


def _listen(family: int, kind: int, address: tuple[str, int] | str) -> socket.socket:
    one = socket.socket(family, kind)
    one.bind(address)
    if kind == socket.SOCK_STREAM:
        one.listen(50)
    return one


def _own_addresses() -> list[str]:
    """Addresses of this machine that are not its loopback. Nothing is sent to find them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, contextlib.suppress(OSError):
        one.connect(("192.0.2.1", 9))
        return [one.getsockname()[0]]
    return []


def _name_and_state(folder: Path) -> tuple[str, str]:
    before, _, after = (folder / "stat").read_text(errors="replace").rpartition(")")
    return before.partition("(")[2], after.split()[0]
