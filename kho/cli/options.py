"""Options that many verbs share, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The archive's folder (else KHO_HOME, else here).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
OperatorOption = Annotated[
    str | None,
    typer.Option("--operator", help="Who does this (else KHO_OPERATOR, else the login)."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the plan; change nothing.")]
FondsOption = Annotated[
    str, typer.Option("--fonds", help="Mã phông of packages that name none, such as E-ARK.")
]
MappingOption = Annotated[
    list[Path] | None,
    typer.Option("--mapping", help="How to read a list (else those saved in mappings/)."),
]
