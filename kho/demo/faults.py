"""The bad transfers: each a small sound package with exactly one thing wrong.

`FAULTS` lists them in order. A fault either changes the contents before METS is written (so that
checksums stay right) or the members after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from kho.demo.documents import DataFile
from kho.demo.plan import DossierPlan, plan_dossier, plan_small
from kho.demo.sip import Content, Contents, Zeros, assemble, make_contents

BOMB_SIZE = 128 * 1024 * 1024


@dataclass(frozen=True)
class BadPackage:
    """A package that must be refused: its members, and members whose names are taken as they are."""

    plan: DossierPlan
    members: Mapping[str, Content]
    extra: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """One way a transfer can be bad, and the code of the problem it must be refused for."""

    name: str
    code: str
    note: str
    make: Callable[[int, int], BadPackage]
    """From the seed and the number of good dossiers."""


def altered_file(seed: int, total: int) -> BadPackage:
    """One bit of one document differs from what METS was made from; the size is the same."""
    plan, contents = _small(seed, "altered", "works", 901)
    members = assemble(contents)
    path = _first_data(contents)
    content = members[path]
    assert isinstance(content, bytes)
    middle = len(content) // 2
    altered = content[:middle] + bytes((content[middle] ^ 0x01,)) + content[middle + 1 :]
    return BadPackage(plan, {**members, path: altered})


def missing_file(seed: int, total: int) -> BadPackage:
    """A document that METS names is not in the ZIP."""
    plan, contents = _small(seed, "missing", "reward", 902)
    absent = _first_data(contents)
    members = {path: text for path, text in assemble(contents).items() if path != absent}
    return BadPackage(plan, members)


def wrong_total(seed: int, total: int) -> BadPackage:
    """`totalDoc` says two documents more than there are."""
    plan, contents = _small(seed, "total", "environment", 903)
    stated = str(int(contents.dossier["totalDoc"]) + 2)
    return BadPackage(plan, assemble(_with_dossier(contents, totalDoc=stated)))


def still_open(seed: int, total: int) -> BadPackage:
    """No `endDate`: the dossier is not closed."""
    plan, contents = _small(seed, "open", "reform", 904)
    return BadPackage(plan, assemble(_with_dossier(contents, endDate="")))


def marked_secret(seed: int, total: int) -> BadPackage:
    """`mode` 03 (Mật): such a dossier must never come in this way."""
    plan, contents = _small(seed, "secret", "complaint", 905)
    return BadPackage(plan, assemble(_with_dossier(contents, mode="03")))


def path_traversal(seed: int, total: int) -> BadPackage:
    """One more member, whose name climbs out of the folder it is unpacked in."""
    plan, contents = _small(seed, "traversal", "land-plan", 906)
    name = f"{plan.object_id}/../../../kho-demo-thoat-ra-ngoai.txt"
    text = "Tệp này không bao giờ được ghi ra đĩa.\n".encode()
    return BadPackage(plan, assemble(contents), {name: text})


def broken_xml(seed: int, total: int) -> BadPackage:
    """EAD.xml breaks off in the middle; METS was made from the broken file."""
    plan, contents = _small(seed, "broken", "merger", 907)
    whole = assemble(contents)["metadata/descriptive/EAD.xml"]
    assert isinstance(whole, bytes)
    broken = whole[: whole.index(b"<totalDoc>") + 4]
    return BadPackage(plan, assemble(replace(contents, broken_ead=broken)))


def held_already(seed: int, total: int) -> BadPackage:
    """OBJID and RECORDSTATUS NEW of the first good dossier, with a document that reads otherwise."""
    plan = plan_dossier(seed, 0, total)
    first = plan.documents[0]
    paper = replace(first.paper, body=(*first.paper.body, "Bản này đã được sửa nội dung."))
    other = replace(plan, documents=(replace(first, paper=paper), *plan.documents[1:]))
    return BadPackage(other, assemble(make_contents(other)))


def bomb(seed: int, total: int) -> BadPackage:
    """A member of 128 MiB that takes a hundred kilobytes packed."""
    plan, contents = _small(seed, "bomb", "flood", 909)
    big = replace(contents, documentation=(("ban-do-nen.bmp", Zeros(BOMB_SIZE)),))
    return BadPackage(plan, assemble(big))


def virus_test_file(seed: int, total: int) -> BadPackage:
    """A document is the EICAR test file, which every virus scanner knows and which harms nothing."""
    plan, contents = _small(seed, "virus", "recruitment", 910)
    first, *others = contents.records
    infected = replace(first, main=DataFile(first.main.name, eicar()))
    return BadPackage(plan, assemble(replace(contents, records=(infected, *others))))


def eicar() -> bytes:
    """The 68 bytes of the test file, put together here so that this source is not taken for one."""
    parts = (
        r"X5O!P%@AP[4\PZX54(P^)7CC)7}",
        "$EICAR",
        "-STANDARD-",
        "ANTIVIRUS-",
        "TEST-FILE!$H+H*",
    )
    return "".join(parts).encode("ascii")


FAULTS = (
    Fault("tep-bi-sua", "ING-DIGEST-MISMATCH", "one bit of a document altered", altered_file),
    Fault("thieu-tep", "ING-FILE-MISSING", "a document named in METS is missing", missing_file),
    Fault("sai-tong-so", "ING-TOTAL-DOC", "totalDoc is not the number of documents", wrong_total),
    Fault("chua-ket-thuc", "ING-NOT-CLOSED", "no end date: still open", still_open),
    Fault("do-mat", "ING-SECRET", "marked secret (mode 03)", marked_secret),
    Fault("thoat-thu-muc", "ING-PATH-UNSAFE", "a member's path climbs out", path_traversal),
    Fault("xml-hong", "ING-XML-MALFORMED", "EAD.xml breaks off", broken_xml),
    Fault("trung-ho-so", "ING-OBJECT-HELD", "dossier 1 again, other content, NEW", held_already),
    Fault("bom-nen", "ING-BOMB", "128 MiB of zeros in a small ZIP", bomb),
    Fault("tep-thu-vi-rut", "ING-VIRUS-TEST-FILE", "the EICAR test file", virus_test_file),
)


def _small(seed: int, name: str, theme: str, serial: int) -> tuple[DossierPlan, Contents]:
    plan = plan_small(seed, name, theme, serial)
    return plan, make_contents(plan)


def _with_dossier(contents: Contents, **values: str) -> Contents:
    return replace(contents, dossier={**contents.dossier, **values})


def _first_data(contents: Contents) -> str:
    return f"representations/rep1/data/{contents.records[0].main.name}"
