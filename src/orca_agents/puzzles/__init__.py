"""Solve puzzles that are stated as constraints, by enumeration: all solutions, or as many as tell whether it is one."""
