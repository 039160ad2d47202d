"""`kho mapping`: how one supplier's lists are to be read: drafted, looked over, saved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import JsonOption
from kho.cli.output import Output, problem_document

if TYPE_CHECKING:
    from ingest.lists.recognise import Draft
    from ingest.lists.sheet import Sheet
    from repository.problems import Problem


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(no_args_is_help=True, help="How a supplier's lists are to be read.")
    group.command("new")(verb(new))
    group.command("check")(verb(check))
    app.add_typer(group, name="mapping")


def new(
    sheet: Annotated[Path, typer.Argument(help="A list of the supplier's: .xlsx or .csv.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="Write it here; else it is printed.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Whose lists these are.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Draft a mapping from the heads of a list, and say what could not be placed."""
    from ingest.lists.mapping import write_mapping
    from ingest.lists.recognise import draft
    from kho import exits
    from repository import durable
    from repository.errors import Conflict

    out = Output(as_json=as_json)
    if to is not None and to.exists():
        raise Conflict(f"{to} is there already. Choose another name, or move it away.")
    drafts = [(each, draft(each, name or sheet.stem)) for each in _sheets(sheet)]
    best = max(drafts, key=lambda pair: pair[1].placed, default=None)
    if best is None or not best[1].placed:
        return _nothing(out, sheet)
    found, drafted = best
    text = write_mapping(drafted.mapping, notes=_notes(found, drafted))
    if to is not None:
        try:
            durable.write_durably(to, text.encode())
        except OSError as problem:
            raise durable.explained(problem, "writing a mapping") from problem
    if as_json:
        out.document(
            {
                "sheet": found.name,
                "header_row": drafted.mapping.header_row,
                "placed": drafted.placed,
                "unplaced": list(drafted.unplaced),
                "lacking": list(drafted.lacking),
                "mapping": text,
            }
        )
    elif to is None:
        out.raw(text.encode())
    _tell(out, drafted)
    return exits.Exit.FOUND if drafted.lacking else exits.Exit.DONE


def check(
    mapping: Annotated[Path, typer.Argument(help="A mapping: TOML.")],
    sheet: Annotated[Path | None, typer.Argument(help="A list to try it on.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Look a mapping over, and try it on a list: which dossiers it gives, and what is found."""
    from ingest.lists.mapping import SheetMapping
    from ingest.lists.recognise import lacking
    from ingest.shapes.finding import find
    from kho import exits
    from kho.mapping_files import load_mapping

    out = Output(as_json=as_json)
    loaded: SheetMapping = load_mapping(mapping)
    missing = lacking(loaded)
    dossiers = []
    problems: list[Problem] = []
    if sheet is not None:
        found = find([sheet], mappings=[loaded])
        for arrival in found.arrivals:
            problems += arrival.refused
            if arrival.listed is not None:
                problems += arrival.listed.problems
                dossiers.append(
                    {
                        "file_code": arrival.listed.file_code,
                        "fonds": arrival.listed.fonds_code,
                        "documents": len(arrival.listed.documents),
                        "files": len(arrival.listed.files),
                        "mapping": arrival.listed.mapping,
                    }
                )
    wrong = bool(missing) or any(p.severity.value == "error" for p in problems)
    other = [d for d in dossiers if d["mapping"] != loaded.name]
    if as_json:
        out.document(
            {
                "valid": not wrong and not other,
                "lacking": list(missing),
                "dossiers": dossiers,
                "problems": [problem_document(p) for p in problems],
            }
        )
    for dossier in dossiers:
        out.text(f"{dossier['file_code']}  {dossier['documents']} tài liệu, {dossier['files']} tệp")
    out.problems(problems)
    if missing:
        names = ", ".join(missing)
        out.say(
            f"Bảng ánh xạ còn thiếu cột cho: {names}.", f"The mapping has no column for: {names}."
        )
    elif other:
        out.say(
            "Danh mục không có đủ các cột mà bảng ánh xạ nêu.",
            "The list does not have all the columns that the mapping names.",
        )
    elif not wrong:
        out.say("Dùng được.", "It can be used.")
    return exits.Exit.FOUND if wrong or other else exits.Exit.DONE


def _sheets(path: Path) -> list[Sheet]:
    from ingest.container import Limits
    from ingest.folder_container import read_folder
    from ingest.lists.sheet import BadSheet
    from ingest.shapes.finding import read_sheets
    from repository.errors import NotFound, Refused
    from schemas.problem_texts import problem_text

    if not path.is_file():
        raise NotFound(f"There is no list {path}.")
    opened = read_folder(path.parent, only=[os.fsencode(path.name)]).container
    if opened is None:
        raise Refused(f"{path} cannot be read as a list: its name is not safe.")
    with opened as folder:
        try:
            return read_sheets(folder, folder.members[0], Limits())[1]
        except BadSheet as fault:
            found = fault.problem
            raise Refused(problem_text(found.code, found.params, "en")) from None


def _notes(sheet: Sheet, drafted: Draft) -> list[str]:
    notes = [
        f"Drafted by `kho mapping new` from the sheet {sheet.name!r}; look it over before use."
    ]
    if drafted.unplaced:
        notes.append("Kept as given, not understood: " + "; ".join(drafted.unplaced))
    if drafted.lacking:
        notes.append("STILL NEEDED, no column was recognised for: " + ", ".join(drafted.lacking))
    return notes


def _tell(out: Output, drafted: Draft) -> None:
    vi = out.language == "vi"
    if drafted.unplaced:
        names = "; ".join(drafted.unplaced)
        out.note(f"Không xếp được: {names}" if vi else f"could not be placed: {names}")
    if drafted.lacking:
        names = ", ".join(drafted.lacking)
        out.note(f"Còn thiếu: {names}" if vi else f"still needed: {names}")


def _nothing(out: Output, sheet: Path) -> int:
    from kho import exits

    if out.as_json:
        out.document({"sheet": "", "placed": 0, "unplaced": [], "lacking": [], "mapping": ""})
    out.say(
        f"Không nhận ra cột nào trong {sheet.name}.", f"No column was recognised in {sheet.name}."
    )
    return exits.Exit.FOUND
