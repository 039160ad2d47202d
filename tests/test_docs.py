"""What the documents say is so: verbs, exit statuses, settings and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from kho.__main__ import app
from kho.exits import Exit
from kho.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_every_verb_is_described() -> None:
    page = text("docs/command-line.md")
    command = get_command(app)
    for name in command.commands:  # type: ignore[attr-defined]
        assert re.search(rf"`[^`]*\b{name}\b", page), name


def test_every_exit_status_is_described_with_its_number() -> None:
    page = text("docs/command-line.md")
    assert {int(n) for n in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)} == {
        int(status) for status in Exit
    }


def test_every_setting_is_described() -> None:
    page = text("docs/settings.md")
    for name, field in Settings.model_fields.items():
        section = field.annotation
        names = getattr(section, "model_fields", None)
        if names is None:
            names = section.__args__[1].model_fields  # type: ignore[union-attr]
        assert f"`[{name}" in page, name
        for setting in names:
            assert f"`{setting}`" in page, f"{name}.{setting}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), target


def test_the_two_readmes_have_the_same_commands() -> None:
    blocks = [
        re.findall(r"```sh\n(.*?)```", text(name), re.DOTALL)
        for name in ("README.md", "README.vi.md")
    ]
    verbs = [re.findall(r"^(?:make|kho) \w+", "\n".join(block), re.MULTILINE) for block in blocks]
    assert verbs[0] == verbs[1]


def test_nothing_we_ship_names_a_registry_host() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-alone.txt"):
        assert "://" not in text(name)
        assert "--hash=sha256:" in text(name)
