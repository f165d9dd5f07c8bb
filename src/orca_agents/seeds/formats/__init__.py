"""Readers of files that are neither text nor code, one module for each family of formats."""
