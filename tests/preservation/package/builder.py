"""A realistic dossier with its received bytes, for every test that needs one.

`make_dossier()` is four documents (one of two files, one a picture, one a link to a document sent
earlier), the sender's METS and EAD files, a schema, a note in `documentation/` and a file nobody
named. The bytes of each file follow from its path, so they can be made again: `content_of`.
"""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256, sha512
from pathlib import Path

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
    ReceivedFile,
    SenderDigest,
    Submission,
)
from preservation.package.plan import AipPlan, Organisation, plan_new
from repository.problems import Report, info, warning
from repository.store import FromBytes, FromPath, Kept

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
SOFTWARE = "Kho 0.1.0"
ARCHIVE = Organisation(
    "Trung tâm Lưu trữ lịch sử tỉnh Hà Tĩnh",
    "Số 1 đường Nguyễn Chí Thanh, phường Thành Sen, tỉnh Hà Tĩnh",
    "luutru@example.vn",
)
REPORT = Report.of(
    [
        warning("ING-DATE-ORDER", "metadata/descriptive/EAD.xml", given="31/12/2021"),
        info("ING-LINK-RESOLVED", "representations/rep1/data/cũ.pdf.fetch.txt"),
    ]
)

_DATA = "representations/rep1/data/"
_DESCRIPTIVE = "representations/rep1/metadata/descriptive/"
_CODE = "000.00.04.H27.2021.01"


def content_of(received_path: str, repeat: int = 3) -> bytes:
    """The bytes of the file that was received under this path."""
    return (f"bytes of {received_path}\n" * repeat).encode("utf-8", "surrogatepass")


def received(
    file_id: str, path: str, role: FileRole = FileRole.METADATA, **changes: object
) -> ReceivedFile:
    """One received file whose digests are those of `content_of(path)`."""
    data = content_of(path)
    digests = {"sha512": sha512(data).hexdigest(), "sha256": sha256(data).hexdigest()}
    sender = SenderDigest("SHA-256", digests["sha256"].upper(), "representations/rep1/METS.xml")
    file = ReceivedFile(
        file_id=file_id,
        role=role,
        received_path=path,
        size=len(data),
        digests=digests,
        sender_digests=() if role is FileRole.UNREFERENCED else (sender,),
        mime_given="application/pdf" if path.endswith(".pdf") else "",
        created_given="2026-07-05T16:04:42+07:00",
    )
    return replace(file, **changes)


def make_files() -> tuple[ReceivedFile, ...]:
    pdf = FormatFact(
        "fmt/477", "Acrobat PDF/A - Portable Document Format", "2b", "application/pdf",
        "byte match at 0, 5", "pygfried 2.2.0", "DROID V125",
    )  # fmt: skip
    return (
        received("f0001", "METS.xml"),
        received("f0002", "metadata/descriptive/EAD.xml"),
        received("f0003", "representations/rep1/METS.xml"),
        received("f0004", f"{_DESCRIPTIVE}EAD_doc_{_CODE}.1.xml"),
        received("f0005", f"{_DESCRIPTIVE}EAD_doc_{_CODE}.2.xml"),
        received("f0006", f"{_DESCRIPTIVE}EAD_pic_{_CODE}.3.xml"),
        received("f0007", f"{_DESCRIPTIVE}EAD_doc_{_CODE}.4.xml"),
        received("f0008", f"{_DATA}{_CODE}.1.signed.pdf", FileRole.MAIN, format=pdf),
        received("f0009", f"{_DATA}{_CODE}.2 Tờ trình đã ký.pdf", FileRole.MAIN),
        received("f0010", f"{_DATA}phụ lục/biểu 50%.xlsx", FileRole.ATTACHMENT),
        received("f0011", f"{_DATA}{_CODE}.3.jpg", FileRole.MAIN, mime_given="image/jpeg"),
        received("f0012", f"{_DATA}{_CODE}.4.pdf.fetch.txt", FileRole.LINK),
        received("f0013", "schemas/METS.xsd"),
        received("f0014", "documentation/Ghi chú.txt"),
        received("f0015", "Thumbs.db", FileRole.UNREFERENCED),
    )


def make_documents() -> tuple[Document, ...]:
    def text(ordinal: int, title: str, metadata: str, *file_ids: str) -> Document:
        return Document(
            ordinal=ordinal,
            kind=DocumentKind.TEXT,
            doc_id=f"{_CODE}.{ordinal}",
            doc_code=f"{_CODE}.{ordinal:07d}",
            title=title,
            mode=Coded("01", "01"),
            metadata_path=metadata,
            file_ids=file_ids,
            type_name=Coded("02", "02"),
            code_number="1063",
            code_notation="QĐ-SNV",
            issued_date=PartialDate("09/02/2021", "2021-02-09"),
            organ_name="Sở Nội vụ tỉnh Hà Tĩnh",
            languages=(Coded("01", "01"),),
            number_of_page=Count("3", 3),
            confidence_level=Coded("01", "01"),
            keywords=("tuyển dụng", "công chức"),
            given=(("docId", f"{_CODE}.{ordinal}"), ("autograph", ""), ("process", "0")),
        )

    picture = Document(
        ordinal=3,
        kind=DocumentKind.PICTURE,
        doc_id="",
        doc_code=f"{_CODE}.0000003",
        title="Lễ khởi công",
        mode=Coded("02", "02"),
        metadata_path=f"{_DESCRIPTIVE}EAD_pic_{_CODE}.3.xml",
        file_ids=("f0011",),
        given=(("docCode", f"{_CODE}.0000003"), ("imageTitle", "Lễ khởi công"), ("colour", "01")),
    )
    link = replace(
        text(4, "Văn bản đã nộp đợt trước", f"{_DESCRIPTIVE}EAD_doc_{_CODE}.4.xml", "f0012"),
        linked_document="000.00.04.H27.2019.05.2",
    )
    return (
        text(1, "Về việc phê duyệt", f"{_DESCRIPTIVE}EAD_doc_{_CODE}.1.xml", "f0008"),
        text(2, "Tờ trình <A & B>", f"{_DESCRIPTIVE}EAD_doc_{_CODE}.2.xml", "f0009", "f0010"),
        picture,
        link,
    )


