import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repository.digest import DigestOptions, FileTask, digest_files, engine_report
from repository.digest import native as native_module
from repository.digest.native import ALGORITHMS, Kernel, Native, check, native
from tests.repository.digest import native_build

FOUND = native()
RIGHT = [k for k in FOUND.kernels if k.verdict == "right"]
NAMES = {"sha512": "sha512", "sha256": "sha256", "sha512/256": "sha512_256"}
needs_native = pytest.mark.skipif(FOUND.module is None, reason=f"native engine: {FOUND.reason}")
needs_compiler = pytest.mark.skipif(native_build.compiler() is None, reason="no C compiler")

SELF_TEST = """
import importlib.util, json, os, sys
spec = importlib.util.spec_from_file_location("repository.digest._native", os.environ["LIBRARY"])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from repository.digest.native import check
found = check(module)
kernels = [[k.family, k.name, k.verdict] for k in found.kernels]
print(json.dumps([found.reason, found.module is None, kernels]))
"""


@needs_native
@pytest.mark.parametrize("kernel", RIGHT, ids=lambda k: f"{k.family}-{k.name}")
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_kernel_agrees_with_openssl_for_any_messages(kernel: Kernel, data: Any) -> None:
    assert FOUND.module is not None
    names = [n for n in ALGORITHMS if (n == "sha256") == (kernel.family == "sha256")]
    algorithm = data.draw(st.sampled_from(names))
    messages = data.draw(st.lists(st.binary(max_size=800), max_size=kernel.lanes))
    digests = FOUND.module.hash_with(ALGORITHMS[algorithm], kernel.name, messages)
    assert digests == [hashlib.new(NAMES[algorithm], m).digest() for m in messages]


@needs_native
@pytest.mark.parametrize("kernel", RIGHT, ids=lambda k: f"{k.family}-{k.name}")
def test_a_message_of_four_gigabits_has_its_whole_length_in_the_padding(kernel: Kernel) -> None:
    assert FOUND.module is not None
    message = bytes(1 << 20) * 3 + b"end"
    number = ALGORITHMS[kernel.family]
    (digest,) = FOUND.module.hash_with(number, kernel.name, [message])
    assert digest == hashlib.new(kernel.family, message).digest()


@needs_native
def test_the_plain_kernels_always_serve() -> None:
    assert {(k.family, k.name) for k in RIGHT} >= {("sha512", "plain"), ("sha256", "plain")}


@needs_native
def test_what_python_asks_wrongly_is_refused() -> None:
    module: Any = FOUND.module
    for wrong in ((0, "none", []), (7, "plain", []), (0, "plain", [b"", b""]), (0, "plain", ())):
        with pytest.raises(ValueError, match=r"needed|kernel"):
            module.hash_with(*wrong)
    with pytest.raises(TypeError):
        module.hash_with(0, "plain", ["text"])
    for wrong in (
        (0, [0], False, 0.0, 65536),
        (1, [], False, 0.0, 65536),
        (1, [9], False, 0.0, 65536),
        (1, [0], False, 0.0, 5),
        (1, [0] * 4, False, 0.0, 65536),
    ):
        with pytest.raises(ValueError, match=r"argument|algorithm"):
            module.start(*wrong)
    with pytest.raises(ValueError, match="PyCapsule"):
        module.submit(object(), [])
    engine = module.start(1, [0], False, 0.0, 65536)
    with pytest.raises(TypeError):
        module.submit(engine, [(0, "text", -100)])
    with pytest.raises(TypeError):
        module.submit(engine, ())
    for wrong in ((b"f/", ()), (b"f\0/", ["name"]), (b"f/", [b"bytes"]), ("text", ["name"])):
        with pytest.raises(TypeError):
            module.submit_names(engine, 0, *wrong)
    assert module.submit_names(engine, 0, b"f/", ["a\0", "\ud800"]) == [0, 1]
    assert module.collect(engine, 1, 0.0) == []
    module.stop(engine)
    for late in (
        lambda: module.submit(engine, []),
        lambda: module.submit_names(engine, 0, b"f/", []),
        lambda: module.collect(engine, 1, 0.0),
        lambda: module.stop(engine),
    ):
        with pytest.raises(ValueError, match="PyCapsule"):
            late()
    with pytest.raises(ValueError, match="every length"):
        module.prepare(None, b"12", b"", b"")


