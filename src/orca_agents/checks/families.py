"""The families of checks: each brings its answer forms, checks, proofs and probes."""

from __future__ import annotations

from types import ModuleType

from orca_agents.checks import (
    calls,
    code,
    examples,
    extraction,
    figures,
    labels,
    logic,
    open,
    options,
    sites,
    sources,
    talks,
    texts,
)

FAMILIES: tuple[ModuleType, ...] = (
    calls,
    code,
    examples,
    extraction,
    figures,
    labels,
    logic,
    open,
    options,
    sites,
    sources,
    talks,
    texts,
)
