"""`kho doctor`: is this installation sound?"""

from __future__ import annotations

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption
from kho.cli.output import Output


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
        out.text(f"{marks[finding.level]} {finding.what}: {told}")
    levels: list[str] = [finding.level for finding in findings]
    out.line("summary", {level: levels.count(level) for level in marks})
    return exits.Exit.FOUND if "error" in levels else exits.Exit.DONE
