"""`kho check`: the intake rules with no archive, for the sending agency."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer

from kho.cli.failing import verb
from kho.cli.options import FondsOption, JsonOption, MappingOption
from kho.cli.output import Output, write_page


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("check")(verb(check))


def check(
    transfers: Annotated[
        list[Path],
        typer.Argument(help="SIP_hoso ZIPs, bags, lists with their files, or folders of these."),
    ],
    mapping: MappingOption = None,
    fonds: FondsOption = "",
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Also as one page, for the office to read and print."),
    ] = None,
    lang: Annotated[
        Literal["vi", "en"], typer.Option("--lang", help="The page's language.")
    ] = "vi",
    as_json: JsonOption = False,
) -> int:
    """Judge transfers by the archive's own rules before sending them. Nothing is kept."""
    from ingest.judging import judge
    from kho import exits, intake
    from kho.cli.ingest import failed, show, stranger
    from kho.mapping_files import mappings_for
    from kho.papers import Checked, check_paper
    from kho.wiring import software
    from repository.clock import SystemClock
    from repository.errors import ArchiveError

    out = Output(as_json=as_json)
    counts = {"accepted": 0, "refused": 0, "failed": 0}
    sources = intake.expand(
        transfers,
        mappings=mappings_for(None, mapping or ()),
        fonds=fonds,
        told=lambda name, problem: stranger(out, name, problem),
    )
    checked: list[Checked] = []
    with (
        intake.gathering_without_archive() as gatherer,
        out.progress("check", len(sources), "hồ sơ") as bar,
    ):
        for source in sources:
            try:
                with tempfile.TemporaryDirectory(prefix="kho-check-") as folder:
                    result = judge(
                        source,
                        Path(folder),
                        held=None,  # a sending office has no archive to ask; the report says so
                        now=SystemClock().now(),
                        gatherer=gatherer,
                    )
            except ArchiveError as failure:
                if len(sources) == 1:
                    raise
                counts["failed"] += 1
                checked.append(Checked(source.name, "", "", "failed", failure=failure.operator))
                failed(out, source, failure)
                bar.advance(1, source.name)
                continue
            counts[result.verdict] += 1
            checked.append(
                Checked(
                    result.source,
                    result.title,
                    result.object_id,
                    result.verdict,
                    result.report.problems,
                )
            )
            show(out, result)
            bar.advance(1, source.name)
    if html is not None:
        now = SystemClock().now()
        write_page(html, check_paper(checked, now=now, software=software(), lang=lang))
    out.line("summary", {"dossiers": len(sources), **counts})
    out.say(
        f"Đạt {counts['accepted']} · không đạt {counts['refused']} · lỗi {counts['failed']}",
        f"would be accepted {counts['accepted']} · would be refused {counts['refused']} · "
        f"failed {counts['failed']}",
    )
    if counts["failed"]:
        return exits.Exit.FAILURE
    return exits.Exit.FOUND if counts["refused"] else exits.Exit.DONE
