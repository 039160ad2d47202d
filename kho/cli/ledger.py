"""`kho ledger`: the journal of everything that happened, and the evidence made of it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kho.cli.failing import verb
from kho.cli.ledger_in_vietnamese import ledger_in_vietnamese
from kho.cli.options import HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output

if TYPE_CHECKING:
    from preservation.ledger.comparing import LedgerState
    from preservation.ledger.verifying import Outside

_MOST_FILE = 1024 * 1024


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(no_args_is_help=True, help="The ledger: where it ends, and its evidence.")
    group.command("head")(verb(head))
    group.command("prove")(verb(prove))
    group.command("verify")(verb(verify))
    group.command("anchor")(verb(anchor))
    group.command("rotate-key")(verb(rotate_key))
    app.add_typer(group, name="ledger")


def head(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Where the ledger ends, and its newest checkpoint, to be written down elsewhere."""
    from kho.settings import find_home
    from preservation.ledger.journal import Journal
    from preservation.ledger.kept import KeptCheckpoints
    from preservation.ledger.register import register_line
    from preservation.ledger.signing import key_of_last

    folder = find_home(home) / "ledger"
    end = Journal(folder).head()
    kept = KeptCheckpoints(folder).last()
    out = Output(as_json=as_json)
    said: dict[str, Any] = {"sequence": end.seq, "hash": end.hash, "signed": None}
    key = ""
    if kept is not None:
        key = key_of_last(folder)
        said["signed"] = {
            "size": kept.signed.size,
            "root": kept.signed.root.hex(),
            "at": kept.at,
            "origin": kept.signed.checkpoint.origin,
            "checkpoint": kept.signed.note,
            "line": register_line(kept.signed.checkpoint),
            "key": key,
        }
    if as_json:
        out.document(said)
    out.text(f"{end.seq} {end.hash}")
    if kept is None:
        out.say(
            "Sổ cái chưa được ký; lệnh ghi tiếp theo sẽ ký.",
            "The ledger is not signed yet; the next command that writes begins with it.",
        )
        return
    out.text()
    for line in kept.signed.note.rstrip("\n").split("\n"):
        out.text(line)
    out.text()
    out.say("Dòng để chép vào sổ giấy:", "The line for a paper register:")
    out.text(register_line(kept.signed.checkpoint))
    out.text()
    out.say("Khoá của sổ cái, để giữ ở nơi khác:", "The ledger's key, to be kept elsewhere:")
    out.text(key)


