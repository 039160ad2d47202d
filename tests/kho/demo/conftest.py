"""The sample transfers, made once per worker."""

from __future__ import annotations

import pytest

from kho.demo import SampleTransfer, make_transfers
from tests.kho.demo.reading import Opened, open_transfer


@pytest.fixture(scope="session")
def transfers(tmp_path_factory: pytest.TempPathFactory) -> list[SampleTransfer]:
    return make_transfers(tmp_path_factory.mktemp("transfers"))


@pytest.fixture(scope="session")
def good(transfers: list[SampleTransfer]) -> list[Opened]:
    return [open_transfer(t.path) for t in transfers if t.kind == "good"]
