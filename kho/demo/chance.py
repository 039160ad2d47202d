"""The one source of chance: named, so that every part of a sample can be made again alone."""

from __future__ import annotations

from random import Random


def seeded(name: str) -> Random:
    """Draws that depend on the name only, the same on every machine.

    A string seeds `Random` through SHA-512. Nothing secret hangs on it.
    """
    return Random(name)  # noqa: S311
