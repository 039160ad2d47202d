"""The BagIt 1.0 files around the payload (RFC 8493), from the digests that are known already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from preservation.dossier import Dossier
from repository.bag import BAGIT_TXT, write_bag_info, write_manifest
from repository.clock import VIETNAM
from repository.digest import digest_bytes
from repository.store import PlannedFile

ALGORITHMS = ("sha512", "sha256")


@dataclass(frozen=True, slots=True)
class Organisation:
    """The archive that keeps the package and answers for it."""

    name: str
    address: str = ""
    contact: str = ""  # a person, a telephone number or an electronic address


def tag_files(
    dossier: Dossier,
    payload: Iterable[PlannedFile],
    *,
    now: datetime,
    software: str,
    organisation: Organisation,
    profile: str,
) -> dict[str, bytes]:
    """The six files at the top of the bag, by name. `payload` is everything under `data/`."""
    files = list(payload)
    tags = {
        "bagit.txt": BAGIT_TXT,
        "bag-info.txt": _bag_info(dossier, files, now, software, organisation, profile),
        "manifest-sha512.txt": write_manifest(
            "sha512", {file.logical_path: file.sha512 for file in files}
        ),
        "manifest-sha256.txt": write_manifest(
            "sha256", {file.logical_path: file.sha256 for file in files}
        ),
    }
    digests = {name: digest_bytes(data, ALGORITHMS) for name, data in tags.items()}
    for algorithm in ALGORITHMS:
        tags[f"tagmanifest-{algorithm}.txt"] = write_manifest(
            algorithm, {name: found[algorithm] for name, found in digests.items()}
        )
    return tags


def _bag_info(
    dossier: Dossier,
    files: list[PlannedFile],
    now: datetime,
    software: str,
    organisation: Organisation,
    profile: str,
) -> bytes:
    sent = dossier.submission
    elements = [
        ("Source-Organization", organisation.name),
        ("Organization-Address", organisation.address),
        ("Contact-Email" if "@" in organisation.contact else "Contact-Name", organisation.contact),
        ("External-Description", dossier.title),
        ("External-Identifier", dossier.object_id),
        ("Bag-Group-Identifier", sent.transfer_id),
        ("Bagging-Date", now.astimezone(VIETNAM).date().isoformat()),
        ("Payload-Oxum", f"{sum(file.size for file in files)}.{len(files)}"),
        ("Internal-Sender-Identifier", sent.objid_given),
        ("Bag-Software-Agent", software),
        ("Kho-AIP-Profile", profile),
    ]
    written = [(label, _one_line(value)) for label, value in elements]
    return write_bag_info((label, value) for label, value in written if value)


def _one_line(text: str) -> str:
    """The text without line breaks and controls, which would start another element."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