def prove(
    what: Annotated[
        list[str],
        typer.Argument(help="An object's id, an event's id or number; or the sizes OLD [NEW]."),
    ],
    consistency: Annotated[
        bool, typer.Option("--consistency", help="That checkpoint NEW goes on from OLD.")
    ] = False,
    to: Annotated[Path | None, typer.Option("--to", help="Write it into this new file.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """A proof that stands by itself: one JSON document, checked by `kho_verify.py` or by hand."""
    from kho.settings import find_home
    from preservation.ledger.chain import canonical
    from preservation.ledger.sequencer import sequencing
    from preservation.ledger.signing import make_tree_of
    from preservation.ledger.tiles import TreeIncomplete

    place = find_home(home)
    out = Output(as_json=as_json)
    try:
        found = _proof(place, what, consistency=consistency)
    except TreeIncomplete as missing:
        out.note(missing.operator)
        with sequencing(place / "ledger"):
            make_tree_of(place / "ledger")
        found = _proof(place, what, consistency=consistency)
    if to is None:
        out.document(found)
        return
    from repository.durable import write_new

    write_new(to, canonical(found) + b"\n", 0o644)
    size = found.get("size")
    if as_json:
        out.document({"file": str(to), "format": found["format"], "size": size})
    out.text(str(to))


def verify(
    copy: Annotated[
        list[str] | None, typer.Option("--copy", help="Only this store; may be given again.")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint", help="A file with a checkpoint or register line kept elsewhere."
        ),
    ] = None,
    line: Annotated[
        list[str] | None, typer.Option("--line", help="A line of a paper register: KHO1-…")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", help="A verifier key kept elsewhere: NAME+ID+BASE64."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Prove the whole chain, tree, checkpoints and anchors, and every store's copy against them."""
    from kho import exits, selecting, wiring
    from kho.settings import find_home, read_settings
    from preservation.ledger.comparing import verify_ledger
    from preservation.ledger.timestamps import StampJudge
    from preservation.signatures.trust import read_trust
    from repository.catalogue.catalogue import open_catalogue
    from repository.errors import ArchiveError

    out = Output(as_json=as_json)
    place = wiring.Home(find_home(home))
    outside = _outside(checkpoint or [], line or [])
    stores = wiring.open_stores(place, read_settings(place.path))
    names = selecting.known(stores, copy or []) or list(stores)
    with ExitStack() as stack:
        catalogue = None
        try:
            catalogue = stack.enter_context(open_catalogue(place.catalogue, read_only=True))
        except ArchiveError as problem:
            out.note(f"{problem.operator} The ledger is judged without it.")
        found = verify_ledger(
            place.folder("ledger"),
            [stores[name] for name in names],
            catalogue,
            outside=outside,
            known_keys=[one.strip() for one in key or ()],
            judge=StampJudge(read_trust(place.folder("trust"))),
        )
    _tell(out, found)
    if found.damaged:
        return exits.Exit.FOUND
    return exits.Exit.DONE if found.complete and catalogue is not None else exits.Exit.INCOMPLETE


def anchor(
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only `rfc3161` or only `mail`.")
    ] = None,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show the newest checkpoint to a time-stamping authority and to another office."""
    from kho import anchoring, exits, wiring
    from kho.settings import find_home

    out = Output(as_json=as_json)
    kinds = anchoring.known_kinds(kind or [])
    with wiring.open_archive(find_home(home)) as archive:
        done = anchoring.anchor(archive, kinds, wiring.operator_name(operator))
    for one in done.anchors:
        out.line("anchor", {"kind": one.kind, "target": one.target, "size": one.size})
        out.text(f"{one.kind} {one.size} {one.target} {one.time}".rstrip())
    for failure in done.failed:
        out.note(failure.operator)
    reasons = [failure.operator for failure in done.failed]
    out.line(
        "summary", {"size": done.signed.size, "anchored": len(done.anchors), "failed": reasons}
    )
    return exits.Exit.FAILURE if done.failed else exits.Exit.DONE


def rotate_key(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the ledger for ever.")],
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a new key sign from here on; the old one signs for it."""
    from kho import wiring
    from kho.settings import find_home
    from preservation.ledger.sequencer import Rotation
    from repository.errors import Refused

    if not reason.strip():
        raise Refused("A reason is needed: --reason TEXT.")
    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home)) as archive:
        rotation = Rotation(wiring.operator_name(operator), reason.strip())
        done = archive.publish_ledger(rotation)
    if as_json:
        out.document({"told": list(done.told), "size": done.signed.size})
    for told in done.told:
        out.say(ledger_in_vietnamese(told), told)


def _proof(home: Path, what: list[str], *, consistency: bool) -> dict[str, Any]:
    from kho import wiring
    from preservation.ledger.proving import Prover
    from repository.errors import NotFound, Refused

    prover = Prover(home / "ledger")
    if consistency:
        if len(what) > 2 or not all(size.isdigit() and len(size) < 19 for size in what):
            raise Refused("A proof of consistency is asked for with one or two sizes: OLD [NEW].")
        old, new = int(what[0]), int(what[1]) if len(what) == 2 else None
        return prover.of_consistency(old, new)
    if len(what) != 1:
        raise Refused("One proof at a time: an object's id, or an event's id or number.")
    name = what[0]
    with wiring.open_archive(home, read_only=True) as archive:
        about = archive.catalogue.events(object_id=name) if name else []
        if about:
            return prover.of_object(name, [event.sequence for event in about])
        event = archive.catalogue.event(name)
    if event is not None:
        return prover.of_entries([event.sequence])
    if name.isdigit() and len(name) < 19:
        return prover.of_entries([int(name)])
    raise NotFound(f"The archive knows no object, event or entry {name}.")


def _outside(files: list[Path], lines: list[str]) -> list[Outside]:
    from preservation.ledger.checkpoint import BadNote, find_note
    from preservation.ledger.register import find_register_line, parse_register_line
    from repository.errors import Refused

    found: list[Outside] = []
    for path in files:
        with path.open("rb") as stream:
            text = stream.read(_MOST_FILE).decode("utf-8", "replace")
        try:
            one = find_note(text) or find_register_line(text)
        except BadNote as problem:
            raise Refused(f"{path}: {problem}.") from problem
        if one is None:
            raise Refused(f"{path} holds neither a checkpoint nor a line of a register.")
        found.append(one)
    for line in lines:
        try:
            found.append(parse_register_line(line))
        except BadNote as problem:
            raise Refused(f"--line: {problem}.") from problem
    return found


def _tell(out: Output, found: LedgerState) -> None:
    for name, state in found.copies.items():
        out.line("copy", {"store": name, "state": state})
        out.text(f"{name}: {out.word(state)}")
    log = found.log
    for one in log.anchors:
        out.line("anchor", one)
        verdict = out.word(str(one["verdict"]))
        out.text(f"{one['kind']} {one['size']} {one['target']}: {verdict} {one['reason']}".rstrip())
    out.line(
        "summary",
        {
            "entries": found.head.seq,
            "hash": found.head.hash,
            "copies": found.copies,
            "whole": not (found.broken or log.wrong),
            "reason": found.broken or " ".join(log.wrong),
            "origin": log.origin,
            "checkpoints": log.checkpoints,
            "signed": log.signed,
            "keys": [{"entry": seq, "vkey": vkey} for seq, vkey in log.keys],
            "without_old_key": list(log.without_old_key),
            "anchors": len(log.anchors),
            "from_outside": log.outside,
            "emptied": log.emptied,
            "clock": log.clock,
            "not_judged": list(log.open),
        },
    )
    out.text(f"{found.head.seq} {found.head.hash}")
    out.say(
        f"{log.checkpoints} điểm kiểm, {log.signed} mục đã ký, {len(log.keys)} khoá",
        f"{log.checkpoints} checkpoints, {log.signed} entries signed, {len(log.keys)} keys",
    )
    for seq in log.without_old_key:
        out.say(
            f"Khoá của mục {seq} không được khoá cũ ký xác nhận: hỏi người chịu trách nhiệm vì sao.",
            f"No old key signed for the key of entry {seq}: ask who answers for it why.",
        )
    for sentence in (found.broken, *log.wrong, *log.open, *log.clock):
        if sentence:
            out.say(ledger_in_vietnamese(sentence), sentence)
