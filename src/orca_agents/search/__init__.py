"""Search: the run's own corpus, code by what it does, and, where a run allows it, the web."""
