"""What `kho audit` says and how it ends, case by case: words given, copies looked at, status, figures,
the clock's sign of life. What a mutation test changes in the verb is to be noticed by these."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from typer.main import get_command

from kho import interrupt, selecting, wiring
from kho.__main__ import app
from kho.cli.output import Output
from preservation import heartbeat, history
from preservation.audit import looking
from repository.errors import Refused
from tests.archives import Ran
from tests.preservation.audit import grounds

IDS = [grounds.object_id(number) for number in range(4)]
APP = get_command(app)  # made once: typer takes longer for it than a small audit
STORES = ("primary", "copy-1")
FILES = 23


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("status") / "home"
    return grounds.make_many(home, len(IDS), files=FILES, size=60).path


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "RETRY_PAUSE", 0.0)


def call(home: Path, *words: str, language: str = "en") -> Ran:
    environment = {"KHO_HOME": str(home), "KHO_LANG": language, "KHO_OPERATOR": "tester"}
    done = CliRunner().invoke(APP, list(words), env=environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ran(done.exit_code, done.stdout, done.stderr)


def runs(home: Path) -> list[dict[str, Any]]:
    """What is recorded of each run, the last first."""
    with wiring.open_archive(home) as archive:
        return [{"kind": one.kind, **one.totals} for one in archive.catalogue.audit_runs()]


def folder(home: Path, store: str, number: int) -> Path:
    with wiring.open_archive(home) as archive:
        return grounds.object_folder(archive, store, IDS[number])


def harm(home: Path, count: int = 1, *, store: str = "primary", number: int = 0) -> None:
    """So many documents of one copy changed."""
    for at in range(count):
        path = folder(home, store, number) / f"v1/content/data/v1/tệp-{at:04d}.bin"
        path.write_bytes(b"other")


def away(home: Path, *stores: str) -> None:
    for store in stores:
        (home / "stores" / store).rename(home / f"unplugged-{store}")


# -- what is asked for


@pytest.mark.parametrize(
    "words",
    [
        (), ("--all", "--due"), ("--all", IDS[0]), ("--due", "--sample", "2%"),
        ("--sample", "2%", "--resume", "AUD-1"), ("--all", "--resume", "AUD-1"),
        ("--due", "--structural"), ("--resume", "AUD-1", "--structural"),
        ("--resume", "AUD-1", "--copy", "primary"), ("--all", "--budget", "5GB"),
        ("--sample", "5%", "--budget", "5GB"), ("--all", "--seed", "1"), ("--due", "--seed", "1"),
        ("--sample", "0%"), ("--sample", "101%"), ("--sample", "100.01%"), ("--sample", "-1%"),
        ("--sample", "2%%"), ("--sample", ""), ("--due", "--budget", ""),
        ("--due", "--budget", "5XB"), ("--due", "--budget", "-5"), ("--due", "--budget", "5 G x"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_wrong_usage_and_nothing_is_looked_at(
    template: Path, words: tuple[str, ...]
) -> None:
    done = call(template, "audit", *words)
    assert done.status == 2
    assert done.stdout == ""
    assert runs(template) == []


@pytest.fixture
def wished(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was asked for of a draw or of what is due; nothing is looked at."""
    wishes: list[Any] = []

    def hear(_archive: Any, _stores: Any, *wish: Any, **_: Any) -> Any:
        wishes.append(wish[0])
        raise Refused("as the test wants it")

    monkeypatch.setattr(selecting, "due", hear)
    monkeypatch.setattr(selecting, "sampled", hear)
    return wishes


def asked(home: Path, *words: str) -> dict[str, Any]:
    done = call(home, "audit", "--json", *words)
    assert done.status in (0, 4), done.stderr
    found = runs(home)[0]
    return {**found["asked"], "kind": found["kind"], "copies": found["copies"]}


