"""Errands on a web site: a model of the site that a program runs, the search over it, and the visit of an agent."""
