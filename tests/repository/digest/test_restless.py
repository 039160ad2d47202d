"""Files that fail, shrink, grow, change or vanish while they are read: never a digest of no state."""

import errno
import hashlib
import json
from pathlib import Path

import pytest

from tests.repository.digest import native_build

PROGRAM = """
import json, os, sys
from repository.digest import DigestOptions, FileTask, digest_files
from repository.digest.native import native
folder, engine, medium = os.environ["FOLDER"], os.environ["ENGINE"], bool(os.environ["MEDIUM"])
names = sorted(os.listdir(folder))
options = DigestOptions(engine=engine, medium=medium, threads=2)
tasks = [FileTask(name, os.path.join(folder, name)) for name in names]
results = digest_files(tasks, ["sha512"], options=options)
print(json.dumps({r.key: r.errno or r.digests["sha512"] for r in results}))
"""


@pytest.mark.parametrize("medium", ["", "yes"])
@pytest.mark.parametrize("size", [9_000, 300_000, 2_000_000])
def test_a_file_that_does_not_keep_still_has_an_errno_and_no_digest(
    tmp_path: Path, engine: str, preload: Path, size: int, medium: str
) -> None:
    data = hashlib.shake_256(b"restless").digest(size)
    for kind in ("fails", "shrinks", "grows", "altered", "vanishes", "still"):
        for number in range(3):
            (tmp_path / f"{number}.{kind}").write_bytes(data)
    right = hashlib.sha512(data).hexdigest()
    printed = native_build.run_python(
        PROGRAM, LD_PRELOAD=str(preload), FOLDER=str(tmp_path), ENGINE=engine, MEDIUM=medium
    )
    wanted = {
        "fails": errno.EIO if size > 100_000 else right,
        "shrinks": errno.ESTALE,
        "grows": errno.ESTALE,
        "altered": errno.ESTALE,
        "vanishes": right,  # an open file keeps its bytes
        "still": right,
    }
    for name, found in json.loads(printed).items():
        assert found == wanted[name.partition(".")[2]], name


def test_reads_that_give_little_at_a_time_are_put_together(
    tmp_path: Path, engine: str, preload: Path
) -> None:
    data = hashlib.shake_256(b"short").digest(150_001)
    for number in range(20):
        (tmp_path / f"{number}.short").write_bytes(data)
    printed = native_build.run_python(
        PROGRAM, LD_PRELOAD=str(preload), FOLDER=str(tmp_path), ENGINE=engine, MEDIUM=""
    )
    assert set(json.loads(printed).values()) == {hashlib.sha512(data).hexdigest()}


def test_few_descriptors_make_it_slower_and_not_wrong(tmp_path: Path, engine: str) -> None:
    data = b"x" * 100_000
    for number in range(300):
        (tmp_path / str(number)).write_bytes(data)
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (14, 14))\n"
    program = PROGRAM.replace("names =", limit + "names =").replace("names =", "native()\nnames =")
    printed = native_build.run_python(program, FOLDER=str(tmp_path), ENGINE=engine, MEDIUM="")
    assert set(json.loads(printed).values()) == {hashlib.sha512(data).hexdigest()}
