"""The verifier is what it promises to be: one short file that owes nothing to us."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from preservation.offline import kho_verify, shipping
from repository.digest import digest_bytes

FILE = Path(kho_verify.__file__)
TEXT = FILE.read_text("utf-8")


def imported() -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(TEXT)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).partition(".")[0])
    return names


def test_it_has_at_most_700_lines() -> None:
    assert len(TEXT.splitlines()) <= 700


def test_it_imports_the_standard_library_only() -> None:
    assert imported() <= set(sys.stdlib_module_names)
    assert not re.search(r"__import__|importlib|\bexec\(|\beval\(|urllib|socket|subprocess", TEXT)


def test_it_reads_as_python_3_9() -> None:
    ast.parse(TEXT, feature_version=(3, 9))


def test_it_runs_alone_and_prints_its_own_digest(tmp_path: Path) -> None:
    shipping.lay_beside(tmp_path)
    copy = tmp_path / "kho_verify.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "kho_verify.py", "--version"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    digest = digest_bytes(copy.read_bytes(), ["sha256"])["sha256"]
    assert digest == shipping.verifier_sha256()
    assert digest in done.stdout
    assert (tmp_path / "VERIFY.txt").read_text("utf-8").count(digest) == 2


def test_every_finding_has_its_text_in_both_languages() -> None:
    used = set(re.findall(r'found\("([A-Z-]+)"', TEXT)) | set(
        re.findall(r'"([A-Z-]{4,})" if', TEXT)
    )
    assert used <= set(kho_verify.TEXTS)
    for severity, *texts in kho_verify.TEXTS.values():
        assert severity in "E?i"
        assert all(texts)


def test_wrong_usage_is_2() -> None:
    for arguments in ([], ["--nonsense"], ["x", "--lang", "fr"], ["x", "--checkpoint", "absent"]):
        done = subprocess.run([sys.executable, "-I", FILE, *arguments], capture_output=True)
        assert done.returncode == 2, arguments