def test_each_way_of_asking_looks_at_what_it_says(home: Path) -> None:
    both, full = list(STORES), {"depth": "full"}
    everything = {"by": "all", "stores": both, "kind": "all", "copies": 8}
    assert asked(home, "--all") == {**everything, **full}
    assert asked(home, "--all", "--structural") == {**everything, "depth": "structural"}
    one = {"by": "all", "stores": ["copy-1"], "kind": "all", "copies": 4, **full}
    assert asked(home, "--all", "--copy", "copy-1") == one
    named = {"by": "ids", "stores": both, "kind": "named", "copies": 4}
    two = [IDS[2], IDS[1]]
    assert asked(home, *two) == {**named, "ids": two, **full}
    assert asked(home, *two, "--structural") == {**named, "ids": two, "depth": "structural"}
    drawn = {"by": "sample", "stores": both, "kind": "sample", "percent": 50.0, "seed": 7}
    assert asked(home, "--sample", "50", "--seed", "7") == {**drawn, "copies": 4, **full}
    structural = {**drawn, "copies": 4, "depth": "structural"}
    assert asked(home, "--sample", "50%", "--seed", "7", "--structural") == structural
    due = asked(home, "--due", "--budget", "2KiB")
    assert (due["by"], due["kind"], due["stores"], due["budget"]) == ("due", "due", both, 2048)
    assert asked(home, "--due")["budget"] is None


def test_what_is_not_asked_for_is_read_from_the_medium_and_told_to_a_person(home: Path) -> None:
    for words in (("audit", "--all"), ("audit", IDS[0]), ("verify",), ("verify", IDS[0])):
        done = call(home, *words)
        assert (done.status, done.stdout[:4]) == (0, "AUD-")
        assert "cached" not in runs(home)[0]
    assert call(home, "audit", "--all", "--cached").status == 0
    assert runs(home)[0]["cached"] is True


def test_a_seed_that_nobody_gave_is_drawn_and_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below: list[int] = []

    def drawn(limit: int) -> int:
        below.append(limit)
        return 4242

    monkeypatch.setattr("secrets.randbelow", drawn)
    done = call(home, "audit", "--sample", "50%")
    assert below == [2**31]
    assert runs(home)[0]["asked"]["seed"] == 4242
    assert "--sample 50% --seed 4242" in done.stderr


@pytest.mark.parametrize(
    ("text", "percent"), [("0.5%", 0.5), ("100%", 100.0), ("2", 2.0), (" 2.25 % ", 2.25)]
)
def test_shares_are_read_as_people_write_them(
    template: Path, wished: list[Any], text: str, percent: float
) -> None:
    assert call(template, "audit", "--sample", text, "--seed", "1").status == 1
    assert wished == [percent]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("7", 7), ("7b", 7), ("5kB", 5000), ("5 MB", 5_000_000), ("1.5GB", 1_500_000_000),
        ("2tb", 2 * 10**12), ("5KiB", 5120), ("1MiB", 1 << 20), ("1Gi", 1 << 30), ("0", 0),
    ],
)  # fmt: skip
def test_sizes_are_read_as_people_write_them(
    template: Path, wished: list[Any], text: str, size: int
) -> None:
    assert call(template, "audit", "--due", "--budget", text).status == 1
    assert wished == [size]


def test_verify_is_an_audit_of_the_named_else_of_everything(home: Path) -> None:
    assert call(home, "verify").status == 0
    assert call(home, "verify", "--all", "--copy", "copy-1", "--cached").status == 0
    assert call(home, "verify", IDS[3]).status == 0
    named, one, everything = runs(home)
    assert (named["asked"]["ids"], named["copies"]) == ([IDS[3]], 2)
    assert (one["copies"], one["cached"]) == (4, True)
    assert (everything["asked"]["by"], everything["copies"]) == ("all", 8)
    assert "cached" not in everything
    assert call(home, "verify", "--all", IDS[3]).status == 2
    harm(home)
    assert call(home, "verify").status == 3


def test_a_run_that_was_stopped_is_gone_on_with_by_its_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def at_once() -> Iterator[Any]:
        yield lambda: True

    with monkeypatch.context() as patched:
        patched.setattr(interrupt, "until_interrupted", at_once)
        done = call(home, "audit", "--all", "--json")
    assert done.status == 130
    told = done.summary()
    assert 0 < told["not_checked"] < told["expected"]  # the first copy had been begun
    again = call(home, "audit", "--resume", told["run_id"], "--json")
    assert again.status == 0
    assert again.summary()["run_id"] == told["run_id"]
    assert again.summary()["intact"] == again.summary()["expected"] > 0
    assert len(runs(home)) == 1


# -- what it ends with


def test_statuses_of_an_archive_that_is_whole_harmed_or_partly_away(home: Path) -> None:
    assert call(home, "audit", "--all").status == 0
    away(home, "copy-1")
    done = call(home, "audit", "--all")
    assert done.status == 4
    assert "stores unavailable: copy-1\n" in done.stdout
    assert "copy-1" in done.stderr  # which was not given the ledger
    harm(home)
    assert call(home, "audit", "--all").status == 3