def make_submission(**changes: object) -> Submission:
    submission = Submission(
        transfer_id="20261122-0001",
        shape="tt05-sip-zip",
        container_name="001uuid-87AEE70F-80D4-4DB1-9C03-9C3057B047FC.zip",
        container_size=208657,
        container_sha256="ab" * 32,
        received_at="2026-11-22T03:00:00Z",
        operator="Nguyễn Thị Lan",
        objid_given="uuid-87AEE70F-80D4-4DB1-9C03-9C3057B047FC",
        record_status="NEW",
        created_given="2026-07-05T16:04:42+07:00",
        software_name="HSCV Đóng gói SIP",
        software_version="3.1.22",
        agreement="NL-2026-30740",
        members=15,
    )
    return replace(submission, **changes)


def make_dossier(**changes: object) -> Dossier:
    """The dossier described above, with any of its fields changed."""
    dossier = Dossier(
        object_id="urn:P_SNV:uuid-87AEE70F-80D4-4DB1-9C03-9C3057B047FC",
        fonds_code="P_SNV",
        agency_name="Sở Nội vụ tỉnh Hà Tĩnh",
        file_code=_CODE,
        title="Hồ sơ về việc tuyển dụng công chức cấp xã của huyện Can Lộc, năm 2021",
        maintenance=Coded("01", "01"),
        mode=Coded("01", "01"),
        languages=(Coded("01", "01"), Coded("03", "03")),
        start_date=PartialDate("09/02/2021", "2021-02-09"),
        end_date=PartialDate("12/2021", "2021-12"),
        total_doc=Count("4", 4),
        submission=make_submission(),
        documents=make_documents(),
        files=make_files(),
        archive_code="H27.LTLS",
        keywords=("tuyển dụng", "công chức"),
        number_of_paper=Count("6", 6),
        number_of_page=Count("8", 8),
        physical_condition=Coded("01", "01"),
        confidence_level=Coded("01", "01"),
        risk_recovery=Coded("1", "1"),
        risk_recovery_status=Coded("01", "01"),
        description="Người lập hồ sơ: Lưu Xuân Dũng",
        custody=Custody("tu-dong", "2026-11-22T03:01:00Z", "no error was found"),
        given=(("fileCode", _CODE), ("keyword", "tuyển dụng; công chức"), ("inforSign", "")),
    )
    return replace(dossier, **changes)


def make_large(documents: int, files_each: int = 1) -> Dossier:
    """A dossier of that many documents, each with its record and that many files."""
    first = make_documents()[0]
    files = [received("m", "METS.xml")]
    made = []
    for n in range(1, documents + 1):
        own = [
            received(
                f"d{n:06d}-{m}",
                f"{_DATA}{_CODE}.{n}.{m}.pdf",
                FileRole.ATTACHMENT if m else FileRole.MAIN,
            )
            for m in range(files_each)
        ]
        files += own
        made.append(
            replace(
                first,
                ordinal=n,
                doc_id=f"{_CODE}.{n}",
                doc_code=f"{_CODE}.{n:07d}",
                metadata_path=f"{_DESCRIPTIVE}EAD_doc_{_CODE}.{n}.xml",
                file_ids=tuple(file.file_id for file in own),
            )
        )
    return make_dossier(files=tuple(files), documents=tuple(made))


def write_sources(dossier: Dossier, folder: Path) -> dict[str, str]:
    """Put the received bytes of each file into the folder; says where: what `plan_new` wants."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in dossier.files:
        (folder / file.file_id).write_bytes(content_of(file.received_path))
    return {file.file_id: str(folder / file.file_id) for file in dossier.files}


def make_plan(dossier: Dossier | None = None, report: Report = REPORT) -> AipPlan:
    """The plan of a dossier, with sources that nobody reads."""
    dossier = dossier or make_dossier()
    sources = {file.file_id: f"/quarantine/{file.file_id}" for file in dossier.files}
    return plan_new(dossier, sources, report, now=NOW, software=SOFTWARE, organisation=ARCHIVE)


def made_files(plan: AipPlan) -> dict[str, bytes]:
    """The files the plan makes itself, by path."""
    return {
        file.logical_path: file.source.data
        for file in plan.version.files
        if isinstance(file.source, FromBytes)
    }


def write_out(plan: AipPlan, folder: Path, previous: Path | None = None) -> None:
    """The planned state as plain files, as an export of the version would have it."""
    for file in plan.version.files:
        target = folder / file.logical_path
        target.parent.mkdir(parents=True, exist_ok=True)
        match file.source:
            case FromBytes(data):
                target.write_bytes(data)
            case FromPath(path):
                target.write_bytes(Path(path).read_bytes())
            case Kept():
                assert previous is not None
                target.write_bytes((previous / file.logical_path).read_bytes())
