"""`python -m orca_agents` is the `orca-agents` command."""

from orca_agents.cli import main

if __name__ == "__main__":
    main()
