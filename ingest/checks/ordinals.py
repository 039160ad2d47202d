"""Documents are numbered 1 to n without gaps or repetition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ingest.checks.context import CheckContext
from ingest.readers.documents import stated_ordinal
from ingest.readers.package import Tt05Package
from repository.problems import Problem, warning


def check(package: Tt05Package, context: CheckContext) -> Iterator[Problem]:
    """ING-ORDINAL with the numbers that are missing, repeated or not stated."""
    stated = [stated_ordinal(document) for document in package.documents]
    numbers = Counter(number for number in stated if number is not None)
    missing = [n for n in range(1, len(stated) + 1) if n not in numbers]
    repeated = sorted(n for n, times in numbers.items() if times > 1)
    beyond = sorted(n for n in numbers if not 1 <= n <= len(stated))
    path = package.dossier.path
    if repeated:
        yield warning("ING-ORDINAL", path, reason="repeated", numbers=_shown(repeated))
    # The documents of a supplement may go on where those held end.
    if missing and numbers and package.record_status != "SUPPLEMENT":
        yield warning(
            "ING-ORDINAL", path, reason="missing", numbers=_shown(missing), others=_shown(beyond)
        )


def _shown(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:20])) + (", …" if len(numbers) > 20 else "")
