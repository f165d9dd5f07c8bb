"""From the accepted examples of runs to a dataset: merged, freed of copies and leaks, balanced, split by document."""
