"""`kho transfer register/expect/expected/report`: what agencies announce, and what of it came."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, problem_document, write_page

if TYPE_CHECKING:
    from repository.catalogue.records import RegistrationRecord

LevelOption = Annotated[
    Literal["province", "commune", "other"], typer.Option("--level", help="The agency's level.")
]


def add_to(group: typer.Typer) -> None:
    """Add the verbs to `kho transfer`."""
    group.command("register")(verb(register_transfer))
    group.command("expect")(verb(expect))
    group.command("expected")(verb(expected))
    group.command("report")(verb(report))


def register_transfer(
    agency: Annotated[str, typer.Option("--agency", help="The agency's name.")],
    fonds: Annotated[str, typer.Option("--fonds", help="Its fonds (mã phông).")],
    year: Annotated[int, typer.Option("--year", min=1800, max=2200, help="The dossiers' year.")],
    dossiers: Annotated[int, typer.Option("--dossiers", min=0, help="How many it announces.")] = 0,
    level: LevelOption = "province",
    code: Annotated[str, typer.Option("--code", help="The agency's code (mã định danh).")] = "",
    expected_by: Annotated[
        datetime | None, typer.Option("--by", formats=["%Y-%m-%d"], help="When it is to come.")
    ] = None,
    registration_id: Annotated[
        str | None, typer.Option("--id", help="Mã đăng ký; else made of fonds and year.")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Anything to remember.")] = "",
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register what an agency announces before it comes. Given again, it replaces the first."""
    from ingest.announcing import register as record
    from kho import intake, wiring
    from kho.settings import find_home
    from repository.catalogue.records import RegistrationRecord
    from repository.clock import utc_text

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home)) as archive:
        who = wiring.operator_name(operator)
        made = RegistrationRecord(
            registration_id=registration_id or f"{fonds}-{year}",
            agency_code=code,
            agency_name=agency,
            level=level,
            fonds_code=fonds,
            year=year,
            announced=dossiers,
            expected_by=expected_by.date().isoformat() if expected_by else "",
            registered_at=utc_text(archive.clock.now()),
            registered_by=who,
            note=note,
        )
        # A list that came before stays: only its words change.
        before = archive.catalogue.registration(made.registration_id)
        rows = archive.catalogue.listed(made.registration_id) if before else ()
        if before is not None and rows:
            made = replace(
                made,
                announced=len(rows),
                source=before.source,
                source_sha256=before.source_sha256,
            )
        record(intake.announcing(archive), made, rows, operator=who)
    _show_registration(out, made)


