"""Programs for every sandbox: hostile ones, of which nothing may get through, and ordinary ones, which must work.

What got through is judged from the host: by sockets, files, processes and memory there, and by secrets in the output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from orca_agents.sandbox.api import PYTHON, Limits, Outcome, Program, Sandbox
from tests.sandbox.host import Host

LIMITS = Limits(wall_s=4, cpu_s=4, memory_mb=256, processes=32, disk_mb=32, output_bytes=50_000)
"""Of the hostile programs, so that the suite is quick."""


@dataclass(frozen=True)
class Hostile:
    """A program that tries to harm the host."""

    name: str
    code: str
    limits: Limits = LIMITS
    check: Callable[[Outcome, Host], str | None] = lambda outcome, host: None
    """What else got through, beside what is looked for after each of them."""
    is_mild: bool = False
    """Whether it may run without a sandbox, to show that it does get through there."""

    def source(self, host: Host) -> Program:
        """The program, with what it must know of the host written into it."""
        return Program((PYTHON, "main.py"), {"main.py": (host.as_code() + self.code).encode()}, limits=self.limits)

    def contained(self, outcome: Outcome, host: Host) -> str | None:
        """What got through; `None` if nothing did."""
        if got_through := host.what_got_through(outcome.stdout + outcome.stderr):
            return got_through
        if max(len(outcome.stdout), len(outcome.stderr)) > self.limits.output_bytes:
            return f"more output than {self.limits.output_bytes} bytes"
        if outcome.duration_s > self.limits.wall_s + 3:
            return f"it ran for {outcome.duration_s:.1f} s"
        if host.peak_mb > 2 * (self.limits.memory_mb + self.limits.disk_mb):
            return f"it had {host.peak_mb:.0f} MB"
        if host.peak_processes > self.limits.processes + 8:
            return f"it had {host.peak_processes} threads and processes"
        return self.check(outcome, host)


async def attack(sandbox: Sandbox, hostile: Hostile, host: Host) -> str | None:
    """Run a hostile program; what got through, or `None`."""
    host.reset()
    with host.watching():
        outcome = await sandbox.run(hostile.source(host))
    return hostile.contained(outcome, host)


@dataclass(frozen=True)
class Ordinary:
    """A program as a model writes it."""

    name: str
    program: Program
    expected: str
    """Its stdout."""
    needs: str = ""
    """A package that it imports and the sandbox may lack."""
    needs_processes: bool = False
    """Whether it starts threads or processes, which WebAssembly has not."""

    def wrong_with(self, outcome: Outcome) -> str | None:
        """What is wrong with its outcome; `None` if nothing is."""
        if outcome.ok and outcome.stdout == self.expected:
            return None
        return f"{outcome.exit_code=} {outcome.stopped=} {outcome.stdout[:500]=} {outcome.stderr[-1500:]=}"


def _was_stopped(outcome: Outcome, host: Host) -> str | None:
    return None if outcome.stopped or outcome.exit_code != 0 else "it ran to its end"


def _was_stopped_by_the_clock(outcome: Outcome, host: Host) -> str | None:
    return None if outcome.stopped == "time" else f"not stopped by the clock: {outcome.stopped=} {outcome.exit_code=}"


HOSTILE: list[Hostile] = [
    Hostile(
        "TCP to the host",
        """
import socket
for address in ADDRESSES:
    try:
        with socket.create_connection((address, TCP), timeout=0.5) as s:
            s.sendall(b"hello")
    except OSError as error:
        print(error)
""",
        is_mild=True,
    ),
    Hostile(
        "UDP to the host",
        """
import socket
for address in ADDRESSES:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"hello", (address, UDP))
    except OSError as error:
        print(error)
""",
        is_mild=True,
    ),
    Hostile(
        "unix socket of the host",
        """
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    try:
        with socket.socket(socket.AF_UNIX, kind) as s:
            s.connect(UNIX)
            s.sendall(b"hello")
    except OSError as error:
        print(error)
""",
        is_mild=True,
    ),
    Hostile(
        "abstract unix socket of the host",
        """
