"""One watched host for all tests of sandboxes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.host import Host


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """Facts of this machine that hostile programs go for."""
    host = Host()
    yield host
    host.close()
