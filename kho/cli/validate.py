"""`kho validate`: judge something we do not hold."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import JsonOption
from kho.cli.output import Output, problem_document

if TYPE_CHECKING:
    from repository.problems import Problem
    from repository.second_opinion import SecondOpinion

PathArgument = Annotated[Path, typer.Argument(help="What to judge.")]
SecondOpinionOption = Annotated[
    bool,
    typer.Option("--second-opinion", help="Also ask ocfl-py or bagit-python; report disagreement."),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(no_args_is_help=True, help="Judge something the archive does not hold.")
    group.command("ocfl")(verb(ocfl))
    group.command("bag")(verb(bag))
    group.command("tt05")(verb(tt05))
    group.command("eark")(verb(eark))
    group.command("signature")(verb(signature))
    app.add_typer(group, name="validate")


def ocfl(
    path: PathArgument, second_opinion: SecondOpinionOption = False, as_json: JsonOption = False
) -> int:
    """An OCFL object or storage root, 1.0 or 1.1."""
    from kho.validating import validate_ocfl
    from repository.second_opinion import ocfl_py_verdict

    other = ocfl_py_verdict(str(path)) if second_opinion else None
    with Output(as_json=as_json).progress("validate", None, "hồ sơ") as bar:
        found, objects = validate_ocfl(path, lambda place: bar.advance(at=place))
    return _tell(found, other, as_json=as_json, objects=objects)


def bag(
    path: PathArgument, second_opinion: SecondOpinionOption = False, as_json: JsonOption = False
) -> int:
    """A BagIt bag, 0.93 to 1.0."""
    from kho.validating import validate_bag_at
    from repository.second_opinion import bagit_python_verdict

    other = bagit_python_verdict(str(path)) if second_opinion else None
    return _tell(validate_bag_at(path), other, as_json=as_json)


def tt05(path: PathArgument, as_json: JsonOption = False) -> int:
    """A SIP_hoso ZIP of Thông tư 05/2025/TT-BNV."""
    import tempfile

    from ingest.judging import judge
    from kho.intake import gathering_without_archive
    from repository.clock import SystemClock

    with (
        tempfile.TemporaryDirectory(prefix="kho-validate-") as folder,
        gathering_without_archive() as gatherer,
    ):
        now = SystemClock().now()
        result = judge(path, Path(folder), held=None, now=now, gatherer=gatherer)
    return _tell(list(result.report), None, as_json=as_json)


def eark(path: PathArgument, as_json: JsonOption = False) -> int:
    """An E-ARK package, CSIP 2.0 to 2.2 or SIP: its root folder, or a ZIP of it."""
    from kho.validating import validate_eark

    return _tell(validate_eark(path), None, as_json=as_json)


def signature(
    paths: Annotated[list[Path], typer.Argument(help="PDF and XML files.")],
    trust: Annotated[
        Path | None, typer.Option("--trust", help="Folder of PEM certificates of trusted roots.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """The digital signatures in files: PAdES in PDF, XAdES and XMLDSig in XML."""
    from kho import exits
    from kho.validating import judge_signatures
    from preservation.dossier import SignatureVerdict

    out = Output(as_json=as_json)
    judged = judge_signatures(paths, trust)
    verdicts = [one.verdict for _, check, _ in judged for one in (check.found if check else ())]
    decided = all(check and check.found and not check.not_checked for _, check, _ in judged)
    valid = decided and set(verdicts) == {SignatureVerdict.VALID}
    problems = [problem for _, _, found in judged for problem in found]
    if as_json:
        files = [
            {"path": str(path), **(asdict(check) if check else {"found": []})}
            for path, check, _ in judged
        ]
        told = [problem_document(problem) for problem in problems]
        out.document({"valid": valid, "problems": told, "files": files})
    for path, check, _ in judged:
        out.text(str(path))
        if check is None:
            out.say("  không có chữ ký số", "  carries no signature")
        for one in check.found if check else ():
            when = one.stamped_at or one.signed_at
            out.text(f"  {one.verdict.value} {one.reason}  {one.signer} ({one.issuer})  {when}")
    out.problems(problems)
    if SignatureVerdict.INVALID in verdicts:
        return exits.Exit.FOUND
    return exits.Exit.DONE if valid else exits.Exit.INCOMPLETE


def _tell(
    problems: list[Problem],
    other: SecondOpinion | None,
    *,
    as_json: bool,
    objects: int | None = None,
) -> int:
    from kho import exits
    from repository.problems import Severity

    out = Output(as_json=as_json)
    valid = not any(problem.severity is Severity.ERROR for problem in problems)
    disagreement = other is not None and other.valid is not None and other.valid != valid
    if as_json:
        document: dict[str, object] = {
            "valid": valid,
            "problems": [problem_document(problem) for problem in problems],
        }
        if objects is not None:
            document["objects"] = objects
        if other is not None:
            document["second_opinion"] = {
                "valid": other.valid,
                "messages": list(other.messages),
                "disagreement": disagreement,
            }
        out.document(document)
    out.say("Hợp lệ." if valid else "Không hợp lệ.", "Valid." if valid else "Not valid.")
    out.problems(problems)
    if objects is not None:
        out.say(f"  Đã kiểm tra {objects} đối tượng.", f"  Objects judged: {objects}.")
    if other is not None:
        words = {True: "valid", False: "not valid", None: "no verdict"}
        out.text(f"  {words[other.valid]} (second opinion)")
        for message in other.messages[:20]:
            out.text(f"    {message}")
    if disagreement:
        out.say("Hai bên không thống nhất.", "The two do not agree.")
    if not valid or disagreement:
        return exits.Exit.FOUND
    return exits.Exit.INCOMPLETE if other is not None and other.valid is None else exits.Exit.DONE