import socket
try:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.connect(chr(0) + ABSTRACT)
        s.sendall(b"hello")
except OSError as error:
    print(error)
""",
        is_mild=True,
    ),
    Hostile(
        "socket of a container engine",
        """
import glob, socket
for path in ["/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock",
             "/run/dbus/system_bus_socket", *glob.glob("/run/**/*.sock", recursive=True)]:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.connect(path)
        print("CONNECTED", path)
    except OSError as error:
        pass
""",
        check=lambda outcome, host: "it reached " + outcome.stdout if "CONNECTED" in outcome.stdout else None,
    ),
    Hostile(
        "metadata address and DNS",
        """
import socket
for address in [("169.254.169.254", 80), ("1.1.1.1", 53)]:
    try:
        with socket.create_connection(address, timeout=0.5):
            print("CONNECTED", address)
    except OSError as error:
        print(error)
try:
    print("CONNECTED", socket.getaddrinfo("example.com", 80))
except OSError as error:
    print(error)
""",
        check=lambda outcome, host: "it reached " + outcome.stdout if "CONNECTED" in outcome.stdout else None,
    ),
    Hostile(
        "sniff packets",
        """
import socket
try:
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.settimeout(0.5)
    for name in socket.if_nameindex():
        s.bind((name[1], 0))
        s.send(b"x" * 60)
        print("SENT", name) if name[1] != "lo" else None
except (AttributeError, OSError) as error:
    print(error)
""",
        check=lambda outcome, host: "it sent a raw packet" if "SENT" in outcome.stdout else None,
    ),
    Hostile(
        "write files of the host",
        """
import os
for folder in FOLDERS:
    for prefix in ("", "/proc/self/root", "/proc/self/cwd/../../..", "/proc/1/root"):
        path = prefix + folder + "/" + MARK
        try:
            os.makedirs(folder, exist_ok=True)
            with open(path, "w") as file:
                file.write("I was here")
        except OSError as error:
            print(error)
""",
        is_mild=True,
    ),
    Hostile(
        "change and delete a file of the host",
        """
import os, shutil
for act in (lambda: open(SECRET, "a").write("x"), lambda: os.truncate(SECRET, 0), lambda: os.chmod(SECRET, 0),
            lambda: os.rename(SECRET, SECRET + "x"), lambda: os.unlink(SECRET),
            lambda: shutil.rmtree(os.path.dirname(SECRET))):
    try:
        act()
    except OSError as error:
        print(error)
""",
    ),
    Hostile(
        "read secrets of the host",
        """
for path in SECRETS:
    for prefix in ("", "/proc/1/root", "/proc/self/root", "/proc/self/cwd/../../../..", "/oldroot", "/newroot"):
        try:
            print(open(prefix + path).read())
        except OSError as error:
            print(error)
""",
        is_mild=True,
    ),
    Hostile(
        "read accounts and keys of the host",
        """
import glob, os
for path in ["/etc/shadow", "/etc/gshadow", "/etc/sudoers", *glob.glob("/etc/ssh/*key"), "/root/.ssh/id_rsa",
             "/root/.bash_history", "/home", "/root", "/var/lib", "/sys/firmware", "/boot", "/etc/machine-id"]:
    try:
        print("READ", path, os.listdir(path) if os.path.isdir(path) else open(path).read(100))
    except OSError as error:
        pass
""",
        check=lambda outcome, host: host.private_words_in(outcome.stdout),
    ),
    Hostile(
        "symlinks and hard links to a secret",
        """
import os
for path in SECRETS:
    for way in (os.symlink, os.link):
        try:
            way(path, "link")
            print(open("link").read())
        except OSError as error:
            print(error)
        try:
            os.unlink("link")
        except OSError:
            pass
    for depth in range(1, 9):
        try:
            print(open("../" * depth + path).read())
        except OSError:
            pass
""",
        is_mild=True,
    ),
    Hostile(
        "environment variables",
        """
print(dict(os.environ))
try:
    import subprocess
    print(subprocess.run(["env"], capture_output=True, text=True).stdout)
