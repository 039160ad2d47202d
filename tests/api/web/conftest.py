"""A client that forgets the language after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_cookies(reader) -> Iterator[None]:
    reader.cookies.clear()
    yield
    reader.cookies.clear()
