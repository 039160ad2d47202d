"""A small real archive behind the API: built once in each worker, copied by tests that harm it."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from api.app import create_app
from tests.api.made import TOKEN, Made, make_archive, open_services

with warnings.catch_warnings():
    # Starlette 1.10 asks for httpx2 here; the project has httpx.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The archive that nobody may change."""
    return make_archive(tmp_path_factory.mktemp("api") / "home")


def copy_home(home: Path, to: Path) -> None:
    """Copy an archive without its spool's lines: other tests read from the shared one meanwhile."""
    shutil.copytree(home, to, symlinks=True)
    for path in (to / "spool").iterdir():
        path.unlink()


@pytest.fixture
def own(made: Made, tmp_path: Path) -> Made:
    """A copy of it, to be harmed."""
    home = tmp_path / "home"
    copy_home(made.home, home)
    return Made(home, made.store_ids)


@contextmanager
def clients() -> Iterator[Callable[..., TestClient]]:
    """Makes clients of archives; `key` is sent with every request, services may be changed."""
    with ExitStack() as stack:

        def to(made: Made, key: str | None = None, **changes: object) -> TestClient:
            services = stack.enter_context(open_services(made, **changes))
            headers = {"Accept-Language": "en"}
            if key is not None:
                headers["Authorization"] = f"Bearer {key}"
            return TestClient(
                create_app(services),
                base_url="http://kho.test",
                raise_server_exceptions=False,
                headers=headers,
            )

        yield to


@pytest.fixture
def connect() -> Iterator[Callable[..., TestClient]]:
    with clients() as to:
        yield to


@pytest.fixture(scope="session")
def reader(made: Made) -> Iterator[TestClient]:
    """Anybody."""
    with clients() as to:
        yield to(made)


@pytest.fixture(scope="session")
def auditor(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An auditor, with an archive of their own, since their reading is written down in it."""
    home = tmp_path_factory.mktemp("audited") / "home"
    copy_home(made.home, home)
    with clients() as to:
        yield to(Made(home, made.store_ids), TOKEN)