except OSError as error:
    print(error)
""",
    ),
    Hostile(
        "environment of every process",
        """
import glob
for path in glob.glob("/proc/*/environ") + ["/proc/1/environ", f"/proc/{VICTIM}/environ", f"/proc/{TESTER}/environ"]:
    try:
        print(path, open(path, "rb").read())
    except OSError as error:
        print(error)
""",
        is_mild=True,
    ),
    Hostile(
        "memory and command lines of every process",
        """
import glob
for path in glob.glob("/proc/[0-9]*/cmdline") + [f"/proc/{VICTIM}/cmdline"]:
    try:
        print(path, open(path, "rb").read())
    except OSError as error:
        print(error)
for maps in glob.glob("/proc/[0-9]*/maps"):
    if maps.split("/")[2] == str(os.getpid()):
        continue
    try:
        with open(maps) as lines, open(maps.replace("maps", "mem"), "rb") as memory:
            for line in lines:
                if "[stack]" in line or "[heap]" in line:
                    start, end = (int(n, 16) for n in line.split()[0].split("-"))
                    memory.seek(start)
                    print(memory.read(min(end - start, 200_000)).replace(bytes(1), b""))
    except (OSError, ValueError, OverflowError) as error:
        print(error)
""",
    ),
    Hostile(
        "signal a process of the host",
        """
import signal
for pid in (VICTIM, TESTER):
    for name in (signal.SIGSTOP, signal.SIGKILL) if pid == VICTIM else (0,):
        try:
            os.kill(pid, name)
            print("SIGNALLED", pid)
        except OSError as error:
            print(error)
try:
    os.kill(-1, signal.SIGKILL)
except OSError as error:
    print(error)
""",
        check=lambda outcome, host: None if host.victim_is_well() else "the victim was signalled",
    ),
    Hostile(
        "signal its own process group",
        """
import signal
os.killpg(0, signal.SIGKILL)
""",
        is_mild=True,
    ),
    Hostile(
        "4 GB of memory in one process",
        """
taken = []
for _ in range(64):
    taken.append(bytearray(os.urandom(1 << 20) * 64))
print("TOOK IT")
""",
        check=_was_stopped,
    ),
    Hostile(
        "memory over several processes",
        """
import time
pids = []
for _ in range(12):
    pid = os.fork()
    if pid == 0:
        try:
            taken = bytearray(os.urandom(1 << 20) * 100)
            time.sleep(60)
        finally:
            os._exit(0)
    time.sleep(0.02)
time.sleep(60)
print("TOOK IT")
""",
        limits=replace(LIMITS, wall_s=2),
        check=_was_stopped,
    ),
    Hostile(
        "shared memory that no process maps",
        """
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
block, taken, held = os.urandom(1 << 20) * 16, 0, []
for n in range(64):
    try:
        fd = os.memfd_create(f"m{n}")
        held.append(fd)
        taken += os.write(fd, block)
    except (AttributeError, OSError) as error:
        print(error)
libc.shmat.restype = ctypes.c_void_p
for _ in range(64):
    segment = libc.shmget(0, 16 << 20, 0o1600)
    if segment < 0:
        break
    address = libc.shmat(segment, None, 0)
    if address in (None, ctypes.c_void_p(-1).value):
        break
    ctypes.memmove(address, block, len(block))
    libc.shmdt(ctypes.c_void_p(address))
    taken += len(block)
print("TOOK", taken >> 20)
""",
        check=lambda outcome, host: host.too_much(outcome.stdout, LIMITS.memory_mb + LIMITS.disk_mb),
    ),
    Hostile(
        "memory in unix sockets",
        """
import socket, time
for _ in range(20):
    if os.fork() == 0:
        held, taken = [], 0
        try:
            while len(held) < 200:
                time.sleep(0.05)  # so that it lasts, and is seen
                held += socket.socketpair()
                for one in held[-2:]:
                    one.setblocking(False)
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
                    try:
                        while True:
                            taken += one.send(bytes(1 << 16))
                    except BlockingIOError:
                        pass
        except OSError as error:
            pass
        print(f"TOOK {taken >> 20}", flush=True)
        time.sleep(60)
