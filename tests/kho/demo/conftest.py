"""The sample transfers, made once per worker."""

from __future__ import annotations

import fcntl
import os
import pickle

import pytest

from kho.demo import SampleTransfer, make_transfers
from tests.kho.demo.reading import Opened, open_transfer


@pytest.fixture(scope="session")
def transfers(tmp_path_factory: pytest.TempPathFactory) -> list[SampleTransfer]:
    # One folder for all workers of a run: the first makes them, the others wait and read the list.
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    made = shared / "kho-demo-transfers.pickle"
    with (shared / "kho-demo-transfers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            made.write_bytes(pickle.dumps(make_transfers(shared / "kho-demo-transfers")))
        transfers: list[SampleTransfer] = pickle.loads(made.read_bytes())
    return transfers


@pytest.fixture(scope="session")
def good(transfers: list[SampleTransfer]) -> list[Opened]:
    return [open_transfer(t.path) for t in transfers if t.kind == "good"]
