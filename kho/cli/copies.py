"""`kho copies`: the stores, what each lacks, and disks that come and go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import DryRunOption, HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, problem_document, recovered

if TYPE_CHECKING:
    from kho.exits import Exit
    from kho.standing import Standing
    from kho.wiring import Archive
    from preservation.copies import Followed

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The store's name.")]


class StoreKind(StrEnum):
    """What a store is, as the command line takes it."""

    LOCAL = "local"
    NFS = "nfs"
    SMB = "smb"
    OFFLINE = "offline"


def register(app: typer.Typer) -> None:
    """Add the verbs. `kho copies` alone is `kho copies list`."""
    group = typer.Typer(help="The stores: list, add, catch up; disks that come and go.")
    group.callback(invoke_without_command=True)(_alone)
    group.command("list")(verb(list_stores))
    group.command("add")(verb(add))
    group.command("catch-up")(verb(catch_up))
    group.command("attach")(verb(attach))
    group.command("detach")(verb(detach))
    app.add_typer(group, name="copies")


def _alone(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    if context.invoked_subcommand is None:
        verb(list_stores)(home=home, as_json=as_json)


def list_stores(home: HomeOption = None, as_json: JsonOption = False) -> int:
    """Every store: where it is, what it has and lacks, when its disk is due, how old its medium is."""
    from kho import exits, wiring
    from kho.settings import find_home
    from kho.standing import standings

    out = Output(as_json=as_json)
    away = False
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        for one in standings(archive):
            away = away or not (one.available or one.resting)
            documents = [problem_document(problem) for problem in one.problems]
            out.line("store", {**one.as_line(), "problems": documents})
            _tell(out, one)
    return exits.Exit.INCOMPLETE if away else exits.Exit.DONE


def add(
    name: NameArgument,
    path: Annotated[Path, typer.Argument(help="A new folder for it, on a disk of its own.")],
    kind: Annotated[StoreKind, typer.Option(help="What it is on.")] = StoreKind.LOCAL,
    place: Annotated[str, typer.Option(help="Where it stands: a room, a town.")] = "",
    rotation_days: Annotated[
        int | None, typer.Option(min=1, max=1095, help="Offline: attached at least so often.")
    ] = None,
    started: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The medium is in use since.")
    ] = None,
    rated_years: Annotated[
        float | None, typer.Option(min=0.1, max=100, help="The medium's rated life.")
    ] = None,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new, empty store and register it; `kho copies catch-up NAME` fills it."""
    from kho import storing, wiring
    from kho.settings import find_home

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home)) as archive:
        made = storing.add_store(
            archive,
            name,
            path,
            operator=wiring.operator_name(operator),
            kind=kind.value,
            place=place,
            rotation_days=rotation_days,
            started=started.date() if started else None,
            rated_years=rated_years,
        )
        values = made.model_dump(mode="json", exclude_none=True)
        out.line("summary", {"name": name, **values})
        out.say(
            f"Đã lập kho {name} tại {made.path}. Chép hồ sơ vào: `kho copies catch-up {name}`. "
            "Khởi động lại `kho schedule` và `kho serve` nếu đang chạy.",
            f"Made store {name} at {made.path}. Fill it with `kho copies catch-up {name}`. "
            "Start `kho schedule` and `kho serve` again if they run.",
        )