time.sleep(60)
""",
        limits=replace(LIMITS, wall_s=6),
        check=lambda outcome, host: host.too_much_in_all(outcome.stdout, 2 * LIMITS.memory_mb),
    ),
    Hostile(
        "memory in TCP connections to itself",
        """
import socket, time
try:
    server = socket.create_server(("127.0.0.1", 0), backlog=200)
except OSError as error:
    sys.exit(error)
held, taken = [], 0
while len(held) < 200:
    time.sleep(0.02)  # so that it lasts, and is seen
    try:
        held += [socket.create_connection(server.getsockname()), server.accept()[0]]
    except OSError:
        break
    for one in held[-2:]:
        one.setblocking(False)
        try:
            while True:
                taken += one.send(bytes(1 << 20))
                print("TOOK", taken >> 20, flush=True)
        except BlockingIOError:
            pass
time.sleep(60)
""",
        check=lambda outcome, host: host.too_much(outcome.stdout, 2 * LIMITS.memory_mb),
    ),
    Hostile(
        "settings and sources beside the software",
        """
places = ["/usr/local/etc", "/usr/src", "/usr/local/src", "/usr/etc", sys.prefix + "/pip.conf", sys.prefix + "/etc",
          "/opt", "/srv", "/etc/passwd", "/etc/pip.conf", "/etc/npmrc", "/etc/environment"]
for place in places:
    try:
        print("READ", place, os.listdir(place) if os.path.isdir(place) else open(place).read())
    except OSError as error:
        print(error)
""",
        check=lambda outcome, host: "it read " + outcome.stdout if "READ" in outcome.stdout else None,
    ),
    Hostile("endless loop", "while True: pass", limits=replace(LIMITS, wall_s=0.6), check=_was_stopped_by_the_clock),
    Hostile(
        "sleep past the wall limit",
        "import time\ntime.sleep(60)",
        limits=replace(LIMITS, wall_s=0.6),
        check=_was_stopped_by_the_clock,
    ),
    Hostile(
        "ignore every signal",
        """
import signal, time
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    time.sleep(1)
""",
        limits=replace(LIMITS, wall_s=0.6),
        check=_was_stopped_by_the_clock,
    ),
    Hostile(
        "close its stdio and go on",
        """
import time
for number in (0, 1, 2):
    os.close(number)
time.sleep(60)
""",
        limits=replace(LIMITS, wall_s=0.6),
        check=_was_stopped_by_the_clock,
    ),
    Hostile(
        "3000 forks",
        """
import time
made = 0
for _ in range(3000):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
    except OSError:
        break
