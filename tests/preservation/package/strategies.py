"""Any dossier the types allow: odd names, odd texts, empty fields, everything missing.

Hypothesis draws the texts, the names and the structure's seed; the rest follows from the seed, so that
an example costs little.
"""

from dataclasses import fields, replace
from random import Random
from typing import Any, get_type_hints

from hypothesis import strategies as st

from preservation.dossier import (
    Coded,
    Count,
    Custody,
    Document,
    DocumentKind,
    Dossier,
    FileRole,
    FormatFact,
    PartialDate,
    SenderDigest,
    SignatureCheck,
    SignatureFact,
    SignatureVerdict,
    StructureFact,
    StructureVerdict,
    Submission,
    VirusFact,
    VirusVerdict,
)
from tests.preservation.package.builder import make_dossier, received

ODD_TEXTS = ["", "Quyết định", "<&>\"'", "a\r\nb\t", "\0\x1b", "]]>", "\ufffe", "x" * 300, " y "]
ODD_NAMES = ["METS.xml", "a.pdf", "A.PDF", "bìa.pdf", "CON", "50%", "a#b?c.pdf", "x/y.pdf", "x"]
FOLDERS = ["", "representations/rep1/data/", "REPRESENTATIONS/Rep1/Data/", "documentation/"]

characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters, max_size=8)
names = st.text(characters, min_size=1, max_size=8)


@st.composite
def dossiers(draw: st.DrawFn) -> Dossier:
    return _Chance(
        Random(draw(st.integers(0, 2**32))),
        draw(st.lists(texts, max_size=3)) + ODD_TEXTS,
        draw(st.lists(names, max_size=3)) + ODD_NAMES,
    ).dossier()


class _Chance:
    """Fills the fields of the record classes by chance, from the texts and names it was given."""

    def __init__(self, random: Random, some_texts: list[str], some_names: list[str]) -> None:
        self.random, self.texts, self.names = random, some_texts, some_names

    def text(self) -> str:
        return self.random.choice(self.texts)

    def few(self, make: Any, most: int) -> tuple[Any, ...]:
        return tuple(make() for _ in range(self.random.randint(0, most)))

    def maybe(self, make: Any) -> Any:
        return make() if self.random.random() < 0.6 else None

    def coded(self) -> Coded:
        return Coded(self.text(), self.random.choice(["01", "02", "03", None]))

    def date(self) -> PartialDate:
        return PartialDate(self.text(), self.random.choice(["2020", "2020-05", None]))

    def count(self) -> Count:
        return Count(self.text(), self.random.choice([0, -1, 10**9, None]))

    def pair(self) -> tuple[str, str]:
        element = self.random.choice(["language", "keyword", "autograph", "colour", "zzz"])
        return element, self.text()

    def filled(self, of: Any, kind: type[Any]) -> Any:
        """The value with every field of that very type given by chance."""
        hints = get_type_hints(type(of))
        makers = {str: self.text, Coded: self.coded, PartialDate: self.date, Count: self.count}
        names = [field.name for field in fields(of) if hints[field.name] == kind]
        return replace(of, **{name: makers[kind]() for name in names})

    def file(self, file_id: str) -> Any:
        return received(
            file_id,
            self.random.choice(FOLDERS) + self.random.choice(self.names),
            self.random.choice(list(FileRole)),
            sender_digests=self.few(self.sender_digest, 2),
            mime_given=self.text(),
            created_given=self.random.choice([self.text(), "2026-07-05T16:04:42Z"]),
            modified_given=self.text(),
            format=self.maybe(lambda: self.filled(FormatFact(*"12345678"), str)),
            structure=self.maybe(self.structure),
            virus=self.maybe(self.virus),
            signatures=self.maybe(self.signatures),
        )

    def structure(self) -> StructureFact:
        return StructureFact(
            self.random.choice(list(StructureVerdict)),
            self.text(),
            self.text(),
            self.text(),
            self.few(self.text, 2),
            {name: self.text() for name in self.few(self.text, 2)},
        )

    def virus(self) -> VirusFact:
        return self.filled(VirusFact(self.random.choice(list(VirusVerdict)), *"1234"), str)

    def signatures(self) -> SignatureCheck:
        return SignatureCheck(
            self.text(),
            self.text(),
            self.text(),
            not_checked=self.text(),
            found=self.few(self.signature, 2),
            revocation=self.few(self.text, 2),
        )

    def signature(self) -> SignatureFact:
        verdict = self.random.choice(list(SignatureVerdict))
        blank = SignatureFact(verdict, *"1234567890123", chain=self.few(self.text, 2))
        return self.filled(blank, str)

    def sender_digest(self) -> SenderDigest:
        algorithm = self.random.choice(["SHA-256", "sha512", "MD5", "?"])
        return SenderDigest(algorithm, self.text(), self.text())

    def document(self, file_ids: list[str]) -> Document:
        blank = Document(
            ordinal=self.random.randint(0, 99),
            kind=self.random.choice(list(DocumentKind)),
            doc_id="",
            doc_code="",
            title="",
            mode=self.coded(),
            metadata_path="",
            file_ids=tuple(self.random.sample(file_ids, min(len(file_ids), 2))),
            type_name=self.maybe(self.coded),
            issued_date=self.maybe(self.date),
            languages=self.few(self.coded, 2),
            number_of_page=self.maybe(self.count),
            keywords=self.few(self.text, 2),
            given=self.few(self.pair, 4),
        )
        return self.filled(blank, str)

    def dossier(self) -> Dossier:
        file_ids = [f"f{n:04d}" for n in range(self.random.randint(0, 6))]
        sent: Submission = self.filled(make_dossier().submission, str)
        if self.random.random() < 0.8:
            sent = replace(sent, received_at="2026-11-22T03:00:00Z")
        dossier = make_dossier(
            submission=sent,
            documents=self.few(lambda: self.document(file_ids), 3),
            files=tuple(self.file(file_id) for file_id in file_ids),
            languages=self.few(self.coded, 3),
            keywords=self.few(self.text, 2),
            number_of_paper=self.maybe(self.count),
            risk_recovery=self.maybe(self.coded),
            custody=self.maybe(lambda: Custody(self.text(), self.text(), self.text())),
            given=self.few(self.pair, 4),
        )
        for kind in (str, Coded, PartialDate, Count):
            dossier = self.filled(dossier, kind)
        number = self.random.choice(["urn:G09:uuid-1", "urn:Phông số 1:uuid-2"])
        return replace(dossier, object_id=number)
