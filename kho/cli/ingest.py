"""`kho ingest`: receive transfers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.copies import follow
from kho.cli.failing import verb
from kho.cli.options import DryRunOption, HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, ledger_behind, problem_document, recovered

if TYPE_CHECKING:
    from ingest.judging import IngestResult
    from preservation.package.plan import AipPlan
    from repository.errors import ArchiveError


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("ingest")(verb(ingest))


def ingest(
    transfers: Annotated[list[Path], typer.Argument(help="SIP_hoso ZIPs, or folders of them.")],
    home: HomeOption = None,
    operator: OperatorOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> int:
    """Receive transfers: check each one, and hold what has no error in every store."""
    from ingest import pipeline
    from kho import exits, intake, wiring
    from kho.interrupt import until_interrupted
    from kho.settings import find_home
    from repository.errors import ArchiveError

    out = Output(as_json=as_json)
    sources = intake.expand(transfers)
    counts = {"accepted": 0, "refused": 0, "awaiting-decision": 0, "failed": 0}
    with (
        wiring.open_archive(find_home(home)) as archive,
        intake.services(archive) as services,
        until_interrupted() as interrupted,
        out.progress("ingest", len(sources), "hồ sơ") as bar,
    ):
        recovered(out, archive.recover())
        who = wiring.operator_name(operator)
        for source in sources:
            if interrupted():
                break
            bar.advance(0, source.name)
            try:
                result = pipeline.ingest(services, source, operator=who, dry_run=dry_run)
            except ArchiveError as failure:
                if len(sources) == 1:
                    raise
                # One transfer that fails must not keep the others from being received.
                counts["failed"] += 1
                failed(out, source, failure)
                bar.advance(1)
                continue
            counts[result.verdict] += 1
            show(out, result)
            bar.advance(1)
        if not dry_run:
            follow(out, archive, who, interrupted)
        ledger_behind(out, archive.ledger_behind)
    out.line("summary", {"dossiers": sum(counts.values()), **counts, "dry_run": dry_run})
    out.say(
        f"Nhận {counts['accepted']} · từ chối {counts['refused']} · chờ quyết định "
        f"{counts['awaiting-decision']} · lỗi {counts['failed']}",
        f"accepted {counts['accepted']} · refused {counts['refused']} · awaiting a decision "
        f"{counts['awaiting-decision']} · failed {counts['failed']}",
    )
    if interrupted():
        return exits.Exit.CANCELLED
    if counts["failed"]:
        return exits.Exit.FAILURE
    return exits.Exit.FOUND if counts["refused"] else exits.Exit.DONE


def show(out: Output, result: IngestResult) -> None:
    """One transfer's result, for a program or a person."""
    plan = result.plan
    out.line(
        "dossier",
        {
            "source": result.source,
            "transfer_id": result.transfer_id,
            "object_id": result.object_id,
            "title": result.title,
            "verdict": result.verdict,
            "problems": [problem_document(problem) for problem in result.report],
            **({"plan": _plan_document(plan)} if plan else {}),
        },
    )
    vi = {"accepted": "NHẬN", "refused": "TỪ CHỐI", "awaiting-decision": "CHỜ QUYẾT ĐỊNH"}
    word = vi[result.verdict] if out.language == "vi" else result.verdict.upper()
    out.text(f"{word}  {result.source}  {result.title}")
    if result.object_id:
        out.text(f"  {result.object_id}")
    out.problems(result.report.problems)
    if plan:
        for file in plan.version.files:
            out.text(f"  + {file.logical_path}  {file.size}")


def failed(out: Output, source: Path, failure: ArchiveError) -> None:
    """One transfer of several that could not be judged or received: told, and the next one taken."""
    kind = type(failure).__name__
    out.line("error", {"source": source.name, "error": kind, "message": failure.operator})
    out.note(f"{source.name}: {failure.operator}")


def _plan_document(plan: AipPlan) -> dict[str, object]:
    return {
        "object_id": plan.version.object_id,
        "profile": plan.profile,
        "files": [
            {"path": file.logical_path, "size": file.size, "sha512": file.sha512}
            for file in plan.version.files
        ],
    }
