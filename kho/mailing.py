"""Mail to people outside: one message, handed to the office's own mail server.

Owns the talk with the server (RFC 5321) and the form of the message (RFC 5322). Does not decide what is
told to whom, does not repeat: who sends asks again later. A password is read from its file for each
message, is never shown, and never goes over a line that is not encrypted.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

from kho.settings import MailSettings
from repository.errors import Misconfigured, Unavailable

_MOST_PASSWORD = 1024
_WHAT_TO_DO = "Check [mail] in kho.toml and the server; it is tried again the next time."


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message; text is in UTF-8."""

    name: str
    media_type: str  # text/plain, application/json, …
    data: bytes


def send(
    mail: MailSettings,
    to: str | Sequence[str],
    subject: str,
    text: str,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Hand one message to the mail server.

    After return the server has taken it for every recipient. Unavailable: it has taken it for nobody,
    or did not say so; sending again may bring it twice. Misconfigured: no server is named, or what is
    named cannot be used.
    """
    recipients = [to] if isinstance(to, str) else list(to)
    if not mail.host:
        raise Misconfigured(
            "No mail server is named: set host and sender under [mail] in kho.toml."
        )
    message = _message(mail.sender, recipients, subject, text, attachments)
    password = _password(mail) if mail.user else ""
    try:
        with _connected(mail) as server:
            if mail.user:
                server.login(mail.user, password)
            refused = server.send_message(message, mail.sender, recipients)
    except (smtplib.SMTPException, OSError) as problem:
        raise Unavailable(
            f"The mail server {mail.host}:{mail.port} did not take the message: "
            f"{_said(problem)} {_WHAT_TO_DO}"
        ) from problem
    if refused:
        raise Unavailable(
            f"The mail server {mail.host}:{mail.port} took the message, but not for "
            f"{', '.join(sorted(refused))}. {_WHAT_TO_DO}"
        )


def _message(
    sender: str,
    recipients: Sequence[str],
    subject: str,
    text: str,
    attachments: Sequence[Attachment],
) -> EmailMessage:
    for address in (sender, *recipients):
        if not address.isascii() or "@" not in address or any(c in address for c in " ,<>\r\n"):
            raise Misconfigured(f"{address!r} is no mail address. {_WHAT_TO_DO}")
    if not recipients:
        raise Misconfigured(f"A message is for nobody. {_WHAT_TO_DO}")
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    message.set_content(text)
    for one in attachments:
        main, _, sub = one.media_type.partition("/")
        message.add_attachment(one.data, maintype=main, subtype=sub, filename=one.name)
        if main == "text":
            list(message.iter_attachments())[-1].set_param("charset", "utf-8")
    return message


def _connected(mail: MailSettings) -> smtplib.SMTP:
    if mail.security == "tls":
        return smtplib.SMTP_SSL(
            mail.host, mail.port, timeout=mail.timeout_seconds, context=_trusting(mail)
        )
    server = smtplib.SMTP(mail.host, mail.port, timeout=mail.timeout_seconds)
    if mail.security == "starttls":
        try:
            server.starttls(context=_trusting(mail))
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
    return server


def _trusting(mail: MailSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=mail.ca_file or None)
    except OSError as problem:
        raise Misconfigured(
            f"{mail.ca_file} holds no certificates: {problem.strerror}."
        ) from problem


def _password(mail: MailSettings) -> str:
    try:
        with Path(mail.password_file).open("rb") as stream:
            password = stream.read(_MOST_PASSWORD + 1).decode("ascii").rstrip("\r\n")
    except OSError as problem:
        raise Misconfigured(
            f"The password of the mail server cannot be read from {mail.password_file}: "
            f"{problem.strerror}."
        ) from problem
    except UnicodeDecodeError:
        password = ""
    if not 0 < len(password) <= _MOST_PASSWORD:
        raise Misconfigured(f"{mail.password_file} holds no password in plain ASCII.")
    return password


def _said(problem: smtplib.SMTPException | OSError) -> str:
    """What the other side said, in one bounded line that a terminal may show."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        codes = {code for code, _ in problem.recipients.values()}
        return f"it refused every recipient ({', '.join(map(str, sorted(codes)))})."
    said = str(problem)
    if isinstance(problem, smtplib.SMTPResponseException):
        answer = problem.smtp_error
        words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
        said = f"{problem.smtp_code} {words}"
    line = " ".join("".join(c if c.isprintable() else " " for c in said[:300]).split())
    return f"{line or type(problem).__name__}."
