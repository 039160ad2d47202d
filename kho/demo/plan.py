"""Decides what each sample dossier holds, before a byte of it is made.

`plan_dossier` is a pure function of (seed, position, how many there are): dossier 7 of a run of
twelve is planned without planning the first six, so a run of thousands needs the memory of one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from random import Random
from typing import Literal
from uuid import UUID

from kho.demo.chance import seeded
from kho.demo.offices import (
    FONDS,
    PLACES,
    PROVINCE,
    Fonds,
    Office,
    Place,
    commune_committee,
    district_committee,
    draw_place,
)
from kho.demo.people import draw_name
from kho.demo.recipes import Origin, Recipe, draw_recipe
from kho.demo.themes import THEMES, Theme
from kho.demo.wording import KINDS, Matter, Paper, write_paper

Form = Literal["pdf", "docx", "scan-two-layers", "scan-picture", "tiff", "jpeg", "linked"]

VIETNAM = timezone(timedelta(hours=7))


@dataclass(frozen=True)
class Attachment:
    """A file that belongs to a document: an annex as a table or text, or its workflow."""

    suffix: str
    form: Literal["xlsx", "docx", "workflow"]
    title: str


@dataclass(frozen=True)
class DocumentPlan:
    """One text document of a dossier."""

    ordinal: int
    doc_id: str
    paper: Paper
    form: Form
    mode: str
    origin: Literal["01", "02"]
    attachments: tuple[Attachment, ...] = ()
    signed: bool = False
    """Whether the PDF is signed digitally: by its signer, and by the agency where it has a seal."""
    told_by_name: bool = False
    """Whether the name of its file says that it is signed: `….signed.pdf`."""
    linked_to: str = ""
    """The docId, in an earlier dossier of the same fonds, that a `.fetch.txt` names."""


@dataclass(frozen=True)
class PhotoPlan:
    """One photograph of a dossier (EAD_pic)."""

    ordinal: int
    doc_id: str
    title: str
    event: str
    place: str
    taken: date
    photographer: str
    coloured: bool


@dataclass(frozen=True)
class DossierPlan:
    """Everything about one sample dossier but the bytes of its files."""

    name: str
    """Seeds what is drawn while the files are made."""
    uuid: UUID
    fonds: Fonds
    file_code: str
    title: str
    theme: Theme
    mode: str
    origin: Origin
    maintenance: str
    start: date
    end: date
    documents: tuple[DocumentPlan, ...]
    photos: tuple[PhotoPlan, ...]
    paper_file_code: str
    compiler: str
    packed_at: datetime
    transfer_id: str
    scan_dpi: int
    note: str

    @property
    def object_id(self) -> str:
        """METS OBJID of a SIP: `uuid-` and the UUID in upper case (TT 05, annex III)."""
        return f"uuid-{self.uuid}".replace(str(self.uuid), str(self.uuid).upper())


_LINK_TO = 0

_CHAIN: tuple[tuple[str, Literal["applicant", "owner", "superior", "commune"]], ...] = (
    ("TTr", "commune"),
    ("TTr", "applicant"),
    ("GM", "owner"),
    ("BB", "owner"),
    ("BC", "owner"),
    ("QĐ", "superior"),
    ("KH", "applicant"),
    ("CV", "superior"),
    ("TB", "owner"),
)
_SHORT_CHAIN = (1, 5, 3, 4, 7, 6, 8, 0, 2)
"""Which links of the chain a short dossier keeps, the most telling first."""


_SIGNED_KINDS = ("QĐ", "CV", "TB", "KH", "TTr", "BC", "GM", "BB")
_FIRST_YEAR_OF_SIGNED_NAMES = 2020


def plan_dossier(seed: int, index: int, total: int) -> DossierPlan:
    """The dossier at this position (from 0) of a run of `total`; the same for the same arguments."""
    rng = _random(seed, f"dossier/{index}")
    recipe = draw_recipe(rng, index, total)
    plan = _plan(rng, seed, f"{seed}/{index}", recipe)
    if recipe.link:
        plan = _link_last_document(plan, plan_dossier(seed, _LINK_TO, total))
    return plan


def plan_small(seed: int, name: str, theme: str, serial: int) -> DossierPlan:
    """A small sound dossier outside the run, for the faults to be put into."""
    recipe = Recipe(theme, 2017 + serial % 6, 3, name, serial=serial)
    return _plan(_random(seed, name), seed, f"{seed}/{name}", recipe)


def _random(seed: int, name: str) -> Random:
    return seeded(f"kho-demo/{seed}/{name}")


def _plan(rng: Random, seed: int, name: str, recipe: Recipe) -> DossierPlan:
    theme = THEMES[recipe.theme]
    fonds = FONDS[theme.fonds]
    place = draw_place(rng) if recipe.place is None else PLACES[recipe.place]
    thing = rng.choice(theme.objects) if recipe.object is None else theme.objects[recipe.object]
    file_code = f"{_agency_code(fonds, recipe.year)}.{recipe.year}.{recipe.serial:02d}"
    mode = recipe.mode or ("02" if theme.conditional else "01")
    title = theme.dossier.format(object=thing, place=place.full, district=place.district)
    documents = _plan_documents(rng, recipe, theme, fonds, place, thing, file_code, mode)
    photos = _plan_photos(rng, recipe, title, place, documents, file_code)
    days = [d.paper.issued for d in documents] + [p.taken for p in photos]
    packed = datetime(2026, 1, 5, 8, 0, tzinfo=VIETNAM) + timedelta(
        days=rng.randrange(280), seconds=rng.randrange(8 * 3600)
    )
    return DossierPlan(
        name=name,
        uuid=UUID(int=seeded(f"{name}/uuid").getrandbits(128), version=4),
        fonds=fonds,
        file_code=file_code,
        title=f"Hồ sơ {title}, năm {recipe.year}",
        theme=theme,
        mode=mode,
        origin=recipe.origin,
        maintenance="01",
        start=min(days),
        end=max(days),
        documents=documents,
        photos=photos,
        paper_file_code=(
            ""
            if recipe.origin == "01"
            else f"{fonds.paper_prefix}/H{rng.randrange(10, 240):03d}.{rng.randrange(100, 2400)}"
        ),
        compiler=draw_name(rng),
        packed_at=packed,
        transfer_id=f"NL-{packed.year}-{rng.randrange(10000, 99999)}",
        scan_dpi=recipe.scan_dpi,
        note=recipe.note,
    )


def _agency_code(fonds: Fonds, year: int) -> str:
    """The code in force when the dossier was opened: the order was turned round in 2020."""
    if year >= 2020:
        return fonds.agency_code
    level_2 = fonds.agency_code.partition(".")[2] or "00"
    return f"000.00.{level_2}.H27"


def _plan_documents(
    rng: Random,
    recipe: Recipe,
    theme: Theme,
    fonds: Fonds,
    place: Place,
    thing: str,
    file_code: str,
    mode: str,
) -> tuple[DocumentPlan, ...]:
    steps = _steps(recipe.documents)
    days = _working_days(rng, recipe.year, len(steps))
    signers: dict[tuple[str, bool], str] = {}
    numbers: dict[tuple[str, str], int] = {}
    documents = []
    for ordinal, ((short, role), day) in enumerate(zip(steps, days, strict=True), start=1):
        # A dossier of many documents goes round the communes, one round of the chain for each.
        here = _place_of_round(place, (ordinal - 1) // len(_CHAIN), recipe.documents)
        matter = _matter(theme, here, thing)
        office = _office(role, fonds, here)
        deputy = rng.random() < 0.4
        signer = signers.setdefault((office.name, deputy), draw_name(rng))
        number = numbers.get((office.name, short), rng.randrange(8, 60)) + rng.randrange(3, 90)
        numbers[office.name, short] = number
        paper = write_paper(rng, matter, KINDS[short], office, number, day, signer, deputy=deputy)
        documents.append(
            DocumentPlan(
                ordinal=ordinal,
                doc_id=f"{file_code}.{ordinal}",
                paper=paper,
                form="pdf",
                mode=mode,
                origin="01",
            )
        )
    return tuple(_give_signatures(recipe, _give_forms(rng, recipe, documents)))


def _steps(count: int) -> list[tuple[str, Literal["applicant", "owner", "superior", "commune"]]]:
    if count >= len(_CHAIN):
        return [_CHAIN[n % len(_CHAIN)] for n in range(count)]
    return [_CHAIN[n] for n in sorted(_SHORT_CHAIN[:count])]


def _place_of_round(place: Place, turn: int, documents: int) -> Place:
    if documents <= len(_CHAIN):
        return place
    return PLACES[(PLACES.index(place) + turn) % len(PLACES)]


def _matter(theme: Theme, place: Place, thing: str) -> Matter:
    where = f"huyện {place.district}" if theme.district_wide else place.full
    return Matter(
        theme=theme,
        phrase=theme.matter.format(object=thing, place=where, district=place.district),
        object=thing,
        place=where,
        superior=PROVINCE,
        applicant=district_committee(place),
    )


def _office(role: str, fonds: Fonds, place: Place) -> Office:
    match role:
        case "superior":
            return PROVINCE
        case "owner":
            return fonds.office
        case "commune":
            return commune_committee(place)
        case _:
            return district_committee(place)


def _working_days(rng: Random, year: int, count: int) -> list[date]:
    first = date(year, 2, 10)
    days = sorted(rng.randrange(300) for _ in range(count))
    found = [first + timedelta(days=day) for day in days]
    return [day - timedelta(days=max(0, day.weekday() - 4)) for day in found]


def _give_forms(rng: Random, recipe: Recipe, documents: list[DocumentPlan]) -> list[DocumentPlan]:
    """Which of the documents are scans, Word files and pictures, and what is attached to which."""
    word_left, pictures_left, attach_left = (
        recipe.word_files,
        recipe.loose_pictures,
        int(recipe.attachments),
    )
    given = []
    for document in documents:
        scanned = recipe.origin == "02" or (recipe.origin == "03" and document.ordinal <= 2)
        if scanned:
            form: Form = "scan-two-layers" if document.ordinal % 2 else "scan-picture"
            if pictures_left and document.ordinal > len(documents) - recipe.loose_pictures:
                pictures_left -= 1
                form = "tiff" if pictures_left % 2 else "jpeg"
            document = replace(document, form=form, origin="02")
        elif word_left and document.paper.kind.short in ("KH", "BC", "BB"):
            word_left -= 1
            document = replace(document, form="docx")
        elif attach_left and document.paper.kind.short in ("QĐ", "BC", "TTr"):
            attach_left -= 1
            document = replace(document, attachments=_attachments(document, attach_left))
        given.append(document)
    return given


def _give_signatures(recipe: Recipe, documents: list[DocumentPlan]) -> list[DocumentPlan]:
    """Which PDFs are signed: decisions first, then what goes out, the earliest first."""
    able = [d for d in documents if d.form == "pdf" and d.paper.kind.short in _SIGNED_KINDS]
    able.sort(key=lambda d: _SIGNED_KINDS.index(d.paper.kind.short))
    chosen = {document.ordinal for document in able[: recipe.signed]}
    told = recipe.year >= _FIRST_YEAR_OF_SIGNED_NAMES
    return [
        replace(d, signed=True, told_by_name=told) if d.ordinal in chosen else d for d in documents
    ]


def _attachments(document: DocumentPlan, left: int) -> tuple[Attachment, ...]:
    reference = document.paper.reference
    table = Attachment("PL1", "xlsx", f"Phụ lục 1 kèm theo văn bản số {reference}")
    workflow = Attachment("QTXL", "workflow", f"Quy trình xử lý văn bản số {reference}")
    letter = Attachment("PL2", "docx", f"Phụ lục 2 kèm theo văn bản số {reference}")
    return (table, workflow) if left % 2 == 0 else (table, letter)


def _plan_photos(
    rng: Random,
    recipe: Recipe,
    title: str,
    place: Place,
    documents: tuple[DocumentPlan, ...],
    file_code: str,
) -> tuple[PhotoPlan, ...]:
    scenes = ("Kiểm tra thực địa", "Toàn cảnh khu vực", "Đoàn công tác làm việc tại hiện trường")
    photographer = draw_name(rng)
    return tuple(
        PhotoPlan(
            ordinal=len(documents) + n + 1,
            doc_id=f"{file_code}.{len(documents) + n + 1}",
            title=f"{scenes[n % len(scenes)]} tại {place.full}",
            event=title[:1].upper() + title[1:],
            place=f"X{place.full[1:]}, tỉnh Hà Tĩnh",
            taken=documents[n % len(documents)].paper.issued,
            photographer=photographer,
            coloured=recipe.year >= 1998,
        )
        for n in range(recipe.photos)
    )


def _link_last_document(plan: DossierPlan, earlier: DossierPlan) -> DossierPlan:
    """Replace the last document by a link to a decision held in an earlier dossier of the fonds."""
    held = next(d for d in earlier.documents if d.paper.kind.short == "QĐ")
    last = plan.documents[-1]
    linked = replace(last, paper=held.paper, form="linked", signed=False, linked_to=held.doc_id)
    documents = (*plan.documents[:-1], linked)
    days = [d.paper.issued for d in documents]
    return replace(plan, documents=documents, start=min(days), end=max(days))
