"""BagIt: bags as values and rules, by RFC 8493 (BagIt 1.0) and its drafts 0.93 to 0.97.

Core: reading happens through a `BagTree` that the caller provides, and writing gives
bytes. `validate_bag` judges, `write_manifest`, `write_bag_info` and `BAGIT_TXT` make BagIt 1.0.
"""

from repository.bag.declaration import BAGIT_TXT
from repository.bag.info import parse_bag_info, write_bag_info
from repository.bag.manifest import ManifestEntry, parse_manifest, write_manifest
from repository.bag.validate import validate_bag

__all__ = [
    "BAGIT_TXT",
    "ManifestEntry",
    "parse_bag_info",
    "parse_manifest",
    "validate_bag",
    "write_bag_info",
    "write_manifest",
]
