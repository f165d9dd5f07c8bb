"""Read text, code, tables, pages, PDF and Word files, API descriptions and folders as cleaned, chunked seeds."""

from __future__ import annotations

from orca_agents.seeds.documents import STDIN, SeedOptions
from orca_agents.seeds.planning import read_seeds
from orca_agents.seeds.sources import check_sources

__all__ = ["STDIN", "SeedOptions", "check_sources", "read_seeds"]
