"""The one exception to "no code path overwrites preserved bytes" stays one (ADR 10)."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("schemas", "repository", "preservation", "ingest", "api", "kho")
PLANTING = ROOT / "preservation" / "drills" / "planting.py"


def modules() -> list[Path]:
    return [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]


def test_only_the_drill_itself_can_plant() -> None:
    users = sorted(
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if path != PLANTING
        and re.search(r"import.*\bplanting\b|drills\.planting", path.read_text("utf-8"))
    )
    assert users == ["preservation/drills/drill.py", "preservation/drills/verdicts.py"]


def test_the_store_itself_has_no_way_to_change_what_it_holds() -> None:
    changing = re.compile(
        r"write_bytes|write_text|\.truncate\(|rmtree|[\"']r\+b[\"']|[\"']w?b?a[\"']"
    )
    for path in (ROOT / "repository").glob("local_*.py"):
        assert not changing.search(path.read_text("utf-8")), path


def test_everything_that_harms_is_behind_the_check() -> None:
    """`plant` asks before it looks up what to do; nothing else that harms is called from outside."""
    text = PLANTING.read_text("utf-8")
    body = text.split("def plant(")[1].split("\ndef ")[0]
    assert body.index("store.settled(") < body.index("check_canary(") < body.index("_PLANTERS[")
    verdicts = (ROOT / "preservation" / "drills" / "verdicts.py").read_text("utf-8")
    assert "import INVENTORY, SIDECAR, Damage\n" in verdicts
    drill = (ROOT / "preservation" / "drills" / "drill.py").read_text("utf-8")
    used = set(re.findall(r"planting\.(\w+)", drill))
    assert used <= {
        "plant",
        "check_canary",
        "clear_aside",
        "document_of",
        "Planted",
        "INVENTORY",
        "SIDECAR",
    }
