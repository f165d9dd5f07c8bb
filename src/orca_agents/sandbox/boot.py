"""How files get into a sandbox without lying on the host's disk: over stdin, to a program that then becomes yours.

Run `BOOT` inside as `python3 -I -S -c BOOT`, and send it `header(...)`. It writes the files, and becomes the program in
the same process; what you send after the header is the program's stdin.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath

from orca_agents.sandbox.api import PYTHON, Program

BOOT = """\
import json, os, sys
def read(size):
    pieces = []
    while size:
        piece = os.read(0, min(size, 1 << 20))
        if not piece: sys.exit("the files were cut short")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
order = json.loads(read(int(read(10))))
os.makedirs(order["folder"], exist_ok=True)
os.chdir(order["folder"])
for path, size in order["files"]:
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file: file.write(read(size))
if order["limits"]:
    import resource
    for name, value in order["limits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
command = order["command"]
if command[0] == order["python"]: command[0] = sys.executable
try: os.execvpe(command[0], command, order["environment"])
except OSError as error:
    print(f"{command[0]}: {error.strerror}", file=sys.stderr)
    os._exit(127)
"""
"""Its first ten bytes of stdin say how long the order is; then comes the order as JSON, and then the files."""


def environment(folder: str, temporary: str = "/tmp", path: str = "/usr/local/bin:/usr/bin:/bin") -> dict[str, str]:  # noqa: S108
    """All that a program in a sandbox finds in its environment: nothing of ours."""
    return {
        "PATH": path,
        "HOME": folder,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "OPENBLAS_NUM_THREADS": "1",
    }


def header(
    program: Program, folder: str, environment: Mapping[str, str], limits: Mapping[str, int] | None = None
) -> bytes:
    """What `BOOT` is sent before the program's own stdin. `limits` are names of `resource` with their values.

    Raises `ValueError` for a path that leads out of the folder.
    """
    files = checked_files(program)
    order = {
        "folder": folder,
        "files": [(path, len(content)) for path, content in files.items()],
        "limits": dict(limits or {}),
        "command": list(program.command),
        "python": PYTHON,
        "environment": dict(environment),
    }
    text = json.dumps(order).encode()
    return b"%10d" % len(text) + text + b"".join(files.values())


def checked_files(program: Program) -> dict[str, bytes]:
    """The files of a program, their paths put plainly. Raises `ValueError` for one that leads out of the folder."""
    files = {}
    for path, content in program.files.items():
        if path.encode(errors="ignore").decode() != path:
            raise ValueError(f"file path {path!r} holds half a surrogate pair, which is no text: name it otherwise")
        plain = PurePosixPath(path)
        if not plain.parts or plain.is_absolute() or ".." in plain.parts or "\0" in path:
            raise ValueError(
                f"file path {path!r} leads out of the working folder: name it relative to it, without `..`"
            )
        if max(len(part.encode()) for part in plain.parts) > 255 or len(path.encode()) > 1000:
            raise ValueError(f"file path {path[:50]!r}... is too long: at most 255 bytes a name, 1000 in all")
        files[str(plain)] = content
    for path in files:
        if folders := [str(parent) for parent in PurePosixPath(path).parents if str(parent) in files]:
            raise ValueError(f"{folders[0]!r} is both a file and the folder of {path!r}: rename one of them")
    return files
