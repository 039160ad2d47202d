"""The command `kho`. Each verb lives in `kho/cli/` and imports what it needs when it is run."""

from __future__ import annotations

import typer

from kho.cli import (
    audit,
    check,
    copies,
    demo,
    digest,
    doctor,
    drill,
    export,
    form,
    incidents,
    ingest,
    init,
    ledger,
    look,
    mapping,
    quarantine,
    rebuild,
    reconcile,
    repair,
    report,
    reprofile,
    run,
    schedule,
    serve,
    transfer,
    validate,
)
from kho.cli.usage import Commands

app = typer.Typer(
    name="kho",
    cls=Commands,
    help="Kho lưu trữ số · a long-term digital preservation repository.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for module in (
    init, check, ingest, mapping, transfer, quarantine, look, audit, validate, copies, incidents,
    repair, reconcile, drill, form, rebuild, reprofile, export,
    report, ledger, digest, serve, schedule, run, demo, doctor,
):  # fmt: skip
    module.register(app)


def main() -> None:
    """Console script."""
    app()


if __name__ == "__main__":
    main()
