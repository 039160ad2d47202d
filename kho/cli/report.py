"""`kho report`: what the archive says of itself: plan and coverage of audits, NDSA levels."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, ledger_behind, new_page, problem_document, write_page

HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", help="Also write it as a page to be printed, to this new file."),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(no_args_is_help=True, help="Reports: plan, coverage, NDSA levels.")
    group.command("plan")(verb(plan))
    group.command("coverage")(verb(coverage))
    group.command("ndsa")(verb(ndsa))
    app.add_typer(group, name="report")


def plan(
    store: Annotated[
        str | None, typer.Option("--store", help="Try the change for this store only.")
    ] = None,
    window: Annotated[
        int | None, typer.Option("--window", min=1, max=1095, help="Days; the law: 1095 at most.")
    ] = None,
    quiet: Annotated[
        str | None, typer.Option("--quiet", help="Hours without audits: 07:00-18:00, or none.")
    ] = None,
    mb_per_second: Annotated[
        float | None, typer.Option("--mb-per-second", min=0.01, help="The most that audits read.")
    ] = None,
    daily_bytes: Annotated[
        int | None, typer.Option("--daily-bytes", min=1, help="The most of one day.")
    ] = None,
    save: Annotated[
        bool, typer.Option("--save", help="Write it into kho.toml, unless it cannot be held.")
    ] = False,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """What a day of audits is, in bytes and hours, under this policy or another. 3: cannot be held."""
    from kho import exits, reporting, wiring
    from kho.settings import find_home
    from preservation.reports import gathering, telling

    out = Output(as_json=as_json)
    asked = {"window_days": window, "mb_per_second": mb_per_second, "daily_bytes": daily_bytes}
    changes: dict[str, object] = {name: value for name, value in asked.items() if value is not None}
    if quiet is not None:
        changes["quiet"] = "" if quiet == "none" else quiet
    with wiring.open_archive(find_home(home), read_only=not save) as archive:
        settings = reporting.proposed(archive.settings, store, changes)
        plans = gathering.plans(reporting.asking(archive, settings), sampling=True)
        if save:
            reporting.save_policy(archive, settings, plans, wiring.operator_name(operator))
    told = [
        {
            **asdict(one),
            "problems": [problem_document(problem) for problem in one.problems],
            "holds": one.holds,
        }
        for one in plans
    ]
    if as_json:
        out.document({"proposed": changes, "store": store, "saved": save, "stores": told})
    for one in plans:
        days = f"{one.window_days} {'ngày' if out.language == 'vi' else 'days'}"
        out.text(f"{'✓' if one.holds else '✗'} {one.store} ({days})")
        for line in telling.plan_lines(one, out.language):
            out.text(f"  {line}")
        out.problems(one.problems)
    return exits.Exit.DONE if all(one.holds for one in plans) else exits.Exit.FOUND


def coverage(
    html: HtmlOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """How much of each copy was read within its window, by files. 3: damage, 4: not all."""
    from kho import exits, reporting, wiring
    from kho.settings import find_home
    from preservation.reports import gathering, telling

    out = Output(as_json=as_json)
    new_page(html)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        asked = reporting.asking(archive)
        stores = gathering.coverages(asked)
        trends = gathering.trends(asked)
        if html is not None:
            write_page(html, reporting.coverage_page(archive, out.language))
    if as_json:
        out.document(
            {
                "stores": [
                    {
                        **asdict(one),
                        "read": one.read,
                        "percent": one.percent,
                        "complete": one.complete,
                        "months": [asdict(month) for month in trends[one.store]],
                    }
                    for one in stores
                ]
            }
        )
    for one in stores:
        out.text(f"{'✓' if one.complete else '!'} {one.store}")
        for line in telling.statement(one, out.language):
            out.text(f"  {line}")
        for unread in one.unread_here[:20]:
            out.text(f"    {unread.object_id}: {unread.files}")
        for object_id in one.damaged_here[:20]:
            out.text(f"    ✗ {object_id}")
        for month in trends[one.store][-12:]:
            out.text(f"    {month.month}  {month.files:>12,}  {month.byte_count:>18,} B")
    if any(one.damaged_copies for one in stores):
        return exits.Exit.FOUND
    return exits.Exit.DONE if all(one.complete for one in stores) else exits.Exit.INCOMPLETE


def ndsa(
    html: HtmlOption = None,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """The NDSA levels from live facts: kept in reports/, its digest in the ledger."""
    from kho import reporting, wiring
    from kho.settings import find_home

    out = Output(as_json=as_json)
    new_page(html)  # before the report is recorded for ever
    with wiring.open_archive(find_home(home)) as archive:
        made = reporting.record_ndsa(
            archive, operator=wiring.operator_name(operator), language=out.language
        )
        if html is not None:
            write_page(html, made.page.read_text("utf-8"))
        behind = dict(archive.ledger_behind)
    if as_json:
        out.document({**made.document, "sha512": made.sha512, "file": made.data.name})
    marks = {"met": "✓", "not-met": "✗", "not-known": "?"}
    for cell in made.document["cells"]:
        declared = " *" if cell["declared"] else ""
        out.text(f"{marks[cell['result']]} {cell['name']}{declared}")
        for claim in cell["claims"]:
            said = claim["vi" if out.language == "vi" else "en"]
            out.text(f"    {marks[claim['result']]} {said}: {claim['found']}")
    out.text(f"{made.page}")
    out.text(f"sha512 {made.sha512}")
    ledger_behind(out, behind)