@needs_native
def test_a_small_file_does_not_wait_for_all_that_are_a_little_larger(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}").write_bytes(bytes(10 if number % 100 == 0 else 3000))
    tasks = (FileTask(number, str(tmp_path / f"{number}")) for number in range(300))
    options = DigestOptions(engine="native", threads=1)
    order = [result.key for result in digest_files(tasks, ["sha512"], options=options)]
    for small in (0, 100, 200):
        assert order.index(small) < small + 50


@needs_native
def test_a_long_file_is_begun_with_though_it_came_last(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}").write_bytes(bytes(2 << 20))
    (tmp_path / "40").write_bytes(bytes(3 << 20))
    tasks = (FileTask(number, str(tmp_path / f"{number}")) for number in range(41))
    options = DigestOptions(engine="native", threads=1)
    order = [result.key for result in digest_files(tasks, ["sha512"], options=options)]
    assert order.index(40) < 30


@needs_native
def test_an_engine_that_is_dropped_ends_by_itself(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    module: Any = FOUND.module
    engine = module.start(3, [0, 1], False, 0.0, 65536)
    module.submit(engine, [(n, bytes(tmp_path / "f"), -100, 0, -1) for n in range(100)])
    del engine


@needs_compiler
def test_a_fault_in_a_kernel_switches_the_native_engine_off(
    tmp_path: Path,
) -> None:
    source = native_build.SOURCE.read_text()
    faulty = tmp_path / "faulty.c"
    # One constant of one round: the kernels all share it, OpenSSL does not.
    assert source.count("0x428a2f98d728ae22ULL") == 1
    faulty.write_text(source.replace("0x428a2f98d728ae22ULL", "0x428a2f98d728ae23ULL"))
    library = native_build.build_native(tmp_path, "-O0", source=faulty)
    reason, off, kernels = json.loads(native_build.run_python(SELF_TEST, LIBRARY=str(library)))
    assert off
    assert reason.startswith("self-test failed: sha512")
    verdicts = {(family, name): verdict for family, name, verdict in kernels}
    assert verdicts["sha512", "plain"] == "wrong"
    assert verdicts["sha256", "plain"] == "right"


@needs_compiler
def test_the_sha_instructions_are_used_rightly_where_they_exist(tmp_path: Path) -> None:
    header = Path(__file__).parent / "imitated_sha.h"
    library = native_build.build_native(tmp_path, "-O0", "-include", str(header))
    _, off, kernels = json.loads(native_build.run_python(SELF_TEST, LIBRARY=str(library)))
    assert not off
    assert ["sha256", "sha", "right"] in kernels
    assert ["sha256", "sha-x2", "right"] in kernels


@needs_native
def test_one_wrong_kernel_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Liar:
        def prepare(self, *arguments: Any) -> list[tuple[str, str, int, str, float]]:
            return [("sha512", "plain", 1, "right", 1e9), ("sha512", "avx2", 4, "wrong", 9e9)]

    with caplog.at_level(logging.ERROR):
        found = check(Liar())  # type: ignore[arg-type]
    assert found.module is None
    assert "avx2" in found.reason
    assert "switched off" in caplog.text


def test_a_kernel_that_was_wrong_or_absent_is_never_the_best() -> None:
    kernels = (
        Kernel("sha512", "plain", 1, "right", 300e6),
        Kernel("sha512", "avx512", 8, "wrong", 9e9),
        Kernel("sha512", "avx2", 4, "absent", 0.0),
    )
    found = Native(None, "", kernels, {"sha512": 600e6, "sha256": 400e6})
    best = found.best("sha512")
    assert best is not None and best.name == "plain"
    assert found.best("sha256") is None
    assert found.gain(("sha512",)) == 0.0  # no module, no gain


def test_the_report_says_which_engine_runs_and_why() -> None:
    report = engine_report()
    assert report.native_available == (FOUND.module is not None)
    assert report.name in ("native", "hashlib")
    assert report.reason
    assert report.instructions
    if report.name == "native":
        assert "sha512" in report.instructions


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModuleNotFoundError("none"), "was not built"),
        (ImportError("undefined symbol"), "cannot be loaded: undefined symbol"),
    ],
)
def test_without_the_extension_the_reason_is_given(
    monkeypatch: pytest.MonkeyPatch, error: ImportError, reason: str
) -> None:
    def absent(name: str) -> Any:
        raise error

    monkeypatch.setattr("repository.digest.native.importlib.import_module", absent)
    found = native_module._load.__wrapped__()
    monkeypatch.undo()
    assert found.module is None
    assert reason in found.reason
