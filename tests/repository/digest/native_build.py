"""Builds variants of the native engine and programs around it, for tests and campaigns only."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SOURCE = ROOT / "repository" / "digest" / "_native.c"
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]


def compiler() -> str | None:
    """A C compiler together with Python's headers, or None."""
    header = Path(sysconfig.get_path("include")) / "Python.h"
    return (shutil.which("cc") or shutil.which("gcc")) if header.exists() else None


def build_native(folder: Path, *flags: str, source: Path = SOURCE) -> Path:
    """The extension, built with more flags, as a file in ``folder``."""
    library = folder / "_native.abi3.so"
    include = f"-I{sysconfig.get_path('include')}"
    base = ["-shared", "-fPIC", "-g", "-Wno-psabi", "-pthread", include]
    subprocess.run([_cc(), *base, *flags, str(source), "-o", str(library)], check=True)
    return library


def build_preload(folder: Path, source: Path) -> Path:
    """A library for ``LD_PRELOAD``."""
    library = folder / f"{source.stem}.so"
    command = [_cc(), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", str(source), "-o"]
    subprocess.run([*command, str(library), "-ldl"], check=True)
    return library


def compiler_file(name: str) -> str:
    """Where the compiler keeps one of its run-time libraries."""
    found = subprocess.run([_cc(), f"-print-file-name={name}"], check=True, capture_output=True)
    return found.stdout.decode().strip()


def run_python(program: str, **environment: str) -> str:
    """The standard output of a program that must end well, run from the project's folder."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _cc() -> str:
    found = compiler()
    if found is None:
        raise RuntimeError("no C compiler, or no Python headers")
    return found
