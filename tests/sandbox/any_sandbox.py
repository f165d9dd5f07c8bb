"""A sandbox in which the code of a test can run on this machine."""

from __future__ import annotations

from orca_agents.errors import SandboxError
from orca_agents.sandbox import bubblewrap
from orca_agents.sandbox.api import PYTHON, Program, Sandbox
from orca_agents.sandbox.bubblewrap import BubblewrapSandbox
from orca_agents.sandbox.unsafe import UnsafeSandbox


async def any_sandbox() -> Sandbox:
    """Bubblewrap where it works, else a plain subprocess: for tests of what is built on sandboxes, not of these."""
    if bubblewrap.missing() is None:
        try:
            sandbox = BubblewrapSandbox()
            if (await sandbox.run(Program((PYTHON, "-c", "")))).ok:
                return sandbox
        except SandboxError:
            pass  # it is installed, and this machine does not let it work
    return UnsafeSandbox()
