# SPDX-License-Identifier: ISC
import pathlib
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import alone  # noqa: E402
import harness  # noqa: E402
import stage as stages  # noqa: E402


@pytest.fixture
def directory():
    with harness.scratch() as path:
        yield path


@pytest.fixture
def store(directory):
    """A store with a zone, for servers that a test starts by itself."""
    a_store = alone.Store(directory)
    a_store.put()
    return a_store


@pytest.fixture
def server(store):
    """A zone-server on the store."""
    with alone.Server(store) as a_server:
        a_server.wait_zone()
        yield a_server


@pytest.fixture
def box(directory):
    """A box that is not started yet."""
    with harness.Box(directory / "box") as a_box:
        yield a_box


@pytest.fixture
def stage(directory):
    """A box with stand-ins, not started yet."""
    a_stage = stages.Stage(directory)
    try:
        yield a_stage
    finally:
        a_stage.stop()