print("MADE", made)
time.sleep(1)
""",
        limits=replace(LIMITS, wall_s=3),
    ),
    Hostile(
        "fork bomb",
        """
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
        limits=replace(LIMITS, wall_s=1.5),
    ),
    Hostile(
        "3000 threads",
        """
import threading, time
for _ in range(3000):
    try:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    except (RuntimeError, MemoryError):
        break
time.sleep(1)
""",
        limits=replace(LIMITS, wall_s=3),
    ),
    Hostile(
        "flood stdout",
        """
while True:
    sys.stdout.write("all work and no play\\n" * 1000)
""",
        check=_was_stopped,
    ),
    Hostile(
        "flood stderr",
        """
while True:
    os.write(2, b"all work and no play" * 1000)
""",
        check=_was_stopped,
    ),
    Hostile(
        "flood stdout without an end of line, from two processes",
        """
os.fork()
while True:
    os.write(1, b"x" * 65536)
""",
        check=_was_stopped,
    ),
    Hostile(
        "3 GB of disk",
        """
import tempfile
block, taken = os.urandom(1 << 20), 0
home = os.path.expanduser("~")
for folder in [".", home, tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", "/dev", "/run", "/"]:
    for number in range(40):
        try:
            with open(f"{folder}/{MARK}-{number}", "wb", buffering=0) as file:
                while taken < 3 << 30:
                    taken += file.write(block)
        except OSError as error:
            pass
print("TOOK", taken >> 20)
""",
        check=lambda outcome, host: host.too_much(outcome.stdout, 4 * LIMITS.disk_mb),
    ),
    Hostile(
        "a sparse file of 1 TB, and a zip bomb",
        """
import zlib
try:
    with open("sparse", "wb") as file:
        file.truncate(1 << 40)
except OSError as error:
    print(error)
bomb = zlib.compress(zlib.compress(bytes(1 << 27), 9), 9)
rest = zlib.decompress(zlib.decompress(bomb)) * 64
print("TOOK IT")
""",
        check=_was_stopped,
    ),
    Hostile(
        "a million empty files",
        """
try:
    for number in range(1_000_000):
        os.close(os.open(f"f{number}", os.O_CREAT))
    print("TOOK IT")
except OSError as error:
    print(error)
""",
        check=lambda outcome, host: "it made them all" if "TOOK IT" in outcome.stdout else None,
    ),
    Hostile(
        "object-graph gadget that reaches os",
        """
for kind in ().__class__.__base__.__subclasses__():
    if kind.__name__ == "_wrap_close":
        system = kind.__init__.__globals__["system"]
        system(f"cat {SECRET}; echo x > {FOLDERS[0]}/{MARK}; env")
""",
        is_mild=True,
    ),
    Hostile(
        "ctypes calls to mount, chroot, pivot and reboot",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
os.makedirs("m", exist_ok=True)
calls = {
    "mount tmpfs": lambda: libc.mount(b"none", b"m", b"tmpfs", 0, None),
    "mount bind": lambda: libc.mount(b"/", b"m", None, 4096, None),
    "mount proc": lambda: libc.mount(b"proc", b"m", b"proc", 0, None),
    "remount root": lambda: libc.mount(None, b"/", None, 32 | 4096, None),
    "unmount": lambda: libc.umount2(b"/usr", 2),
    "chroot": lambda: libc.chroot(b"m"),
    "sethostname": lambda: libc.sethostname(b"evil", 4),
    "setuid": lambda: libc.setuid(0) if os.getuid() else -1,
    "swapon": lambda: libc.swapon(b"m", 0),
}
for name, call in calls.items():
    try:
        if call() == 0:
            print("DID", name)
    except AttributeError:
        pass
""",
        check=lambda outcome, host: outcome.stdout if "DID" in outcome.stdout else None,
    ),
    Hostile(
        "new user namespace and keyrings",
        """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
if os.fork() == 0:
    for flags in (0x10000000, 0x10000000 | 0x00020000, 0x40000000, 0x20000000):
        if libc.unshare(flags) == 0:
            print("DID unshare", hex(flags))
    sys.stdout.flush()
    os._exit(0)
os.wait()
clone = {"x86_64": 56, "aarch64": 220}.get(platform.machine())
if clone:
    pid = libc.syscall(clone, 0x10000000 | 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    if pid > 0:
        print("DID clone")
add_key = {"x86_64": 248, "aarch64": 217}.get(platform.machine())
if add_key and libc.syscall(add_key, b"user", MARK.encode(), b"secret", 6, -4) > 0:
    print("DID add_key")
""",
        check=lambda outcome, host: outcome.stdout if "DID" in outcome.stdout else None,
    ),
    Hostile(
        "ptrace",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
for pid in [VICTIM, TESTER, os.getppid(), 1]:
    if pid != os.getpid() and libc.ptrace(0x4206, pid, None, None) == 0:
        print("DID ptrace", pid)
""",
        check=lambda outcome, host: outcome.stdout if "DID" in outcome.stdout else None,
    ),
    Hostile(
        "a daemon that outlives the run",
        """
import time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (0, 1, 2):
            os.close(number)
        os.environ.clear()
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", MARK])
    os._exit(0)
time.sleep(0.3)
print("done")
""",
    ),
    Hostile(
        "a daemon that keeps the output open",
        """
import time
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
print("done")
""",
    ),
    Hostile(
        "devices",
        """
import glob
for path in ["/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/fuse", "/dev/kvm", "/dev/net/tun",
             *glob.glob("/dev/sd*"), *glob.glob("/dev/vd*"), *glob.glob("/dev/nvme*"), *glob.glob("/dev/loop*")]:
    for mode in (os.O_RDONLY, os.O_WRONLY):
        try:
            os.close(os.open(path, mode))
            print("DID open", path)
        except OSError:
            pass
for number in [(1, 1), (8, 0), (254, 0), (253, 0)]:
    try:
        os.mknod("dev", 0o60666, os.makedev(*number))
        os.close(os.open("dev", os.O_RDONLY))
        print("DID mknod", number)
    except (OSError, AttributeError):
        pass
""",
        check=lambda outcome, host: outcome.stdout if "DID" in outcome.stdout else None,
    ),
    Hostile(
        "settings of the kernel",
        """
for path in ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger",
             "/proc/sys/vm/overcommit_memory", "/sys/kernel/uevent_helper", "/proc/self/oom_score_adj",
             "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs"]:
    try:
        value = "-1000" if path.endswith("adj") else open(path).read()
        with open(path, "w") as file:
            file.write(value)
        print("DID write", path)
    except OSError:
        pass
""",
        check=lambda outcome, host: outcome.stdout if "DID" in outcome.stdout else None,
    ),
    Hostile(
        "raise its own limits",
        """
import resource
for name in ("RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_NPROC", "RLIMIT_CPU", "RLIMIT_FSIZE"):
    try:
        resource.setrlimit(getattr(resource, name), (-1, -1))
    except (ValueError, OSError):
        pass
taken = bytearray(os.urandom(1 << 20) * 3000)
print("TOOK IT")
""",
        check=_was_stopped,
    ),
    Hostile(
        "type into the terminal",
        """
import fcntl, termios
for path in (0, 1, 2, "/dev/tty", "/dev/console"):
    try:
        fd = path if isinstance(path, int) else os.open(path, os.O_RDWR)
        fcntl.ioctl(fd, termios.TIOCSTI, b"x")
        print("DID type", path)
    except OSError:
        pass
""",
        check=lambda outcome, host: outcome.stdout if "DID" in outcome.stdout else None,
    ),
    Hostile(
        "open files that were left to it",
        """
import glob
for path in glob.glob("/proc/[0-9]*/fd/*"):
    try:
        kind, number = os.readlink(path), int(path.split("/")[-1])
    except OSError:
        continue
    if number < 3 or str(os.getpid()) in path and kind.startswith("/proc/"):
        continue
    for flags in (os.O_RDONLY | os.O_NONBLOCK, os.O_WRONLY | os.O_NONBLOCK):
        try:
            fd = os.open(path, flags)
        except OSError:
            continue
        print("OPENED", path, kind)
        try:
            print(os.write(fd, b'{"exit-code": 0}') if flags & os.O_WRONLY else os.read(fd, 10_000))
        except OSError as error:
            print(error)
""",
    ),
    Hostile(
        "sockets to the hypervisor and to the kernel's crypto",
        """
import socket
for name, address in (("AF_VSOCK", (2, 80)), ("AF_VSOCK", (1, 80)), ("AF_ALG", ("hash", "sha256"))):
    try:
        with socket.socket(getattr(socket, name), socket.SOCK_STREAM) as s:
            s.settimeout(0.3)
            s.connect(address)
            print("CONNECTED", name)
    except (AttributeError, OSError, TypeError) as error:
        print(error)
""",
        check=lambda outcome, host: outcome.stdout if "CONNECTED" in outcome.stdout else None,
    ),
    Hostile(
        "a file that is made to grow under mmap",
        """
import mmap
for number in range(64):
    try:
        with open(f"m{number}", "wb+") as file:
            file.truncate(30 << 20)
            with mmap.mmap(file.fileno(), 0) as memory:
                for place in range(0, len(memory), 4096):
                    memory[place] = 1
    except (OSError, ValueError) as error:
        print(error)
""",
    ),
]


