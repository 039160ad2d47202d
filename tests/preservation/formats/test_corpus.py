"""The format corpus: what is damaged is named, what is not is not, nothing brings the examiner down."""

from __future__ import annotations

from datetime import UTC, datetime

from preservation.formats.examiner import Examiner
from preservation.signatures.trust import TrustRoots

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
# By their own descriptions: a byte missing, a picture that is not there, what is no XML at all.
DAMAGED = {
    "corruptionOneByteMissing.pdf",
    "veraPDFHiResWrongObjectID.pdf",
    "simple-password-copy.pdf.jhove.xml",
}
# Three under a password; one TIFF of a compression this libvips was not built for.
NOT_CHECKED = {
    "encryption_openpassword.pdf",
    "simple-open-password.pdf",
    "simple-open-nocopy-password.pdf",
    "old-style-jpeg-compression.tif",
}


def test_damaged_files_of_the_corpus_are_named_and_no_others(corpora):
    paths = {
        str(path): str(path) for path in sorted((corpora / "formats").rglob("*")) if path.is_file()
    }
    names = {path: path.encode("utf-8", "replace").decode() for path in paths}
    with Examiner(TrustRoots()) as examiner:
        found = examiner.examine(paths, names=names, at=NOW)
    told: dict[str, set[str]] = {}
    for path, one in found.items():
        empty = one.structure.problems == ("the file is empty",)
        verdict = "empty" if empty else one.structure.verdict.value
        told.setdefault(verdict, set()).add(path.rpartition("/")[2])
    assert told["damaged"] == DAMAGED
    assert told["not-checked"] == NOT_CHECKED
    assert len(told["no-damage-found"]) > 70
