"""`kho init`: make an archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import JsonOption, OperatorOption
from kho.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("init")(verb(init))


def init(
    directory: Annotated[Path, typer.Argument(help="Where: a new or empty folder.")] = Path(),
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new archive with two local stores."""
    from kho import founding, wiring

    home = founding.found(directory, wiring.operator_name(operator))
    with wiring.open_archive(home.path, read_only=True) as archive:
        devices = {store.status().device for store in archive.stores.values()}
        out = Output(as_json=as_json)
        if as_json:
            out.document({"home": str(home.path), "stores": list(archive.stores)})
        out.say(f"Đã lập kho tại {home.path}", f"Made an archive at {home.path}")
        if len(devices) < len(archive.stores):
            out.note(
                "Cảnh báo: hai bản sao nằm trên cùng một thiết bị. Sửa đường dẫn trong kho.toml."
                if out.language == "vi"
                else "Warning: two copies lie on one device. Give them places of their own in kho.toml."
            )
