import pytest

from repository.catalogue.catalogue import create_catalogue, open_catalogue


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory):
    """The bytes of a catalogue without records: migrations are run once, not in every test."""
    path = tmp_path_factory.mktemp("empty") / "catalogue.sqlite"
    create_catalogue(path)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path, empty_file):
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(empty_file)
    return path


@pytest.fixture
def catalogue(path):
    with open_catalogue(path) as opened:
        yield opened