def _ordinary(
    name: str,
    code: str,
    expected: str,
    *,
    needs: str = "",
    needs_processes: bool = False,
    stdin: bytes = b"",
    files: dict[str, bytes] | None = None,
) -> Ordinary:
    program = Program((PYTHON, "main.py"), {"main.py": code.encode(), **(files or {})}, stdin=stdin)
    return Ordinary(name, program, expected, needs, needs_processes)


ORDINARY: list[Ordinary] = [
    _ordinary(
        "asserts",
        """
def is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))

assert [n for n in range(20) if is_prime(n)] == [2, 3, 5, 7, 11, 13, 17, 19]
print("all tests passed")
""",
        "all tests passed\n",
    ),
    _ordinary(
        "collections and heapq",
        """
import heapq
from collections import Counter, defaultdict, deque
words = "the cat and the dog and the bird".split()
print(Counter(words).most_common(2))
graph = defaultdict(list, {"a": [("b", 1), ("c", 4)], "b": [("c", 2)]})
queue, best = [(0, "a")], {}
while queue:
    cost, node = heapq.heappop(queue)
    if node not in best:
        best[node] = cost
        for other, weight in graph[node]:
            heapq.heappush(queue, (cost + weight, other))
print(best, deque([1, 2, 3], maxlen=2))
""",
        "[('the', 3), ('and', 2)]\n{'a': 0, 'b': 1, 'c': 3} deque([2, 3], maxlen=2)\n",
    ),
    _ordinary(
        "dataclasses",
        """
from dataclasses import asdict, dataclass, field
@dataclass(order=True, frozen=True)
class Point:
    x: int
    y: int = 0
    tags: tuple[str, ...] = field(default=(), compare=False)
print(sorted([Point(2), Point(1, 5)])[0], asdict(Point(3)))
""",
        "Point(x=1, y=5, tags=()) {'x': 3, 'y': 0, 'tags': ()}\n",
    ),
    _ordinary(
        "inheritance",
        """
from abc import ABC, abstractmethod
class Shape(ABC):
    @abstractmethod
    def area(self): ...
    def __str__(self): return f"{type(self).__name__}({self.area():.2f})"
class Square(Shape):
    def __init__(self, side): self.side = side
    def area(self): return self.side ** 2
class Cube(Square):
    def area(self): return 6 * super().area()
print(Square(2), Cube(2), isinstance(Cube(1), Shape))
""",
        "Square(4.00) Cube(24.00) True\n",
    ),
    _ordinary(
        "generators and itertools",
        """
import itertools
def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b
print(list(itertools.islice(fibonacci(), 10)), list(itertools.combinations("abc", 2)))
""",
        "[0, 1, 1, 2, 3, 5, 8, 13, 21, 34] [('a', 'b'), ('a', 'c'), ('b', 'c')]\n",
    ),
    _ordinary(
        "re and json",
        """
import json, re
text = "On 2024-05-06 and 2023-01-02 it rained."
print(json.dumps({"dates": re.findall(r"(\\d{4})-(\\d\\d)", text)}, sort_keys=True))
""",
        '{"dates": [["2024", "05"], ["2023", "01"]]}\n',
    ),
    _ordinary(
        "match",
        """
def say(command):
    match command.split():
        case ["go", ("north" | "south") as way]: return f"going {way}"
        case ["take", *things] if things: return f"taking {len(things)}"
        case _: return "what?"
print(say("go north"), say("take a b"), say("jump"), sep="; ")
""",
        "going north; taking 2; what?\n",
    ),
    _ordinary(
        "unittest",
        """
import sys, unittest
class TestSum(unittest.TestCase):
    def test_sum(self): self.assertEqual(sum([1, 2]), 3)
    def test_error(self):
        with self.assertRaises(ZeroDivisionError): 1 / 0
if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    print(result.testsRun, result.wasSuccessful())
""",
        "2 True\n",
    ),
    _ordinary(
        "io and files",
        """
import csv, io, os, pathlib, tempfile
pathlib.Path("out").mkdir()
pathlib.Path("out/table.csv").write_text("a,b\\n1,2\\n")
print(list(csv.DictReader(open("out/table.csv"))), io.StringIO("x\\ny").readlines())
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("temporary"); file.seek(0); print(file.read())
print("main.py" in os.listdir("."))
""",
        "[{'a': '1', 'b': '2'}] ['x\\n', 'y']\ntemporary\nTrue\n",
    ),
    _ordinary(
        "asyncio",
        """
import asyncio
async def double(n):
    await asyncio.sleep(0.01)
    return 2 * n
async def main():
    print(await asyncio.gather(*(double(n) for n in range(5))))
asyncio.run(main())
""",
        "[0, 2, 4, 6, 8]\n",
    ),
    _ordinary(
        "numpy",
        """
import numpy as np
print(np.linalg.solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 4.0])).tolist())
""",
        "[1.0, 1.0]\n",
        needs="numpy",
    ),
    _ordinary(
        "fractions, decimal and big numbers",
        """
import math, statistics
from decimal import Decimal
from fractions import Fraction
print(Fraction(1, 3) + Fraction(1, 6), Decimal("0.1") + Decimal("0.2"), math.factorial(25), statistics.mean([1, 2, 6]))
""",
        "1/2 0.3 15511210043330985984000000 3\n",
    ),
    _ordinary(
        "stdin",
        "import sys\nnumbers = [int(line) for line in sys.stdin]\nprint(sum(numbers), input.__name__)\n",
        "6 input\n",
        stdin=b"1\n2\n3\n",
    ),
    _ordinary(
        "its own modules and data, in folders",
        "from shop.cart import total\nprint(total(open('data/prices.txt').read().split()))\n",
        "7\n",
        files={
            "shop/__init__.py": b"",
            "shop/cart.py": b"def total(prices):\n    return sum(map(int, prices))\n",
            "data/prices.txt": b"3 4",
        },
    ),
    _ordinary(
        "unicode",
        "import sys\nprint('Grüße, 世界 🐋', sys.stdout.encoding.lower(), len('🐋'))\n",
        "Grüße, 世界 🐋 utf-8 1\n",
    ),
    _ordinary(
        "threads and a pool",
        """
import threading
from concurrent.futures import ThreadPoolExecutor
lock, total = threading.Lock(), 0
def add(n):
    global total
    with lock:
        total += n
with ThreadPoolExecutor(8) as pool:
    list(pool.map(add, range(100)))
print(total)
""",
        "4950\n",
        needs_processes=True,
    ),
    _ordinary(
        "subprocess and multiprocessing",
        """
import multiprocessing, subprocess, sys
def square(n): return n * n
if __name__ == "__main__":
    print(subprocess.run([sys.executable, "-c", "print('child')"], capture_output=True, text=True).stdout.strip())
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, range(4)))
""",
        "child\n[0, 1, 4, 9]\n",
        needs_processes=True,
    ),
    _ordinary(
        "recursion, sorting and 100 MB of memory",
        """
import random, sys
from functools import lru_cache
@lru_cache(maxsize=None)
def ways(n): return 1 if n < 2 else ways(n - 1) + ways(n - 2)
numbers = list(range(300_000))
random.Random(0).shuffle(numbers)
data = bytearray(60_000_000)
print(ways(300) % 1_000_007, sorted(numbers)[:3], len(data))
""",
        "568181 [0, 1, 2] 60000000\n",
    ),
    _ordinary(
        "sqlite, hashes, dates and zip files",
        """
import datetime, hashlib, io, sqlite3, zipfile
db = sqlite3.connect("shop.db")
db.execute("create table t (n)"); db.executemany("insert into t values (?)", [(1,), (2,)]); db.commit()
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as archive:
    archive.writestr("a.txt", "hello")
print(db.execute("select sum(n) from t").fetchone(), hashlib.sha256(b"x").hexdigest()[:8],
      datetime.date(2024, 2, 28) + datetime.timedelta(days=2), zipfile.ZipFile(buffer).namelist())
""",
        "(3,) 2d711642 2024-03-01 ['a.txt']\n",
    ),
]
