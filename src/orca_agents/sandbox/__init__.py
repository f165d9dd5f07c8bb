"""Where code that a model wrote is run: in a sandbox that has passed its self-test, or not at all."""

from __future__ import annotations

from orca_agents.sandbox.api import PYTHON, BackEnd, Limits, Outcome, Process, Program, Sandbox, Stopped
from orca_agents.sandbox.choosing import Examined, choose_sandbox, examine
from orca_agents.sandbox.selftest import Canary

__all__ = [
    "PYTHON",
    "BackEnd",
    "Canary",
    "Examined",
    "Limits",
    "Outcome",
    "Process",
    "Program",
    "Sandbox",
    "Stopped",
    "choose_sandbox",
    "examine",
]
