"""See that a library which a task needs is there where answers are run."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case


async def why_library_missing(case: Case) -> str | None:
    """Check `libraries_there`."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    wanted = case.leaf.settings.get("libraries", ()) if case.leaf is not None else ()
    text = "\n".join((item.question, *item.parts.get("interface", ()), *item.hidden.get("rules", ())))
    for name in (str(name) for name in wanted):
        if not name.isidentifier() or not re.search(rf"\b{name}\b|\bnp\.", text, re.IGNORECASE):
            continue
        assert case.lab is not None, "this check needs a lab"
        if not (await case.lab.run_python(f"import {name}")).ok:
            return f"answers run where {name} is not installed: write a task for the standard library alone"
    return None
