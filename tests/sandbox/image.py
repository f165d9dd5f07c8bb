"""A small root file system for an image, made from the files of the Python that runs the tests."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Callable
from pathlib import Path

TOOLS = ("sh", "cat", "chmod", "cp", "dd", "echo", "env", "head", "id", "kill", "ls", "mkdir", "mv", "rm", "sleep")


def root_files() -> bytes:
    """As a tar: this Python with its standard library, a shell and a few tools.

    Python finds its library from the place of its binary, so that in the image both may lie elsewhere than here.
    """
    buffer = io.BytesIO()
    library = Path(sysconfig.get_path("stdlib"))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = Path(sys.base_prefix, "bin", version).resolve()
    modules = [file for file in (library / "lib-dynload").glob("*.so") if not _is_not_needed(file)]
    tools = [Path(found) for tool in TOOLS if (found := shutil.which(tool, path="/usr/bin:/bin"))]
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in (".", "etc", "proc", "sys", "dev", "tmp", "root", "usr", "usr/bin", "usr/lib"):
            tar.addfile(_entry(folder, tarfile.DIRTYPE, 0o755))
        for link, target in {"bin": "usr/bin", "lib": "usr/lib", "usr/bin/python3": version}.items():
            entry = _entry(link, tarfile.SYMTYPE, 0o777)
            entry.linkname = target
            tar.addfile(entry)
        users = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"
        for name, content in {"etc/passwd": users, "etc/group": b"root:x:0:\nnogroup:x:65534:\n"}.items():
            entry = _entry(name, tarfile.REGTYPE, 0o644)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        _add(tar, python, f"usr/bin/{version}")
        for tool in tools:
            _add(tar, tool.resolve(), f"usr/bin/{tool.name}")
        for place, file in _shared_libraries([python, *tools, *modules]).items():
            _add(tar, file, place)
        tar.add(library, f"usr/lib/{version}", filter=_unless(_is_not_needed))
    return buffer.getvalue()


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = kind, mode
    return entry


def _add(tar: tarfile.TarFile, file: Path, name: str) -> None:
    entry = tar.gettarinfo(str(file), name)
    entry.type, entry.mode, entry.uid, entry.gid = tarfile.REGTYPE, 0o755, 0, 0  # never as a hard link
    entry.size = file.stat().st_size
    with file.open("rb") as content:
        tar.addfile(entry, content)


def _shared_libraries(files: list[Path]) -> dict[str, Path]:
    """Where a library is to lie -> the file. Below /usr/lib each is found without a cache of the loader."""
    listing = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False).stdout
    found = {}
    for line in listing.splitlines():
        words = line.split()
        if len(words) > 2 and words[1] == "=>" and words[2].startswith("/"):
            found[f"usr/lib/{words[0]}"] = Path(words[2]).resolve()
        elif len(words) == 2 and words[0].startswith("/") and words[1].startswith("("):  # the loader, by its full path
            found[words[0].lstrip("/")] = Path(words[0]).resolve()
    return found


def _unless(is_left_out: Callable[[Path], bool]) -> Callable[[tarfile.TarInfo], tarfile.TarInfo | None]:
    def keep(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        entry.uid = entry.gid = 0
        entry.mode |= 0o444 if entry.isreg() else 0o555
        return None if is_left_out(Path(entry.name)) else entry

    return keep


def _is_not_needed(path: Path) -> bool:
    names = {"test", "tests", "site-packages", "dist-packages", "idlelib", "lib2to3", "tkinter", "turtledemo"}
    names |= {"ensurepip", "pydoc_data", "distutils"}
    is_build_config = any(part.startswith("config-") for part in path.parts)
    is_for_tests_or_windows = path.name.startswith(("_tkinter", "_test", "_xxtest", "_ctypes_test"))
    return bool(names & set(path.parts)) or is_build_config or is_for_tests_or_windows or ".opt-" in path.name