def expect(
    lists: Annotated[
        Path, typer.Argument(metavar="LIST", help="The year's file list, CSV or XLSX.")
    ],
    agency: Annotated[str, typer.Option("--agency", help="The agency's name.")],
    fonds: Annotated[str, typer.Option("--fonds", help="Its fonds (mã phông).")],
    year: Annotated[int, typer.Option("--year", min=1800, max=2200, help="The list's year.")],
    level: LevelOption = "province",
    code: Annotated[str, typer.Option("--code", help="The agency's code (mã định danh).")] = "",
    registration_id: Annotated[
        str | None, typer.Option("--id", help="Mã đăng ký; else made of fonds and year.")
    ] = None,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """Take over an agency's file list of a year: what is expected, to be held against what comes."""
    from ingest.announcing import register as record
    from ingest.container import recorded_name
    from ingest.expected_lists import MAX_BYTES, read_expected_list
    from kho import exits, intake, wiring
    from kho.settings import find_home
    from repository.catalogue.records import RegistrationRecord
    from repository.clock import utc_text
    from repository.digest import digest_bytes
    from repository.errors import NotFound, Unavailable

    out = Output(as_json=as_json)
    identity = registration_id or f"{fonds}-{year}"
    try:
        with lists.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as problem:
        raise NotFound(f"There is no {lists}.") from problem
    except OSError as problem:
        raise Unavailable(f"{lists} cannot be read: {problem.strerror}.") from problem
    read = read_expected_list(data, recorded_name(lists), identity)
    problems = [problem_document(problem) for problem in read.report]
    if read.report.has_errors:
        out.line("summary", {"registration_id": identity, "dossiers": 0, "problems": problems})
        out.problems(read.report.problems)
        return exits.Exit.FOUND
    with wiring.open_archive(find_home(home)) as archive:
        who = wiring.operator_name(operator)
        before = archive.catalogue.registration(identity)
        made = RegistrationRecord(
            registration_id=identity,
            agency_code=code or (before.agency_code if before else ""),
            agency_name=agency,
            level=level,
            fonds_code=fonds,
            year=year,
            announced=len(read.rows),
            expected_by=before.expected_by if before else "",
            registered_at=utc_text(archive.clock.now()),
            registered_by=who,
            source=recorded_name(lists),
            source_sha256=digest_bytes(data, ["sha256"])["sha256"],
            note=before.note if before else "",
        )
        record(intake.announcing(archive), made, read.rows, operator=who)
    out.problems(read.report.problems)
    out.line(
        "summary", {"registration_id": identity, "dossiers": len(read.rows), "problems": problems}
    )
    out.say(
        f"{identity}: {len(read.rows)} hồ sơ trong danh mục",
        f"{identity}: {len(read.rows)} dossiers in the list",
    )
    return exits.Exit.DONE


def expected(
    registration_id: Annotated[str, typer.Argument(metavar="REGISTRATION")],
    only_missing: Annotated[
        bool, typer.Option("--missing", help="Only what has not come or was not taken.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """One file list against what came: held, waiting, refused, returned, not come, and unlisted."""
    from kho import exits, wiring
    from kho.settings import find_home
    from repository.errors import NotFound

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        one = archive.catalogue.registration(registration_id)
        if one is None:
            raise NotFound(
                f"No registration {registration_id}. `kho transfer list --state registered` shows."
            )
        counts: dict[str, int] = {}
        for outcome in archive.catalogue.outcomes(one):
            counts[outcome.state] = counts.get(outcome.state, 0) + 1
            if only_missing and outcome.state == "held":
                continue
            listed = asdict(outcome.listed)
            del listed["registration_id"]
            out.line(
                "listed",
                {
                    **listed,
                    "state": outcome.state,
                    "object_id": outcome.object_id,
                    "transfer_id": outcome.transfer_id,
                },
            )
            out.text(f"{outcome.state:18}  {outcome.listed.file_code}  {outcome.listed.title}")
        unlisted = archive.catalogue.unlisted(one.fonds_code, one.year)
        for held in unlisted:
            out.line("unlisted", {"object_id": held.object_id, "file_code": held.file_code})
            out.text(f"{'unlisted':18}  {held.file_code}  {held.title}")
        out.line(
            "summary", {"registration_id": registration_id, **counts, "unlisted": len(unlisted)}
        )
        return exits.Exit.FOUND if set(counts) - {"held"} else exits.Exit.DONE


def report(
    year: Annotated[
        int | None, typer.Option(help="Of one year; else of all.", min=1800, max=2200)
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Also as a page to print.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Announced against received by agency, level and year, beside the province's targets."""
    from ingest.transfer_report import report as make
    from kho import intake, wiring
    from kho.papers import report_paper
    from kho.settings import find_home

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        made = make(archive.catalogue, year, intake.targets(archive))
        if html is not None:
            now = archive.clock.now()
            page = report_paper(made, archive.settings.archive, now=now, lang=out.language)
            write_page(html, page)
    if as_json:
        out.document(asdict(made))
        return
    for line in made.levels:
        out.text(
            f"{line.level:10} {line.announced:>7}  e {_percent(line.electronic_share)} / "
            f"{_percent(line.target)}  held {line.held} ({_percent(line.held_share)})  "
            f"not come {line.not_come}"
        )
    for one in made.agencies:
        name = one.registration
        out.text(
            f"{name.year}  {name.agency_name}  {one.announced}  e {_percent(one.electronic_share)}  "
            f"held {one.held}  waiting {one.waiting}  refused {one.refused}  "
            f"returned {one.returned}  not come {one.not_come}  unlisted {one.unlisted}"
        )
    if not made.agencies:
        out.say(
            "Chưa có đăng ký nào. `kho transfer register` hoặc `kho transfer expect` để ghi.",
            "Nothing was announced. `kho transfer register` or `kho transfer expect` records it.",
        )


def _show_registration(out: Output, one: RegistrationRecord) -> None:
    if out.as_json:
        out.document(asdict(one))
        return
    out.text(f"{one.registration_id}  {one.year}  {one.agency_name}  {one.announced}")


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:g} %"
