"""Makes the files of one planned document: its main file and what is attached to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from kho.demo.chance import seeded
from kho.demo.layout import set_pages
from kho.demo.marks import Marks
from kho.demo.office_files import annex_xlsx, paper_docx, workflow_xml
from kho.demo.pdf import draw_pdf, draw_scan_pdf
from kho.demo.plan import VIETNAM, Attachment, DocumentPlan, DossierPlan, PhotoPlan
from kho.demo.scans import as_jpeg, as_tiff, draw_photo, scan_pages
from kho.demo.wording import Paper

PUIDS = {
    "pdf": "fmt/276",
    "scan-two-layers": "fmt/18",
    "scan-picture": "fmt/18",
    "tiff": "fmt/353",
    "jpeg": "fmt/43",
    "photo": "fmt/43",
    "docx": "fmt/412",
    "xlsx": "fmt/214",
    "workflow": "fmt/101",
    "linked": "x-fmt/111",
    "metadata": "fmt/101",
    "schema": "x-fmt/280",
}
"""What each kind of file in a package is, in the terms of PRONOM: what an identifier must find."""


@dataclass(frozen=True)
class DataFile:
    """A file of `representations/rep1/data/`."""

    name: str
    content: bytes


@dataclass(frozen=True)
class MadeDocument:
    """What became of a planned document."""

    main: DataFile
    attachments: tuple[DataFile, ...]
    pages: int


def make_document(plan: DossierPlan, document: DocumentPlan) -> MadeDocument:
    """The document's files; the same plan gives the same bytes."""
    if document.form == "linked":
        # TT 05: a SIP's stub holds nothing but the identifier of the document sent earlier.
        stub = DataFile(f"{document.doc_id}.pdf.fetch.txt", document.linked_to.encode())
        return MadeDocument(stub, (), len(set_pages(document.paper)))
    made = _make_main(plan, document)
    attached = tuple(_make_attachment(plan, document, a) for a in document.attachments)
    return replace(made, attachments=(*made.attachments, *attached))


def make_photo(plan: DossierPlan, photo: PhotoPlan) -> DataFile:
    """The photograph as a JPEG."""
    rng = seeded(f"{plan.name}/photo/{photo.ordinal}")
    return DataFile(f"{photo.doc_id}.jpg", draw_photo(rng, coloured=photo.coloured))


def _make_main(plan: DossierPlan, document: DocumentPlan) -> MadeDocument:
    paper = document.paper
    pages = set_pages(paper)
    title, author = f"{paper.kind.name} {paper.reference}", paper.office.name

    def made(suffix: str, content: bytes, *more: DataFile) -> MadeDocument:
        return MadeDocument(DataFile(f"{document.doc_id}.{suffix}", content), more, len(pages))

    if document.form == "pdf" and document.signed:
        marks = Marks(paper.signer, sealed=_has_seal(paper), name=f"{plan.name}/{document.ordinal}")
        pdf = draw_pdf(pages, title=title, author=author, marks=marks)
        return made("signed.pdf" if document.told_by_name else "pdf", _sign(plan, document, pdf))
    if document.form == "pdf":
        return made("pdf", draw_pdf(pages, title=title, author=author))
    if document.form == "docx":
        return made("docx", paper_docx(paper))

    rng = seeded(f"{plan.name}/scan/{document.ordinal}")
    scans = scan_pages(rng, pages, signer=paper.signer, dpi=plan.scan_dpi)
    if document.form == "tiff":
        return made("tif", as_tiff(scans, plan.scan_dpi))
    pictures = [as_jpeg(scan, plan.scan_dpi) for scan in scans]
    if document.form == "jpeg":
        # One picture holds one page; the further pages go with it as attachments.
        further = tuple(
            DataFile(f"{document.doc_id}.trang{number}.jpg", picture)
            for number, picture in enumerate(pictures[1:], start=2)
        )
        return made("jpg", pictures[0], *further)
    layers = pages if document.form == "scan-two-layers" else None
    return made("pdf", draw_scan_pdf(pictures, layers, title=title, author=author))


def _sign(plan: DossierPlan, document: DocumentPlan, pdf: bytes) -> bytes:
    """Signed on the day of issue: by the signer, and soon after by the clerk for the agency."""
    # Loading pyHanko takes longer than making a small dossier, and most have nothing signed.
    from kho.demo.signing import sign_pdf, signed_by_office, signed_by_person

    paper = document.paper
    rng = seeded(f"{plan.name}/signing/{document.ordinal}")
    signed = datetime.combine(paper.issued, time(8, 0), VIETNAM)
    signed += timedelta(seconds=rng.randrange(7 * 3600))
    sealed = signed + timedelta(seconds=rng.randrange(300, 2 * 3600))
    office, place = paper.office.name, paper.office.seat
    signatures = [
        signed_by_person(
            name=paper.signer, title=paper.signer_title, office=office, when=signed, place=place
        )
    ]
    if _has_seal(paper):
        signatures.append(signed_by_office(office=office, when=sealed, place=place))
    return sign_pdf(pdf, signatures)


def _has_seal(paper: Paper) -> bool:
    """Minutes are signed by people alone, here by the one who led the meeting."""
    return paper.kind.short != "BB"


def _make_attachment(plan: DossierPlan, document: DocumentPlan, attachment: Attachment) -> DataFile:
    rng = seeded(f"{plan.name}/attachment/{document.ordinal}/{attachment.suffix}")
    name = f"{document.doc_id}.{attachment.suffix}"
    match attachment.form:
        case "xlsx":
            return DataFile(f"{name}.xlsx", annex_xlsx(rng, attachment.title))
        case "docx":
            annex = replace(document.paper, subject=attachment.title)
            return DataFile(f"{name}.docx", paper_docx(annex))
        case "workflow":
            return DataFile(f"{name}.xml", workflow_xml(rng, document.doc_id, document.paper))
