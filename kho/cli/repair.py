"""`kho repair`: rebuild damaged or lost copies from bytes proven elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import DryRunOption, HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, problem_document, recovered

if TYPE_CHECKING:
    from kho.wiring import Archive
    from preservation.audit.run import AuditSummary
    from preservation.repair import Repaired


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("repair")(verb(repair))


def repair(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="As audits name them.")],
    copy: Annotated[
        str,
        typer.Option("--copy", help="The store whose copy is to be rebuilt; of an incident: its."),
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded for ever.")] = "",
    dry_run: DryRunOption = False,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """Rebuild copies from proven bytes, keep the damaged ones aside, and audit the result at once.

    An ID is a dossier's or an incident's; `urn:kho:storage-root` names the storage root's own files.
    """
    from kho import exits, selecting, wiring
    from kho.settings import find_home
    from preservation.repair import repair as rebuild_copies

    if not reason.strip():
        raise typer.BadParameter("say why: it is recorded for ever", param_hint="--reason")
    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home)) as archive:
        recovered(out, archive.recover())
        archive.publish()
        wanted, copy = _of_incidents(archive, ids, copy)
        selecting.known(archive.stores, [copy])
        who = wiring.operator_name(operator)
        counts = dict.fromkeys(("intact", "planned", "rebuilt", "refused"), 0)
        done = []
        with out.progress("repair", len(wanted), "bản sao") as bar:
            for one in rebuild_copies(
                archive.caring(), wanted, copy, operator=who, reason=reason, dry_run=dry_run
            ):
                counts[one.action] += 1
                done.append(one)
                _show(out, one)
                bar.advance(1, one.object_id)
        summary: dict[str, object] = {**counts, "dry_run": dry_run}
        if dry_run:
            out.line("summary", summary)
            return exits.Exit.FOUND if counts["refused"] else exits.Exit.DONE
        judged = _audit(archive, [one for one in done if one.action != "refused"], copy, who)
        if judged is None:
            out.line("summary", {**summary, "audit": None})
            return exits.Exit.FOUND
        out.line("summary", {**summary, "audit": {"run_id": judged.run_id, **judged.totals()}})
        out.text(f"{judged.run_id}: {out.sums(judged.sums.as_dict())}")
        if counts["refused"]:
            return exits.Exit.FOUND
        return exits.of_audit(judged.sums, bool(judged.stores_unavailable))


def _of_incidents(archive: Archive, ids: list[str], copy: str) -> tuple[list[str], str]:
    """The objects that are meant, and the one store: an incident names both."""
    from repository.errors import NotFound, Refused

    wanted: dict[str, None] = {}
    stores = {copy} if copy else set()
    for given in ids:
        if not given.startswith("INC-"):
            wanted[given] = None
            continue
        incident = archive.catalogue.incident(given)
        if incident is None:
            raise NotFound(f"There is no incident {given}. `kho incidents` lists them.")
        if not (incident.object_id and incident.store):
            raise Refused(f"{given} is about no copy ({incident.cause}): there is none to rebuild.")
        wanted[incident.object_id] = None
        stores.add(incident.store)
    if not stores:
        raise typer.BadParameter("name the store", param_hint="--copy")
    if len(stores) > 1:
        raise Refused(
            f"These are copies in different stores ({', '.join(sorted(stores))}): repair one store at "
            "a time."
        )
    return list(wanted), stores.pop()


def _audit(
    archive: Archive, done: list[Repaired], store: str, operator: str
) -> AuditSummary | None:
    """Every byte of what was repaired, read again from the medium; None when that is nothing."""
    from preservation.audit.run import Selection, audit
    from repository.store import STORAGE_ROOT

    if not done:
        return None
    ids = [one.object_id for one in done if one.object_id != STORAGE_ROOT]
    chosen = Selection("named", {store: ids}, roots=len(ids) < len(done), note="after a repair")
    return audit(archive.auditing(), chosen, operator=operator)


def _show(out: Output, one: Repaired) -> None:
    documents = [problem_document(problem) for problem in one.problems]
    out.line("copy", {**asdict(one), "problems": documents})
    sources = ", ".join(f"{name} {count}" for name, count in one.sources.items())
    out.text(f"{out.word(one.action):8}  {one.store}  {one.object_id}")
    for line in one.damaged[:20]:
        verdict, _, path = line.partition(" ")
        out.text(f"    {out.word(verdict)} {path}")
    if len(one.damaged) > 20:
        out.text(f"    … {len(one.damaged) - 20}")
    out.problems(one.problems)
    if one.action in ("planned", "rebuilt"):
        out.say(
            f"    {one.files} tệp, {one.bytes} B từ {sources or '-'}",
            f"    {one.files} files, {one.bytes} B from {sources or '-'}",
        )
    if one.kept_aside:
        out.say(
            f"    bản hỏng giữ ở {one.kept_aside}", f"    the damaged copy is in {one.kept_aside}"
        )
