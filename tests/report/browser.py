"""A real browser without a window: what it makes of a page, what it asks for, what it complains about."""

from __future__ import annotations

import shutil
import socketserver
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # of the browser itself, which cannot have one in many containers; the page is ours
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-extensions",
    "--enable-logging=stderr",
)


@dataclass(frozen=True)
class Opened:
    """What a browser made of a page."""

    dom: str
    """The document after all that it does."""
    requests: tuple[str, ...]
    """The hosts of all requests that left the page."""
    complaints: tuple[str, ...]
    """What was written into the console: script errors, refused styles."""


def open_page(page: Path) -> Opened:
    """Open a page of this disk; all its requests go to a proxy that notes them and refuses."""
    with _Proxy() as proxy, tempfile.TemporaryDirectory() as profile:
        ended = _run(
            page, profile, "--dump-dom", f"--proxy-server=127.0.0.1:{proxy.port}", "--proxy-bypass-list=<-loopback>"
        )
        asked = tuple(host for host in proxy.hosts if not host.endswith(_OWN))
    complaints = tuple(line for line in ended.stderr.splitlines() if ":CONSOLE" in line)
    return Opened(ended.stdout, asked, complaints)


def picture(page: Path, target: Path, *, width: int, height: int) -> bytes:
    """A screenshot."""
    with tempfile.TemporaryDirectory() as profile:
        _run(page, profile, f"--window-size={width},{height}", f"--screenshot={target}")
    return target.read_bytes()


_OWN = (".google.com", ".googleapis.com", ".gvt1.com")
"""What the browser itself may ask for; no page of ours names it."""


def _run(page: Path, profile: str, *options: str) -> subprocess.CompletedProcess[str]:
    assert BROWSER is not None
    command = [BROWSER, *_OPTIONS, f"--user-data-dir={profile}", *options, page.absolute().as_uri()]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=120, check=True
    )


class _Proxy:
    """Notes what is asked for, and answers nothing."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        hosts = self.hosts

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                line = self.rfile.readline().decode("latin-1").split()
                if len(line) > 1:
                    hosts.append(line[1].removeprefix("http://").split("/")[0].split(":")[0])
                self.wfile.write(b"HTTP/1.1 502 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> _Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
