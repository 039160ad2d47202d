"""`kho doctor`: is this installation sound?"""

from __future__ import annotations

from typing import Final

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption
from kho.cli.output import Output

# How a finding is named for a person; programs are given the English name. The longest that fits.
_WHAT_VI: Final = {
    "room for the catalogue": "chỗ trống cho sổ danh mục",
    "waiting for a decision": "chờ quyết định",
    "work in progress": "việc dở dang",
    "virus scanner": "quét vi-rút",
    "digest engine": "bộ tính mã băm",
    "audit plan": "kế hoạch kiểm tra",
    "ledger key": "khoá sổ cái",
    "catalogue": "sổ danh mục",
    "readings": "lần đọc",
    "schedule": "đồng hồ kiểm tra",
    "packages": "phần mềm",
    "archive": "kho",
    "limits": "giới hạn",
    "medium": "vật mang",
    "copies": "bản sao",
    "ledger": "sổ cái",
    "drills": "diễn tập",
    "clock": "đồng hồ máy",
    "flush": "ghi xuống đĩa",
    "store": "kho chứa",
    "audit": "kiểm tra",
    "keys": "khoá",
    "late": "quá hạn",
    "key": "khoá",
}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor")(verb(doctor))


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> int:
    """Check the installation and, where there is one, the archive; what it tries out it takes away."""
    from kho import exits
    from kho.diagnosis import diagnose

    out = Output(as_json=as_json)
    findings = list(diagnose(home))
    marks = {"ok": "✓", "warning": "!", "error": "✗"}
    for finding in findings:
        out.line("finding", finding.as_dict())
        told = finding.vi if out.language == "vi" else finding.en
        out.text(f"{marks[finding.level]} {_named(finding.what, out.language)}: {told}")
    levels: list[str] = [finding.level for finding in findings]
    out.line("summary", {level: levels.count(level) for level in marks})
    return exits.Exit.FOUND if "error" in levels else exits.Exit.DONE


def _named(what: str, language: str) -> str:
    if language == "vi":
        for name, said in _WHAT_VI.items():
            if what == name or what.startswith((f"{name} ", f"{name}: ")):
                return said + what[len(name) :]
    return what
