"""Find the items of benchmarks in texts, so that nothing that a model will be tested with is trained on."""

from orca_agents.contamination.benchmark import Item, is_table, read_items, read_rows
from orca_agents.contamination.index import Benchmark, BenchmarkIndex
from orca_agents.contamination.matching import Hit

__all__ = ["Benchmark", "BenchmarkIndex", "Hit", "Item", "is_table", "read_items", "read_rows"]
