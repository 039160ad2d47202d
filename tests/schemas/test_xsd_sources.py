"""The vendored schemas are the files SOURCES.md says they are, all of them and no other."""

import re
from hashlib import sha256
from importlib.resources import files

XSD = files("schemas") / "xsd"
ROW = re.compile(r"^\| `([^`]+)` \| (.+?) \| (.+?) \| (.+?) \| `([0-9a-f]{64})` \|$", re.MULTILINE)


def test_each_vendored_schema_has_its_origin_licence_and_digest():
    listed = {row[1]: row[5] for row in ROW.finditer((XSD / "SOURCES.md").read_text("utf-8"))}
    present = {one.name: one.read_bytes() for one in XSD.iterdir() if one.name.endswith(".xsd")}
    assert listed == {name: sha256(data).hexdigest() for name, data in present.items()}
