"""Tools that agents call: what one is, how it is called, what all of them share."""

from __future__ import annotations

from orca_agents.toolbox.api import Services, ToolContext, ToolError, tool

__all__ = ["Services", "ToolContext", "ToolError", "tool"]
