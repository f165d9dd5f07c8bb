"""A lab for the tests of checks that run code."""

from __future__ import annotations

import pytest

from tests.checks.code_items import DirectLab
from tests.sandbox.any_sandbox import any_sandbox


@pytest.fixture
async def lab() -> DirectLab:
    return DirectLab(await any_sandbox())
