"""Keeps one program under sandlock: starts it, watches what it uses, and leaves nothing of it. A process of its own.

Three processes: the keeper (this user, or root), which ends everything; the supervisor that sandlock needs, a child of
it, and of `nobody` where the keeper is root; the program. Orphans of the program become children of the keeper, so
that none can get away. sandlock 0.9 leaves gaps that are closed here, each found by trying:

- sockets: a TCP fast open reaches any port of the host, so a filter of ours refuses all but unix sockets;
- files: Landlock does not know chmod, chown, utime and extended attributes, so they are refused everywhere;
- processes: limits and priorities of any process of the same user could be set;
- memory: what is reserved first and made writable later is not counted, nor are memfd files, nor what waits in sockets;
- disk: its quota does not hold;
- descendants outlive a supervisor that is killed.

Only the standard library and sandlock. Run as `python -I -S sandlock_keeper.py CONFIG`, a JSON object.
"""

# Plain calls of `os` are quick, and these are made for every process many times a second.
# ruff: noqa: PTH116, PTH123, PTH208
from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import select
import signal
import socket
import stat
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

# fmt: off
REFUSED = [
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "file_setattr",
    "utime", "utimes", "utimensat", "futimesat",
    "setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
    "getxattr", "lgetxattr", "fgetxattr", "getxattrat", "listxattr", "llistxattr", "flistxattr", "listxattrat",
    "prlimit64", "setrlimit", "setpriority", "ioprio_set",
    "sched_setaffinity", "sched_setscheduler", "sched_setattr", "sched_setparam",
    "pidfd_open", "pidfd_send_signal", "memfd_create", "memfd_secret",
    "inotify_init", "inotify_init1", "inotify_add_watch", "sync", "syncfs", "mq_open",
]
# fmt: on
"""System calls that no program may make."""
ENTRY_BYTES = 4096  # what a file or folder takes at least, so that empty ones count too
KNOWN_MACHINES = {"x86_64": (0xC000003E, 41, 54), "aarch64": (0xC00000B7, 198, 208)}
"""The number that the kernel's audit gives the machine, and those of socket() and setsockopt()."""
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    config = json.loads(sys.argv[1])
    host = config["host"]
    control(PR_SET_CHILD_SUBREAPER, 1)
    wishes, wishing = os.pipe()  # the host's wish that the program end
    os.set_blocking(wishing, False)
    signal.set_wakeup_fd(wishing, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the host decides what Ctrl-C means
    # The kernel's word that the host is gone has a signal of its own: it may come a moment before getppid tells it.
    is_orphan: list[bool] = []
    signal.signal(signal.SIGUSR1, lambda *_: is_orphan.append(True))
    control(PR_SET_PDEATHSIG, signal.SIGUSR1)
    reports, reporting = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        for end in (reports, wishes, wishing):
            os.close(end)
        supervise(config, reporting)
    os.close(reporting)
    let_go(0, 1)  # they are the program's
    ended: dict[str, Any] = {}
    try:
        ended = watch(config, supervisor, reports, wishes)
    finally:
        end_all(supervisor)
        if is_orphan or os.getppid() != host:  # nobody is left to tidy up
            remove(config["base"])
        else:
            Path(config["base"], "ended.json").write_text(json.dumps(ended))


def supervise(config: dict[str, Any], reporting: int) -> None:
    """Run the program in sandlock, and report how it ended. Never returns."""
    try:
        report = run(config)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told, and the keeper ends us
        report = {"failed": f"{type(error).__name__}: {error}"}
    os.write(reporting, json.dumps(report).encode())
    os._exit(0)


def run(config: dict[str, Any]) -> dict[str, Any]:
    sys.path.append(config["sandlock"])
    import sandlock  # type: ignore[import-untyped]
    from sandlock import _sdk

    known = [name for name in REFUSED if _sdk._lib.sandlock_syscall_nr(name.encode()) >= 0]
    if config["user"] is not None:
        os.setgroups([])
        os.setgid(config["user"])
        os.setuid(config["user"])
    control(PR_SET_DUMPABLE, 1)  # else sandlock cannot read of its own child what it must judge
    control(PR_SET_PDEATHSIG, signal.SIGKILL)
    refuse_sockets()
    box = sandlock.Sandbox(
        fs_readable=config["readable"],
        fs_writable=[config["work"], "/dev/null"],
        extra_deny_syscalls=known,
        clean_env=True,
        env=config["env"],
        cwd=config["work"],
        max_memory=config["memory"],
        max_processes=config["processes"],
    )
    # Soft limits are enough: no program may change its limits. The supervisor takes its own back.
    for name, value in config["rlimits"].items():
        limit_softly(getattr(resource, name), value)
    process = box.popen(config["command"])
    for name in config["rlimits"]:
        limit_softly(getattr(resource, name), resource.RLIM_INFINITY)
    let_go(0, 1, 2)
    result = process.wait()
    return {"reason": result.reason.name, "code": result.exit_code, "signal": result.signal}


def limit_softly(number: int, value: int) -> None:
    hard = resource.getrlimit(number)[1]
    is_lower = hard == resource.RLIM_INFINITY or resource.RLIM_INFINITY != value < hard
    resource.setrlimit(number, (value if is_lower else hard, hard))


def let_go(*numbers: int) -> None:
    """Of stdin, stdout and stderr, so that only the program holds them."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in numbers:
        os.dup2(null, number)
    os.close(null)


def refuse_sockets() -> None:
    """Make `socket()` fail, here and in all that is started from here, but for unix sockets: sandlock and Landlock
    let nobody connect those, and asyncio needs a pair of them. Nobody makes room for more in one."""
    audit, number, setsockopt = KNOWN_MACHINES[os.uname().machine]
    allow, refuse, kill = 0x7FFF0000, 0x00050000 | errno.EACCES, 0x80000000
    pretend = 0x00050000  # the call does nothing and seems to have gone well
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    steps = [
        (load, 0, 0, 4),  # the machine whose system calls these are
        (equal, 1, 0, audit),
        (give, 0, 0, kill),
        (load, 0, 0, 0),  # the number of the call
        (at_least, 0, 1, 0x40000000),  # the second set of calls of x86_64
        (give, 0, 0, refuse),
        (equal, 0, 7, setsockopt),
        (load, 0, 0, 24),
        (equal, 0, 4, socket.SOL_SOCKET),
        (load, 0, 0, 32),
        (equal, 1, 0, socket.SO_SNDBUF),
        (equal, 0, 1, socket.SO_RCVBUF),
        (give, 0, 0, pretend),
        (give, 0, 0, allow),
        (equal, 0, 3, number),
        (load, 0, 0, 16),  # the first argument: the family
        (equal, 1, 0, socket.AF_UNIX),
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ]
    text = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    control(PR_SET_NO_NEW_PRIVS, 1)
    control(PR_SET_SECCOMP, 2, ctypes.byref(Filter(len(steps), ctypes.addressof(text))))


def control(option: int, value: int, pointer: Any = None) -> None:
    if libc.prctl(option, value, pointer, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def watch(config: dict[str, Any], supervisor: int, reports: int, wishes: int) -> dict[str, Any]:
    """Wait for the end of the program, for the host's wish, or until it uses more than it may."""
    poll = select.poll()
    poll.register(reports, select.POLLIN)
    poll.register(wishes, select.POLLIN)
    with open("/proc/sys/net/core/wmem_default") as file:
        socket_bytes = 2 * int(file.read())  # it takes a message as long as there is less than this size in it
    wait_s = 0.05
    while True:
        ready = [number for number, _ in poll.poll(wait_s * 1000)]
        if reports in ready:
            break
        if ready or os.getppid() != config["host"]:
            return {"stopped": "asked"}
        started = time.monotonic()
        pids = descendants(supervisor)
        if len(threads_of(pids)) > config["processes"]:
            return {"stopped": "threads"}
        nameless, sockets = open_files(pids)
        if is_over_memory(pids, config["memory"] - sockets * socket_bytes):
            return {"stopped": "memory"}
        if disk_bytes(config["work"]) + nameless > config["disk"]:
            return {"stopped": "disk"}
        wait_s = min(1.0, max(0.1, 5 * (time.monotonic() - started)))
    told = os.read(reports, 1 << 16)
    # A supervisor that dies was driven to it by the program: sandlock had started, or it would have reported.
    return json.loads(told) if told else {"stopped": "supervisor"}


def descendants(root: int) -> list[int]:
    """All processes below one, and the orphans that came to us."""
    found: list[int] = []
    new = [os.getpid()]
    while new:
        below = [child for pid in new for child in children(pid)]
        found += below
        new = below
    return [pid for pid in found if pid != root]


def children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):  # it has just ended
        for task in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    return found