def catch_up(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Else every store.")] = None,
    dry_run: DryRunOption = False,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """Give a store every dossier and version it has not yet."""
    from kho import selecting, wiring
    from kho.interrupt import until_interrupted
    from kho.settings import find_home

    out = Output(as_json=as_json)
    with (
        wiring.open_archive(find_home(home)) as archive,
        until_interrupted() as interrupted,
    ):
        recovered(out, archive.recover())
        who = wiring.operator_name(operator)
        names = selecting.stores(archive, [name] if name else None)
        counts, status = _catch_up(out, archive, names, who, dry_run=dry_run, stop=interrupted)
        out.line("summary", {**counts, "dry_run": dry_run})
        return status


def attach(
    name: NameArgument,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """An offline disk is back: use it again, catch it up, and read every byte of it."""
    from kho import exits, selecting, storing, wiring
    from kho.interrupt import until_interrupted
    from kho.settings import find_home
    from preservation.audit.run import audit

    out = Output(as_json=as_json)
    with (
        wiring.open_archive(find_home(home)) as archive,
        until_interrupted() as interrupted,
    ):
        who = wiring.operator_name(operator)
        selecting.known(archive.stores, [name])
        storing.attach(archive, name, operator=who)
        recovered(out, archive.recover())
        counts, status = _catch_up(out, archive, [name], who, dry_run=False, stop=interrupted)
        if status is exits.Exit.CANCELLED:
            return status
        chosen = selecting.everything(archive, [name])
        with out.progress("audit", len(chosen.copies[name]), "bản sao") as bar:
            summary = audit(
                archive.auditing(),
                chosen,
                operator=who,
                on_result=lambda result: bar.advance(1, result.object_id),
                stop=interrupted,
            )
        out.line("summary", {"name": name, **counts, "run_id": summary.run_id, **summary.totals()})
        out.text(f"{name}: {summary.run_id} {out.sums(summary.sums.as_dict())}")
        if interrupted():
            return exits.Exit.CANCELLED
        judged = exits.of_audit(summary.sums, bool(summary.stores_unavailable))
        return exits.Exit.FOUND if exits.Exit.FOUND in (status, judged) else max(status, judged)


def detach(
    name: NameArgument,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """An offline disk goes back to its cupboard: from now on nothing is written to it."""
    from kho import selecting, storing, wiring
    from kho.settings import find_home

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home)) as archive:
        selecting.known(archive.stores, [name])
        was_there = storing.detach(archive, name, operator=wiring.operator_name(operator))
        until = archive.resting.until(name)
        due = until.date().isoformat() if until else ""
        out.line("summary", {"name": name, "was_there": was_there, "due_back": due})
        if not was_there:
            out.note(
                f"Kho {name} đã không còn ở đó."
                if out.language == "vi"
                else f"Store {name} was gone already."
            )
        out.say(
            f"Có thể tháo {name}. Hẹn gắn lại trước {due or '-'}.",
            f"{name} may be taken out. It is due back by {due or '-'}.",
        )


def _catch_up(
    out: Output,
    archive: Archive,
    names: list[str],
    operator: str,
    *,
    dry_run: bool,
    stop: Callable[[], bool],
) -> tuple[dict[str, int], Exit]:
    from kho import exits
    from preservation import copies
    from repository.errors import Unavailable

    counts = dict.fromkeys(("copied", "planned", "postponed", "failed", "stores_away"), 0)
    services = archive.caring()
    for name in names:
        total = len(copies.behind(archive.catalogue, name))
        try:
            with out.progress(name, total, "hồ sơ") as bar:
                for done in copies.catch_up(
                    services, name, operator=operator, dry_run=dry_run, stop=stop
                ):
                    counts[done.action] += 1
                    show_followed(out, done)
                    bar.advance(1, done.object_id)
        except Unavailable as problem:
            if len(names) == 1:
                raise
            counts["stores_away"] += 1
            out.note(problem.operator)
    out.text(" · ".join(f"{what} {count}" for what, count in counts.items() if count) or "0")
    if stop():
        return counts, exits.Exit.CANCELLED
    if counts["failed"]:
        return counts, exits.Exit.FOUND
    late = counts["postponed"] or counts["stores_away"]
    return counts, exits.Exit.INCOMPLETE if late else exits.Exit.DONE


def follow(out: Output, archive: Archive, operator: str, stop: Callable[[], bool]) -> None:
    """What was just held also goes to the stores that are there without being required."""
    from kho import storing

    for done in storing.follow_where_present(archive, operator=operator, stop=stop):
        if isinstance(done, str):
            out.note(done)
        elif done.problem is not None:
            out.note(f"{done.action}: {done.store} {done.object_id} {dict(done.problem.params)}")


def show_followed(out: Output, done: Followed) -> None:
    """One copy that was behind."""
    problems = [done.problem] if done.problem else []
    out.line(
        "copy",
        {
            "object_id": done.object_id,
            "store": done.store,
            "action": done.action,
            "version": done.version,
            "bytes": done.bytes_written,
            "problems": [problem_document(problem) for problem in problems],
        },
    )
    out.text(f"{done.action:9}  {done.store}  {done.object_id}  {done.version}")
    out.problems(problems)


def _tell(out: Output, one: Standing) -> None:
    vi = out.language == "vi"
    state = "✓" if one.available else ("…" if one.resting else "✗")
    words = [
        f"{one.name}  {one.kind}",
        one.place,
        ("bắt buộc" if vi else "required") if one.required else "",
        f"{'bản sao' if vi else 'copies'} {one.copies}",
        f"{'thiếu' if vi else 'behind'} {one.behind}" if one.behind else "",
        f"{'hỏng' if vi else 'damaged'} {one.damaged}" if one.damaged else "",
        f"{'hẹn gắn lại' if vi else 'due back'} {one.due_back[:10]}" if one.due_back else "",
        f"{'thay trước' if vi else 'replace by'} {one.replace_by}" if one.replace_by else "",
        state,
    ]
    out.text(" · ".join(word for word in words if word))
    out.problems(one.problems)
