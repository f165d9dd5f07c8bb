"""The child process that takes the text out of one PDF file, so that a hostile file can hang or starve nobody else.

It reads the file from standard input and writes one JSON object a line: first what the file says about itself, or
`{"refused": reason}`; then each page as `{"page": number, "text": text}`, or with a `problem` in place of its text.
It imports nothing of ours: `pdf.py` starts it by its path.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class TooLongError(BaseException):
    """A step takes longer than it may. Not an `Exception`, for the library catches those and goes on."""


def main(memory_bytes: int, page_seconds: float, most_chars: int) -> None:
    """Write the pages of the file on standard input."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _limit_memory(memory_bytes)
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.disable()  # the library tells of every oddity that it mends
    try:
        with _within(page_seconds):
            reader = PdfReader(sys.stdin.buffer)
            reason = _refusal(reader)
            count = 0 if reason else len(reader.pages)
            about = {} if reason else _about(reader)
    except DependencyError:
        _write({"refused": "encrypted: reading it takes one more package; `pip install cryptography`"})
        return
    except (TooLongError, MemoryError, RecursionError) as error:
        _write({"refused": _too_much(error, page_seconds)})
        return
    except Exception as error:  # noqa: BLE001  a damaged file makes the library fail in every way that Python knows
        kind = "" if isinstance(error, PyPdfError) else f"{type(error).__name__}: "
        _write({"refused": f"damaged or cut off: {kind}{_line(error)}; save it anew, or give its text"})
        return
    if reason:
        _write({"refused": reason})
        return
    _write({"pages": count, **about})
    chars = 0
    for number in range(1, count + 1):
        found: dict[str, Any] = {"page": number}
        try:
            with _within(page_seconds):
                found["text"] = reader.pages[number - 1].extract_text()
        except (TooLongError, MemoryError, RecursionError) as error:
            found["problem"] = _too_much(error, page_seconds)
        except Exception as error:  # noqa: BLE001  as above; one page that cannot be read does not cost the others
            found["problem"] = f"cannot be read: {type(error).__name__}: {_line(error)}"
        chars += len(found.get("text", ""))
        if chars > most_chars:
            _write({"refused": f"more than {most_chars // 10**6} million characters of text; split it"})
            return
        _write(found)


def _end_with(parent: int) -> None:
    """End this process soon after its parent, which may be killed in a way that leaves it no time to do so."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _limit_memory(most: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the time limit holds there all the same
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise TooLongError where the block takes longer; without effect on Windows, where the parent's limit holds."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TooLongError

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _refusal(reader: Any) -> str | None:
    """Why this file is not to be read. One that opens without a password is, if its author lets text be copied."""
    if not reader.is_encrypted:
        return None
    if not reader.decrypt(""):
        return "encrypted: it opens with a password only; save it without one"
    allowed = reader.user_access_permissions
    if allowed is not None and not allowed & type(allowed).EXTRACT:
        return "encrypted: its author does not allow text to be copied out of it"
    return None


def _about(reader: Any) -> dict[str, str | None]:
    """What the file says about itself, where it says it in a way that can be read."""
    try:
        title = reader.metadata.title if reader.metadata else None
        language = reader.root_object.get("/Lang")
    except Exception:  # noqa: BLE001  as above; damage here costs the title, not the text
        return {}
    return {
        "title": str(title) if title is not None else None,
        "language": str(language) if language is not None else None,
    }


def _too_much(error: BaseException, seconds: float) -> str:
    if isinstance(error, TooLongError):
        return f"takes longer than {seconds:g} s to read; give its text"
    return "takes more memory than it may" if isinstance(error, MemoryError) else "nested too deeply"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _write(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
