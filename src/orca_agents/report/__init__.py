"""Measure a run or a dataset in one pass, and show it: a page in the browser, or a screen in the terminal."""