def threads_of(pids: list[int]) -> list[str]:
    found: list[str] = []
    for pid in pids:
        with suppress(OSError):
            found += os.listdir(f"/proc/{pid}/task")
    return found


def is_over_memory(pids: list[int], most: int) -> bool:
    """Whether all of them together hold more. Pages that a fork shares are parted only near the limit: it is slow."""
    total = 0
    for pid in pids:
        with suppress(OSError), open(f"/proc/{pid}/statm") as file:
            numbers = file.read().split()
            total += int(numbers[1]) - int(numbers[2])
    if total * resource.getpagesize() <= most:
        return False
    total = 0
    for pid in pids:
        with suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("Pss_Anon:"))
    return total * 1024 > most


def disk_bytes(folder: str) -> int:
    """What the files of the program take."""
    total = 0
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        total += max(ENTRY_BYTES, entry.stat(follow_symlinks=False).st_blocks * 512)
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
        except FileNotFoundError:
            continue
        except PermissionError:
            continue  # a folder that the program closed to itself as well
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return sys.maxsize  # so deep that nobody can count it
            raise
    return total


def open_files(pids: list[int]) -> tuple[int, int]:
    """What the open files take that have no name any more, and how many sockets there are."""
    nameless: dict[tuple[int, int], int] = {}
    sockets: set[int] = set()
    for pid in pids:
        with suppress(OSError):
            for number in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    about = os.stat(f"/proc/{pid}/fd/{number}")
                    if about.st_nlink == 0 and stat.S_ISREG(about.st_mode):
                        nameless[about.st_dev, about.st_ino] = about.st_blocks * 512
                    elif stat.S_ISSOCK(about.st_mode):
                        sockets.add(about.st_ino)
    return sum(nameless.values()), len(sockets)


def end_all(supervisor: int) -> None:
    """Kill the supervisor, without which the others can start nothing, and then them, until none is left."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with suppress(ProcessLookupError):
        os.kill(supervisor, signal.SIGKILL)
    while True:
        for pid in descendants(supervisor):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            gone, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not gone:
            time.sleep(0.002)


def remove(folder: str) -> None:
    """With `rm`, which copes with folders of any depth."""
    os.waitpid(os.posix_spawnp("rm", ["rm", "-rf", "--", folder], {}), 0)


if __name__ == "__main__":
    main()
