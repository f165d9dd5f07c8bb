"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test printed, without halves of characters: a worker of pytest-xdist cannot send them."""
    report = yield
    report.sections = [(title, _whole(text)) for title, text in report.sections]
    return report


def _whole(text: Any) -> str:
    return str(text).encode(errors="backslashreplace").decode()