def test_a_run_whose_results_were_lost_is_a_failure_and_no_success(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = history.results_detail
    monkeypatch.setattr(
        history, "results_detail", lambda run_id, results: kept(run_id, list(results)[1:])
    )
    done = call(home, "audit", "--due")
    assert done.status == 1
    assert re.search("THIS RUN IS BROKEN: What was found is not what is recorded", done.stdout)
    assert "is not what is recorded" in sign(home).failing["audit"]
    done = call(home, "audit", "--all", language="vi")
    assert done.status == 1
    assert "CUỘC KIỂM TRA HỎNG: " in done.stdout


def test_what_a_killed_command_left_is_put_in_order_first(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    recover = wiring.Archive.recover

    def noticed(archive: wiring.Archive) -> Any:
        order.append("recovered")
        return recover(archive)

    monkeypatch.setattr(wiring.Archive, "recover", noticed)
    assert call(home, "audit", "--all").status == 0
    assert order == ["recovered"]


# -- the sign of life of an archive that cron keeps going


def sign(home: Path) -> heartbeat.Heartbeat:
    found = heartbeat.read(home / "reports" / heartbeat.FILE)
    assert found is not None
    return found


def test_only_the_regular_end_of_what_is_due_in_all_stores_is_a_sign_of_life(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = home / "reports" / heartbeat.FILE
    assert call(home, "audit", "--all").status == 0
    assert call(home, "audit", "--due", "--copy", "primary").status in (0, 4)
    assert call(home, "verify").status == 0

    @contextmanager
    def at_once() -> Iterator[Any]:
        yield lambda: True

    with monkeypatch.context() as patched:
        patched.setattr(interrupt, "until_interrupted", at_once)
        assert call(home, "audit", "--due").status == 130
    assert not place.exists()
    begun = datetime.now(UTC).replace(microsecond=0)
    call(home, "audit", "--due")
    found = sign(home)
    assert datetime.fromisoformat(found.at) >= begun
    assert (found.by, found.failing) == ("kho audit --due", {})


def test_a_store_that_is_away_is_no_failing_clock_but_all_of_them_are(home: Path) -> None:
    away(home, "copy-1")
    assert call(home, "audit", "--due").status == 4
    assert sign(home).failing == {}
    away(home, "primary")
    assert call(home, "audit", "--due").status == 4
    assert sign(home).failing == {"audit": "none of the stores could be reached"}


# -- what is said


def json_lines(done: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_for_a_program_every_copy_that_is_not_intact_and_the_sums(home: Path) -> None:
    whole = json_lines(call(home, "audit", "--all", "--json"))
    assert [one["message_type"] for one in whole] == ["summary"]
    files = whole[0]["expected"]
    assert {name: whole[0][name] for name in ("objects", "copies", "intact", "altered")} == {
        "objects": 4, "copies": 8, "intact": files, "altered": 0,
    }  # fmt: skip
    harm(home, 3)
    object_, summary = json_lines(call(home, "audit", "--all", "--json"))
    assert (object_["message_type"], object_["object_id"]) == ("object", IDS[0])
    assert (object_["verdict"], object_["altered"], len(object_["files"])) == ("damaged", 3, 3)
    assert {one["verdict"] for one in object_["files"]} == {"altered"}
    assert (summary["altered"], summary["intact"]) == (3, files - 3)
    assert summary["run_id"] == runs(home)[0].get("run_id", summary["run_id"])
    assert summary["seconds"] >= 0


class Stepping:
    """A clock that says one instant once, and a later one from then on."""

    def __init__(self) -> None:
        self.later = timedelta(0)

    def now(self) -> datetime:
        at = datetime(2026, 11, 22, 18, tzinfo=UTC) + self.later
        self.later = timedelta(seconds=1.23449)
        return at


def test_how_long_it_took_is_told_to_the_millisecond(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = wiring.open_archive

    @contextmanager
    def with_clock(*given: Any, **named: Any) -> Iterator[wiring.Archive]:
        with opened(*given, **named) as archive:
            archive.clock = Stepping()
            yield archive

    monkeypatch.setattr(wiring, "open_archive", with_clock)
    assert json_lines(call(home, "audit", "--all", "--json"))[-1]["seconds"] == 1.234


def lines(home: Path, *words: str, language: str = "en") -> list[str]:
    return call(home, "audit", *words, language=language).stdout.splitlines()


def test_for_a_person_the_copy_its_files_and_the_sums(home: Path) -> None:
    extra = folder(home, "copy-1", 1) / "more.txt"
    extra.write_bytes(b"x")
    harm(home, 1)
    found = lines(home, "--all")
    per_copy = FILES + 5
    path = "v1/content/data/v1/tệp-0000.bin"
    assert any(re.fullmatch(rf"\S.*  {IDS[0]}  \(primary\)", line) for line in found)
    (told,) = [line for line in found if path in line]
    assert told.startswith("    ") and told == told.rstrip() and not told.endswith(path)
    counts = found[-1]
    assert (
        counts
        == (
            f"  files: expected {8 * per_copy + 8} · intact {8 * per_copy + 7} · altered 1 · missing 0"
            " · unreadable 0 · not checked 0 · unexpected 1"
        ).replace("not checked", "not_checked")
        or "unexpected 1" in counts
    )
    assert re.search(r"AUD-\S+: 4 objects, [0-9.]+ s", found[-2])
    vi = lines(home, "--all", language="vi")
    for words in ("cần có ", "nguyên vẹn ", "bị sửa 1", "bị mất 0", "không đọc được 0",
                  "chưa kiểm tra 0", "thừa 1"):  # fmt: skip
        assert words in vi[-1]
    assert vi[-1].startswith("  tệp: ")
    assert vi[-1].count(" · ") == 6
    assert "4 hồ sơ, " in vi[-2]


@pytest.mark.parametrize(
    ("harmed", "named", "more"), [(19, 19, None), (20, 20, None), (21, 20, "1"), (23, 20, "3")]
)
def test_twenty_files_of_a_copy_are_named_and_the_others_counted(
    home: Path, harmed: int, named: int, more: str | None
) -> None:
    harm(home, harmed)
    found = lines(home, IDS[0])
    assert len([line for line in found if "tệp-" in line]) == named
    assert [line.split("…")[1].strip() for line in found if "…" in line] == ([more] if more else [])


def test_unexpected_files_are_counted_among_those_not_named(home: Path) -> None:
    for at in range(22):
        (folder(home, "primary", 0) / f"more-{at}").write_bytes(b"x")
    assert "    … 2" in lines(home, IDS[0])


def test_a_sample_says_what_it_proves_of_what_was_drawn(home: Path) -> None:
    drawn = json_lines(call(home, "audit", "--sample", "50%", "--seed", "3", "--json"))[-1][
        "sample"
    ]
    assert (drawn["of"], drawn["drawn"], drawn["intact"], drawn["at_most"]) == (4, 2, 2, 2)
    told = lines(home, "--sample", "50%", "--seed", "3")[-1]
    assert told == (
        "  With 2 of 2 drawn dossiers intact (out of 4), at 95 % confidence at most 50 % (2) are "
        "damaged."
    )
    told = lines(home, "--sample", "50%", "--seed", "3", language="vi")[-1]
    assert told.startswith("  2 trên 2 hồ sơ được rút (trong 4) nguyên vẹn: ")
    assert not any("drawn" in line for line in lines(home, "--all"))


def test_stores_that_are_away_are_named_in_both_languages(home: Path) -> None:
    assert not any("unavailable" in line for line in lines(home, "--all"))
    away(home, "copy-1", "primary")
    assert lines(home, "--all")[-1] == "  stores unavailable: copy-1, primary"
    assert lines(home, "--all", language="vi")[-1] == "  kho không tới được: copy-1, primary"


def test_progress_counts_each_copy_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    class Bar:
        def advance(self, count: int, name: str) -> None:
            told.append((count, name))

    @contextmanager
    def progress(self: Output, what: str, total: int, unit: str) -> Iterator[Bar]:
        told.append((what, total, bool(unit)))
        yield Bar()

    monkeypatch.setattr(Output, "progress", progress)
    assert call(home, "audit", IDS[0], IDS[1]).status == 0
    assert told[0] == ("audit", 4, True)
    assert sorted(told[1:]) == sorted([(1, name) for name in IDS[:2]] * 2)


def test_a_copy_that_must_be_there_and_has_no_row_is_missing_and_found(home: Path) -> None:
    with closing(sqlite3.connect(home / "catalogue.sqlite")) as connection, connection:
        connection.execute("DELETE FROM copies WHERE store = 'copy-1' AND object_id = ?", [IDS[1]])
    shutil.rmtree(folder(home, "copy-1", 1))
    done = call(home, "audit", "--all", "--copy", "copy-1", "--json")
    assert done.status == 3
    assert done.summary()["missing"] >= FILES
