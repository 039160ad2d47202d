import importlib.util
import os
import sys
from pathlib import Path

import pytest

from repository.digest.native import native
from tests.repository.digest import native_build

# A campaign puts its own build of the extension (sanitizers, say) in the place of the installed one.
if variant := os.environ.get("KHO_NATIVE_UNDER_TEST"):
    spec = importlib.util.spec_from_file_location("repository.digest._native", variant)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules["repository.digest._native"] = module


@pytest.fixture(params=["hashlib", "native"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "native" and native().module is None:
        pytest.skip(f"the native engine: {native().reason}")
    return str(request.param)


@pytest.fixture(scope="session")
def preload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that makes files change while they are read."""
    if native_build.compiler() is None:
        pytest.skip("no C compiler")
    source = Path(__file__).parent / "restless_disk.c"
    return native_build.build_preload(tmp_path_factory.mktemp("preload"), source)
