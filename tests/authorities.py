"""Other people's offices for tests, in this process: a mail server and a time-stamping authority."""

from __future__ import annotations

import datetime
import http.server
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_END = datetime.datetime(2060, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Issued:
    """A certificate with its private key."""

    certificate: x509.Certificate
    private: rsa.RSAPrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Certificate and key as PEM files."""
        key = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.pem").write_bytes(self.pem)
        (folder / f"{name}.key").write_bytes(key)
        return folder / f"{name}.pem", folder / f"{name}.key"


def issue(name: str, by: Issued | None = None, *, stamps: bool = False) -> Issued:
    """A root, or what a root issued: for a server on this machine, or for time stamps."""
    private = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_START)
        .not_valid_after(_END)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False
        )
    )
    signer = by.private if by else private
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    if by is None:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    elif stamps:
        only = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(only, critical=True)
    else:
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = builder.add_extension(names, critical=False)
    return Issued(builder.sign(signer, hashes.SHA256()), private)


# -- mail


@dataclass
class MailServer:
    """A small mail server: what it was given, and what it answers to."""

    port: int = 0
    user: str = ""
    taken: list[bytes] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)  # word → what it answers instead


@contextmanager
def mail_server(certificate: tuple[Path, Path] | None = None) -> Iterator[MailServer]:
    """A server on this machine that takes mail; with a certificate it offers STARTTLS."""
    state = MailServer()
    listening = socket.create_server(("127.0.0.1", 0))
    state.port = listening.getsockname()[1]

    def serve() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            client.settimeout(10)
            try:
                _talk(client, state, certificate)
            except (OSError, ValueError):
                client.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(timeout=10)


def _talk(client: socket.socket, state: MailServer, certificate: tuple[Path, Path] | None) -> None:
    stream = client.makefile("rwb", buffering=0)

    def say(text: str) -> None:
        stream.write(f"{text}\r\n".encode())

    say("220 here")
    while line := stream.readline():
        word = line.split()[0].decode("latin-1").upper() if line.split() else ""
        if word in state.answers:
            say(state.answers[word])
        elif word == "EHLO":
            offers = ["here", *(["STARTTLS"] if certificate else []), "AUTH PLAIN", "8BITMIME"]
            for offer in offers[:-1]:
                say(f"250-{offer}")
            say(f"250 {offers[-1]}")
        elif word == "STARTTLS" and certificate:
            say("220 go on")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            client = context.wrap_socket(client, server_side=True)
            stream = client.makefile("rwb", buffering=0)
            certificate = None
        elif word == "AUTH":
            state.logins.append(line.decode().split()[2])
            say("235 welcome")
        elif word == "DATA":
            say("354 go on")
            data = b""
            while (part := stream.readline()) not in (b".\r\n", b""):
                data += part
            state.taken.append(data)
            say("250 taken")
        elif word == "QUIT":
            say("221 bye")
            break
        else:
            say("250 so be it")
    client.close()


# -- time stamps

_TSA = """
[tsa]
default_tsa = here
[here]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = {chain}
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """A time-stamping authority: `answer` is given instead of a stamp, when it is set."""

    url: str
    root: Issued
    answer: bytes | None = None
    asked: list[bytes] = field(default_factory=list)
    status: int = 200


@contextmanager
def time_authority(folder: Path, *, chain: bool = False) -> Iterator[Authority]:
    """An authority on this machine: OpenSSL behind a small HTTP server."""
    openssl = shutil.which("openssl")
    assert openssl, "the tests need the program openssl"
    folder.mkdir()
    root = issue("Test time root")
    issue("Test time authority", root, stamps=True).write(folder, "tsa")
    root.write(folder, "root")
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(_TSA.format(folder=folder, chain="yes" if chain else "no"))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            state.asked.append(asked)
            (folder / "asked").write_bytes(asked)
            command = [openssl, "ts", "-reply", "-config", str(folder / "tsa.cnf")]
            command += ["-queryfile", str(folder / "asked"), "-out", str(folder / "reply")]
            command += ["-chain", str(folder / "root.pem")] if chain else []
            answer = state.answer
            if answer is None:
                subprocess.run(command, check=True, capture_output=True)
                answer = (folder / "reply").read_bytes()
            self.send_response(state.status)
            if state.status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Authority(f"http://127.0.0.1:{server.server_address[1]}/tsa", root)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
