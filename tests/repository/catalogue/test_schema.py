"""The file: making it, opening it, migrating it, refusing what is not one."""

import sqlite3
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from repository.catalogue import engine
from repository.catalogue.catalogue import create_catalogue, migrate, open_catalogue
from repository.catalogue.schema import CURRENT_REVISION
from repository.catalogue.tables import AnyText, metadata
from repository.errors import Conflict, Corrupt, Locked, Misconfigured, NotFound
from tests.repository.catalogue.making import ID, make_copy, make_event, make_object, put


def test_the_migrations_make_exactly_the_tables_of_the_program(path):
    made = engine.make_engine(path, "ro")
    with engine.reading(made) as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: not str(name).startswith("search_index")},
        )
        assert compare_metadata(context, metadata) == []
    made.dispose()


def test_the_current_revision_is_the_last_migration():
    config = Config()
    config.set_main_option("script_location", "repository.catalogue:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [CURRENT_REVISION]


def test_making_and_opening_a_catalogue(tmp_path):
    path = tmp_path / "Kho lưu trữ #1?%20" / "catalogue.sqlite"
    path.parent.mkdir()
    create_catalogue(path)
    with open_catalogue(path) as catalogue:
        assert catalogue.last_sequence() == 0
    assert sorted(p.name for p in path.parent.iterdir()) == ["catalogue.sqlite"]


def test_a_catalogue_that_is_there_is_never_made_again(path):
    with open_catalogue(path) as catalogue, catalogue.transaction() as tx:
        tx.put_copy(make_copy())
    with pytest.raises(Conflict):
        create_catalogue(path)
    with open_catalogue(path) as catalogue:
        assert catalogue.copies(ID.format(1))


def test_making_goes_on_where_a_crash_left_an_empty_file(tmp_path):
    (tmp_path / "c.sqlite").touch()
    with pytest.raises(Misconfigured, match="interrupted"):
        open_catalogue(tmp_path / "c.sqlite")
    create_catalogue(tmp_path / "c.sqlite")
    open_catalogue(tmp_path / "c.sqlite").close()


def test_what_is_not_there_is_not_found(tmp_path):
    for ask in (open_catalogue, migrate):
        with pytest.raises(NotFound):
            ask(tmp_path / "none.sqlite")
    with pytest.raises(NotFound):
        open_catalogue(tmp_path)
    with pytest.raises(NotFound):
        create_catalogue(tmp_path / "none" / "c.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_database_is_corrupt(tmp_path):
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"This is not a database, but it is longer than a header." * 100)
    for ask in (open_catalogue, migrate, create_catalogue):
        with pytest.raises(Corrupt, match="kho rebuild"):
            ask(path)


def test_another_program_s_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "c.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.commit()
    other.close()
    with pytest.raises(Conflict):
        create_catalogue(path)
    for ask in (open_catalogue, migrate):
        with pytest.raises(Misconfigured):
            ask(path)


@pytest.mark.parametrize(("revision", "told"), [("0000", "migrate"), ("9999", "later")])
def test_a_catalogue_of_another_step_is_not_opened_and_says_what_to_do(path, revision, told):
    direct = sqlite3.connect(path)
    direct.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    direct.commit()
    direct.close()
    for read_only in (False, True):
        with pytest.raises(Misconfigured, match=told):
            open_catalogue(path, read_only=read_only)
    with pytest.raises(Misconfigured):
        migrate(path)


def test_migrating_what_is_current_changes_nothing(path):
    with open_catalogue(path) as catalogue, catalogue.transaction() as tx:
        put(tx, make_object())
    migrate(path)
    with open_catalogue(path) as catalogue:
        assert catalogue.object(ID.format(1)) == make_object()


def test_a_read_only_catalogue_answers_and_cannot_be_written(path):
    with open_catalogue(path) as catalogue, catalogue.transaction() as tx:
        put(tx, make_object(title="Đất đai"))
    with open_catalogue(path, read_only=True) as reader:
        assert reader.object(ID.format(1)) is not None
        assert reader.search("ho so", limit=1) or reader.search("dat", limit=1)
        with pytest.raises(Misconfigured, match="right to write"), reader.transaction() as tx:
            tx.put_copy(make_copy())
        assert reader.copies(ID.format(1)) == ()


def test_a_reader_sees_what_a_writer_committed_and_nothing_before(path):
    with (
        open_catalogue(path) as writer,
        open_catalogue(path, read_only=True) as reader,
    ):
        with writer.transaction() as tx:
            tx.put_copy(make_copy())
            assert reader.copies(ID.format(1)) == ()
        assert reader.copies(ID.format(1)) == (make_copy(),)


def test_a_writer_that_waited_long_enough_is_told_so(path):
    impatient = engine.make_engine(path, "rw", wait_seconds=0.05)
    with (
        open_catalogue(path) as catalogue,
        catalogue.transaction(),
        pytest.raises(Locked),
        engine.writing(impatient),
    ):
        raise AssertionError("two writers at once")
    impatient.dispose()


def test_threads_share_one_catalogue(catalogue):
    failures = []

    def work(name):
        try:
            for number in range(15):
                with catalogue.transaction() as tx:
                    tx.append_event(make_event(event_id=f"{name}-{number}"))
                    put(tx, make_object(number), documents=[])
                catalogue.search("ho so", limit=5)
                list(catalogue.objects())
        except BaseException as error:  # noqa: BLE001 - told to the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [e.sequence for e in catalogue.events()] == list(range(1, 121))


def test_a_damaged_catalogue_is_told_as_such_and_not_as_an_empty_one(path):
    with open_catalogue(path) as catalogue, catalogue.transaction() as tx:
        for number in range(40):
            put(tx, make_object(number))
    damaged = bytearray(path.read_bytes())
    damaged[4096 * 2 :] = b"\xa5" * (len(damaged) - 4096 * 2)
    path.write_bytes(damaged)
    with pytest.raises(Corrupt), open_catalogue(path) as catalogue:
        list(catalogue.objects())


def test_the_tables_can_be_made_in_postgresql_ordered_by_code_point():
    for table in metadata.sorted_tables:
        made = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        texts = [c for c in table.columns if isinstance(c.type, AnyText)]
        assert made.count('COLLATE "C"') == len(texts)


def test_an_older_catalogue_is_told_when_each_copy_was_last_read_as_a_rebuild_would(tmp_path):
    from alembic import command

    from preservation import history
    from repository.catalogue import schema
    from repository.catalogue.records import AuditResultRecord, CopyRecord

    def copied(at, store="primary"):
        copy = CopyRecord(ID.format(1), store, "v1", at, "direct", "", "")
        return history.copies_detail([copy], "v1", "0" * 128)

    def seen(at, verdict, unreadable=0, not_checked=0, store="primary"):
        intact = 3 - unreadable - not_checked
        sums = (3, intact, 0, 0, unreadable, not_checked, 0, 9)
        return history.results_detail(
            "a", [AuditResultRecord("a", ID.format(1), store, at, verdict, *sums)]
        )

    told = [
        ("ingestion", copied("2020-01-01T00:00:00Z")),
        ("replication", copied("2020-02-01T00:00:00Z", "copy-1")),
        ("fixity check", seen("2020-03-01T00:00:00Z", "intact")),
        ("metadata modification", copied("2020-04-01T00:00:00Z")),
        ("fixity check", seen("2020-05-01T00:00:00Z", "incomplete", unreadable=1)),
        ("fixity check", seen("2020-06-01T00:00:00Z", "incomplete", not_checked=3)),
        ("fixity check", seen("2020-06-01T00:00:00Z", "damaged", store="copy-1")),
        ("metadata modification", copied("2020-07-01T00:00:00Z", "copy-1")),
    ]
    fresh = tmp_path / "fresh.sqlite"
    create_catalogue(fresh)
    with open_catalogue(fresh) as catalogue:
        for number, (type_, detail) in enumerate(told, 1):
            with catalogue.transaction() as tx:
                history.record(tx, make_event(number, type=type_, detail=detail))
        expected = catalogue.copies(ID.format(1))
    assert [(one.read_at[:7], one.tried_at[:7], one.last_verdict) for one in expected] == [
        ("2020-06", "", "damaged"),
        ("2020-03", "2020-05", "incomplete"),
    ]
    old = tmp_path / "old.sqlite"
    made = engine.make_engine(old, "rwc")
    with engine.writing(made) as connection:
        config = schema._alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    made.dispose()
    source, target = sqlite3.connect(fresh), sqlite3.connect(old)
    for row in source.execute("SELECT * FROM events"):
        target.execute(f"INSERT INTO events VALUES ({','.join('?' * len(row))})", row)
    for one in expected:  # as the older program had them
        row = (one.object_id, one.store, one.head, one.written_at, one.read_back, "", "")
        target.execute("INSERT INTO copies VALUES (?,?,?,?,?,?,?)", row)
    target.commit()
    source.close()
    target.close()
    migrate(old)
    with open_catalogue(old) as catalogue:
        assert catalogue.copies(ID.format(1)) == expected
