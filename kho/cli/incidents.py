"""`kho incidents`: what is wrong, how far its care has come, and what people say of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, problem_document, recovered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from preservation.incidents.following import IncidentServices
    from repository.catalogue.records import IncidentRecord

IncidentArgument = Annotated[str, typer.Argument(metavar="ID", help="As `kho incidents` names it.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="It is recorded for ever.")]


def register(app: typer.Typer) -> None:
    """Add the verbs. `kho incidents` alone is `kho incidents list`."""
    group = typer.Typer(help="What is wrong: list, show, explain, close.")
    group.callback(invoke_without_command=True)(_alone)
    group.command("list")(verb(list_incidents))
    group.command("show")(verb(show))
    group.command("explain")(verb(explain))
    group.command("close")(verb(close))
    app.add_typer(group, name="incidents")


def _alone(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    if context.invoked_subcommand is None:
        verb(list_incidents)(home=home, as_json=as_json)


def list_incidents(
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Every open incident, last opened first. Exit 3 while one is neither mended nor explained."""
    from kho import exits, wiring
    from kho.settings import find_home
    from preservation.incidents.incident import UNANSWERED

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        found = archive.catalogue.incidents(only_open=not everything)
        for one in found:
            out.line("incident", document(one))
            _tell(out, one)
        counts = dict(archive.catalogue.incident_counts())
        waiting = sum(counts.get(state.value, 0) for state in UNANSWERED)
        open_ = sum(count for state, count in counts.items() if state != "closed")
        out.line("summary", {"open": open_, "waiting": waiting, "states": counts})
        if not found:
            out.say("Không có sự cố nào đang mở.", "No open incident.")
    return exits.Exit.FOUND if waiting else exits.Exit.DONE


def show(
    incident_id: IncidentArgument, home: HomeOption = None, as_json: JsonOption = False
) -> int:
    """One incident: what was found, what it looks like, what was done about it and by whom."""
    from kho import wiring
    from kho.settings import find_home
    from preservation.incidents.following import events_of
    from repository.errors import NotFound

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        incident = archive.catalogue.incident(incident_id)
        if incident is None:
            raise NotFound(f"There is no incident {incident_id}. `kho incidents` lists them.")
        events = events_of(archive.catalogue, incident)
        if as_json:
            told = [
                {"at": e.at, "type": e.type, "agent": e.agent, "event_id": e.event_id}
                for e in events
            ]
            out.document({**document(incident), "events": told})
            return 0
        _tell(out, incident)
        for file in incident.detail.get("files", ()):
            verdict, why = out.word(str(file["verdict"])), out.words(str(file["reason"]))
            out.text(f"    {verdict:10} {file['path']}  {why}".rstrip())
        if "diagnosis" in incident.detail:
            told = incident.detail["diagnosis"]
            kind, seen = str(told.get("kind", "")), str(told.get("detail", ""))
            out.text(f"    → {out.word(kind)}: {out.words(seen)}")
        for event in events:
            said = event.detail["incident"].get("reason", "")
            out.text(f"  {event.at}  {out.word(event.type)}  {event.agent}  {said}".rstrip())
    return 0


def explain(
    incident_id: IncidentArgument,
    reason: ReasonOption,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """Record what a person found out about an incident."""
    from preservation.incidents import answering

    return _answer(answering.explain, incident_id, reason, home, operator, as_json=as_json)


def close(
    incident_id: IncidentArgument,
    reason: ReasonOption,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """End an incident that was repaired and audited intact, or explained."""
    from preservation.incidents import answering

    return _answer(answering.close, incident_id, reason, home, operator, as_json=as_json)


def _answer(
    act: Callable[..., IncidentRecord],
    incident_id: str,
    reason: str,
    home: Path | None,
    operator: str | None,
    *,
    as_json: bool,
) -> int:
    from kho import wiring
    from kho.settings import find_home

    if not reason.strip():
        raise typer.BadParameter("say why: it is recorded for ever", param_hint="--reason")
    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home)) as archive:
        recovered(out, archive.recover())
        services: IncidentServices = archive.incidents()
        incident = act(services, incident_id, by=wiring.operator_name(operator), reason=reason)
        archive.publish()
        if as_json:
            out.document(document(incident))
        else:
            _tell(out, incident)
    return 0


def document(incident: IncidentRecord) -> dict[str, object]:
    """An incident as programs see it."""
    from preservation.incidents.incident import as_problem

    return {**asdict(incident), "problem": problem_document(as_problem(incident))}


def _tell(out: Output, one: IncidentRecord) -> None:
    from preservation.incidents.incident import as_problem
    from preservation.incidents.telling import told

    problem = as_problem(one)
    mark = {"error": "✗", "warning": "!", "info": "·"}[problem.severity.value]
    if one.state == "closed":
        mark = "✓"
    out.text(
        f"{mark} {one.incident_id}  {out.word(one.state):9}  {one.opened_at}  ×{one.seen_count}"
    )
    out.text(f"    {told(one, out.language)}")
    if one.reason:
        out.text(f"    {one.by}: {one.reason}")
