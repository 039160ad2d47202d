"""Time stamps of an authority outside, RFC 3161: asked for, kept as they came, and judged.

A stamp is judged with the roots of the archive's `trust/`, at the moment it was given.
rfc3161-client judges; what that library is too strict to read (a chain that is not in the order of
DER) is judged by `openssl ts`. Nothing here decides when to ask.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from calendar import timegm
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

from asn1crypto import tsp  # type: ignore[import-untyped]
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from preservation.ledger.anchors import Anchor, AnchorVerdict
from preservation.ledger.checkpoint import parse_note
from preservation.signatures.trust import TrustRoots
from repository.clock import utc_text
from repository.digest import digest_bytes
from repository.errors import Unavailable

MAX_ANSWER = 256 * 1024
_REQUEST = "application/timestamp-query"
_HASHES = ("sha256", "sha384", "sha512")
_OPENSSL_SECONDS = 30


@dataclass(frozen=True, slots=True)
class _Stamp:
    hash_name: str
    imprint: bytes
    time: datetime
    nonce: int | None


def ask(url: str, note: str, timeout: float) -> Anchor:
    """Have the authority at `url` stamp a checkpoint.

    After return it granted a stamp over exactly these bytes. Unavailable: it could not be reached,
    did not answer in time, or gave something else. Whom its certificate belongs to is not judged
    here but by `StampJudge`.
    """
    builder = TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA512)
    request = builder.build()
    token = _posted(url, request.as_bytes(), timeout)
    try:
        stamp = _read(token)
        against = _against(stamp, note)
        if stamp.nonce != request.nonce:
            against = against or "it answers another request"
    except ValueError as problem:
        against = str(problem)
    if against:
        raise Unavailable(f"The time-stamping authority {url} gave no stamp of ours: {against}.")
    return Anchor("rfc3161", note, parse_note(note).size, url, token, utc_text(stamp.time))


class StampJudge:
    """Says what an anchor is worth by these roots."""

    def __init__(self, trust: TrustRoots) -> None:
        self._trust = trust

    def __call__(self, anchor: Anchor) -> AnchorVerdict:
        """`right`: an authority under one of the roots saw this checkpoint at the time it says."""
        if anchor.kind != "rfc3161":
            return AnchorVerdict("told", "only who was told can show it")
        try:
            stamp = _read(anchor.token)
        except ValueError as problem:
            return AnchorVerdict("wrong", str(problem))
        against = _against(stamp, anchor.note)
        if not against and utc_text(stamp.time) != anchor.time:
            against = "its stamp is of another time than the entry says"
        if against:
            return AnchorVerdict("wrong", against)
        if not self._trust.roots:
            return AnchorVerdict("not judged", "trust/ has no root certificate to judge it by")
        if self._by_library(anchor):
            return AnchorVerdict("right", "")
        return self._by_openssl(anchor, stamp)

    def _by_library(self, anchor: Anchor) -> bool:
        """Whether the library finds it right. What it cannot read, OpenSSL is asked."""
        try:
            builder = VerifierBuilder(roots=[_certificate(der) for der in self._trust.roots])
            for der in self._trust.helpers:
                builder = builder.add_intermediate_certificate(_certificate(der))
            answer = decode_timestamp_response(anchor.token)
            return builder.build().verify_message(answer, anchor.note.encode())
        except (VerificationError, ValueError, TypeError):
            return False

    def _by_openssl(self, anchor: Anchor, stamp: _Stamp) -> AnchorVerdict:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "token").write_bytes(anchor.token)
            (place / "note").write_bytes(anchor.note.encode())
            (place / "roots").write_bytes(_pem(self._trust.roots))
            (place / "helpers").write_bytes(_pem(self._trust.helpers))
            command = ["openssl", "ts", "-verify", "-in", str(place / "token")]
            command += ["-data", str(place / "note"), "-CAfile", str(place / "roots")]
            command += ["-attime", str(timegm(stamp.time.utctimetuple()))]
            if self._trust.helpers:
                command += ["-untrusted", str(place / "helpers")]
            try:
                done = subprocess.run(  # noqa: S603  # our own words and paths
                    command, capture_output=True, timeout=_OPENSSL_SECONDS, check=False
                )
            except (OSError, subprocess.TimeoutExpired):
                return AnchorVerdict(
                    "not judged", "it could not be checked, and `openssl` is not there to ask"
                )
        if done.returncode == 0 and b"Verification: OK" in done.stdout:
            return AnchorVerdict("right", "")
        return AnchorVerdict("not judged", "no root in trust/ stands behind its stamp")


def _posted(url: str, request: bytes, timeout: float) -> bytes:
    asked = urllib.request.Request(  # noqa: S310  # the settings allow http and https only
        url, request, {"Content-Type": _REQUEST, "Accept": "application/timestamp-reply"}
    )
    opener = urllib.request.build_opener(_NoRedirect())
    try:
        with opener.open(asked, timeout=timeout) as answer:
            data = _whole(answer, time.monotonic() + timeout)
    except (OSError, HTTPException, ValueError) as problem:
        if isinstance(problem, urllib.error.HTTPError):
            problem.close()
        raise Unavailable(
            f"The time-stamping authority {url} did not answer: {_said(problem)}. It is asked again "
            "the next time."
        ) from problem
    if len(data) > MAX_ANSWER:
        raise Unavailable(f"The answer of {url} is longer than any time stamp.")
    return data


def _whole(answer: HTTPResponse, deadline: float) -> bytes:
    """The answer, or a little more than is allowed of it. TimeoutError when it comes too slowly."""
    data = b""
    while len(data) <= MAX_ANSWER and (block := answer.read1(MAX_ANSWER + 1 - len(data))):
        data += block
        if time.monotonic() > deadline:
            raise TimeoutError("it answers too slowly")
    return data


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Whom the settings name is asked, and nobody else."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        return None


def _said(problem: Exception) -> str:
    said = problem.reason if isinstance(problem, urllib.error.URLError) else problem
    return " ".join("".join(c if c.isprintable() else " " for c in str(said)[:200]).split())


def _read(token: bytes) -> _Stamp:
    """What a TimeStampResp says. ValueError says why it is none, or nothing was granted."""
    try:
        answer = tsp.TimeStampResp.load(token, strict=True)
        if answer["status"]["status"].native not in ("granted", "granted_with_mods"):
            raise ValueError("it was refused")
        info = answer["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
        imprint = info["message_imprint"]
        return _Stamp(
            str(imprint["hash_algorithm"]["algorithm"].native),
            bytes(imprint["hashed_message"].native),
            info["gen_time"].native,
            info["nonce"].native,
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as problem:
        if str(problem) == "it was refused":
            raise
        raise ValueError("it is no time stamp") from problem


def _against(stamp: _Stamp, note: str) -> str:
    """Why the stamp is not of this checkpoint; nothing when it is."""
    if stamp.hash_name not in _HASHES:
        return "it is made with a hash that is not trusted"
    ours = digest_bytes(note.encode(), [stamp.hash_name])[stamp.hash_name]
    return "" if ours == stamp.imprint.hex() else "its stamp is of something else"


def _certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _pem(certificates: tuple[bytes, ...]) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(_certificate(der).public_bytes(Encoding.PEM) for der in certificates)
