"""Settings of one archive: `kho.toml` in its home, read here and nowhere else, handed down as values.

Every setting is described in `docs/settings.md`; a test holds the two together. Unknown names are
refused, so that a slip of the pen is not silently a default.
"""

from __future__ import annotations

import json
import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from preservation.audit.policy import DEFAULT_WINDOW_DAYS, LONGEST_WINDOW_DAYS, Quiet
from repository.errors import Misconfigured, NotFound

SETTINGS_FILE = "kho.toml"
HOME_VARIABLE = "KHO_HOME"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArchiveSettings(_Section):
    """Who keeps this archive."""

    name: str = "Trung tâm Lưu trữ lịch sử tỉnh Hà Tĩnh"
    code: str = "H27.LTLS"
    address: str = "Hà Tĩnh, Việt Nam"
    contact: str = "luutru@hatinh.example"


class FilesSettings(_Section):
    """How much a damaged file weighs, and how long one may take to be looked at."""

    damaged: Literal["warning", "error"] = "warning"
    seconds: Annotated[float, Field(ge=1, le=1800)] = 60.0


class IntakeSettings(_Section):
    """How transfers are decided: `tu-dong` takes what has no error, `nguoi-duyet` asks a person.

    `author` answers for the policy and is named in every decision it makes. The targets are the
    province's: percent of a year's dossiers that agencies of each level are to close electronically.
    `fonds` is the mã phông of packages that name none (E-ARK); empty: those are refused.
    """

    policy: Literal["tu-dong", "nguoi-duyet"] = "tu-dong"
    author: str = "Giám đốc Trung tâm Lưu trữ lịch sử"
    fonds: str = ""
    target_province: Annotated[float, Field(ge=0, le=100)] = 90.0
    target_commune: Annotated[float, Field(ge=0, le=100)] = 80.0
    target_other: Annotated[float, Field(ge=0, le=100)] = 30.0
    files: FilesSettings = FilesSettings()


class SignatureSettings(_Section):
    """How much a broken signature weighs, and one that could not be decided."""

    invalid: Literal["warning", "error"] = "error"
    indeterminate: Literal["info", "warning", "error"] = "warning"


class VirusSettings(_Section):
    """Where clamd listens (`unix:PATH`, `tcp:HOST:PORT`; empty: nobody looks), whether a file that was
    not scanned may be taken, and how old its signatures may be before that is told."""

    clamd: Annotated[str, Field(pattern=r"^(unix:/.+|tcp:.+:[0-9]{1,5})?$")] = ""
    required: bool = False
    stale_days: Annotated[int, Field(ge=1, le=365)] = 7


def _hours(text: str) -> str:
    if text:
        Quiet.parse(text)
    return text


QuietHours = Annotated[str, AfterValidator(_hours)]
Window = Annotated[int, Field(ge=1, le=LONGEST_WINDOW_DAYS)]


class StoreAuditSettings(_Section):
    """What is promised of one store's audits where it is not what `[audit]` says."""

    window_days: Window | None = None
    daily_bytes: Annotated[int, Field(ge=1)] | None = None
    mb_per_second: Annotated[float, Field(ge=0.01)] | None = None
    quiet: QuietHours | None = None


class StoreSettings(_Section):
    """One store: where it lies, the id it must have there, and what medium it is on.

    A store of kind `offline` is a disk that rests in a cupboard and is attached at least every
    `rotation_days`; until then its absence is no alarm. `started` and `rated_years` are the medium's:
    a year before its rated life ends it is to be replaced. `readers`: files read at once from it.
    """

    path: str
    id: str
    layout: str
    kind: Literal["local", "nfs", "smb", "offline"] = "local"
    place: str = ""
    readers: Annotated[int, Field(ge=1, le=64)] | None = None
    rotation_days: Annotated[int, Field(ge=1, le=1095)] | None = None
    started: date | None = None
    rated_years: Annotated[float, Field(gt=0, le=100)] | None = None
    audit: StoreAuditSettings = StoreAuditSettings()


class CopiesSettings(_Section):
    """Which stores must have every dossier before it counts as held; not set: all but the offline."""

    required: Annotated[tuple[str, ...], Field(min_length=1)] | None = None


class AuditClassSettings(_Section):
    """Dossiers with a window of their own: those that match in all that is named."""

    name: str
    window_days: Window
    fonds: tuple[str, ...] = ()
    retention: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()


class AuditSettings(_Section):
    """How often every byte of every copy is read again.

    A day's share begins at `hour` (Vietnam's time) and reads at most `daily_bytes` of each store.
    In `quiet` hours nothing is read; `mb_per_second` is the most that is read of a store. On the day of
    the `sweep` everything late is tried, whatever `daily_bytes` says.
    `expect_clock`: whether it is an alarm when neither `kho schedule` nor `kho audit --due` is heard.
    `ping_url` is asked for after each good tick of the clock.
    Files of a copy that could not be read for `unreadable_days` are an incident.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    window_days: Window = DEFAULT_WINDOW_DAYS
    hour: Annotated[int, Field(ge=0, le=23)] = 1
    daily_bytes: Annotated[int, Field(ge=1)] | None = None
    mb_per_second: Annotated[float, Field(ge=0.01)] | None = None
    quiet: QuietHours = ""
    sweep: Literal[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "never"
    ] = "sunday"
    unreadable_days: Annotated[int, Field(ge=0, le=90)] = 3
    expect_clock: bool = True
    ping_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    classes: Annotated[tuple[AuditClassSettings, ...], Field(alias="class")] = ()


class ServeSettings(_Section):
    """Where the read API listens, and what it calls itself in links."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8765
    base_url: str = ""


class LedgerSettings(_Section):
    """To whom the ledger's newest checkpoint is shown, and how often.

    `tsa_url`: a time-stamping authority (RFC 3161); `witness_email`: another office, which keeps it.
    """

    tsa_url: Annotated[str, Field(pattern=r"^(https?://.+)?$")] = ""
    tsa_timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 30.0
    witness_email: str = ""
    anchor_every_days: Annotated[int, Field(ge=1, le=366)] = 30


class MailSettings(_Section):
    """The mail server that takes our messages; no `host`: no mail is sent.

    The password stands in a file of its own, named by its whole path, and goes only over TLS.
    """

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    sender: str = ""
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: str = ""
    user: str = ""
    password_file: str = ""
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 30.0

    @model_validator(mode="after")
    def _check_usable(self) -> Self:
        if self.host and not self.sender:
            raise ValueError("a sender is needed")
        if self.user and self.security == "none":
            raise ValueError("a password is not sent without TLS")
        if self.user and not Path(self.password_file).is_absolute():
            raise ValueError("password_file must be a whole path")
        return self


class NotifySettings(_Section):
    """Who is told of incidents: one digest a day on change of state, by mail and to a web address.

    What was neither mended nor explained after `escalate_after_days` is told to `escalate_to` too.
    """

    email: tuple[str, ...] = ()
    webhook: Annotated[str, Field(pattern=r"^(https?://.+)?$")] = ""
    hour: Annotated[int, Field(ge=0, le=23)] = 7
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 15.0
    escalate_after_days: Annotated[int, Field(ge=1, le=365)] = 7
    escalate_to: tuple[str, ...] = ()


class DrillSettings(_Section):
    """How often the clock drills, once canaries were made (`kho drill --make-canaries`)."""

    every_days: Annotated[int, Field(ge=1, le=365)] = 30


class DeclaredSettings(_Section):
    """What a person answers for: the statement, who made it, and when."""

    statement: Annotated[str, Field(min_length=1)]
    by: Annotated[str, Field(min_length=1)]
    on: date


class NdsaSettings(_Section):
    """Cells of the NDSA levels that no software can know, each under its name, such as `storage-2`."""

    declared: dict[str, DeclaredSettings] = {}


class Settings(_Section):
    """Everything in `kho.toml`. Stores are written in the order they stand; the first is primary."""

    archive: ArchiveSettings = ArchiveSettings()
    intake: IntakeSettings = IntakeSettings()
    signatures: SignatureSettings = SignatureSettings()
    virus: VirusSettings = VirusSettings()
    audit: AuditSettings = AuditSettings()
    serve: ServeSettings = ServeSettings()
    copies: CopiesSettings = CopiesSettings()
    ledger: LedgerSettings = LedgerSettings()
    mail: MailSettings = MailSettings()
    notify: NotifySettings = NotifySettings()
    drill: DrillSettings = DrillSettings()
    ndsa: NdsaSettings = NdsaSettings()
    stores: Annotated[dict[str, StoreSettings], Field(min_length=1)]

    @property
    def required(self) -> tuple[str, ...]:
        """The stores that a version must be in before it counts as held, in their order."""
        named = self.copies.required
        return tuple(
            name
            for name, store in self.stores.items()
            if (name in named if named is not None else store.kind != "offline")
        )

    @model_validator(mode="after")
    def _check_required(self) -> Self:
        first = next(iter(self.stores))
        for name in self.copies.required or ():
            if name not in self.stores:
                raise ValueError(f"copies.required names {name}, which is no store")
        for name in self.required:
            if self.stores[name].kind == "offline":
                raise ValueError(f"{name} is offline and cannot be required")
        if first not in self.required:
            raise ValueError(f"{first} is the first store, so it is required and not offline")
        return self

    @model_validator(mode="after")
    def _check_stores_differ(self) -> Self:
        """One folder under two names would pass for two copies."""
        for said in ("id", "path"):
            values = [os.path.normpath(getattr(store, said)) for store in self.stores.values()]
            if len(set(values)) < len(values):
                raise ValueError(f"two stores have the same {said}: they would be one copy")
        return self


def find_home(given: Path | None) -> Path:
    """The archive's home: what was given, else KHO_HOME. NotFound when there is no archive there."""
    named = given or (Path(os.environ[HOME_VARIABLE]) if os.environ.get(HOME_VARIABLE) else None)
    home = (named or Path.cwd()).absolute()
    try:
        there = (home / SETTINGS_FILE).is_file()
    except OSError as problem:
        raise Misconfigured(f"{home} cannot be looked into: {problem.strerror}.") from problem
    if not there:
        raise NoArchive(
            f"There is no archive at {home}. Name it with --home or {HOME_VARIABLE}, "
            "or make one with `kho init DIR`."
        )
    return home


class NoArchive(NotFound):
    """No archive where one was expected."""

    default_public = "There is no archive here."


def read_settings(home: Path) -> Settings:
    """The settings of the archive at `home`. Misconfigured says which line of thought is wrong."""
    path = home / SETTINGS_FILE
    try:
        return Settings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as problem:
        raise Misconfigured(f"{path} cannot be read: {problem.strerror}.") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Misconfigured(f"{path} is not TOML: {problem}.") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Misconfigured(f"{path}: {where}: {first['msg']}.") from problem


def write_settings(settings: Settings) -> bytes:
    """The settings as `kho.toml`. `read_settings` reads it."""
    lines = ["# The settings of this archive. docs/settings.md says what each means.", ""]
    plain = settings.model_dump(mode="json", exclude_none=True, by_alias=True)
    for name, section in plain.items():
        if name == "stores":
            for store, values in section.items():
                lines += _section(f"stores.{_toml(store)}", values)
        else:
            # An empty list here would forbid a person to write `[[audit.class]]` below it.
            lines += _section(name, {k: v for k, v in section.items() if v or k != "class"})
    return "\n".join(lines).encode()


def _section(title: str, values: dict[str, Any], brackets: str = "[]") -> list[str]:
    """A section with its values, then the sections within it; an empty one within is left out."""
    within = {name: value for name, value in values.items() if _has_sections(value)}
    written = [f"{name} = {_toml(value)}" for name, value in values.items() if name not in within]
    lines = [f"{brackets[: len(brackets) // 2]}{title}{brackets[len(brackets) // 2 :]}"]
    lines += [*written, ""]
    for name, value in within.items():
        inner = f"{title}.{name if name.isidentifier() and name.isascii() else _toml(name)}"
        if isinstance(value, list):
            for one in value:
                lines += _section(inner, one, "[[]]")
        elif value:
            lines += _section(inner, value)
    return lines


def _has_sections(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )


def _toml(value: object) -> str:
    # Strings, numbers, booleans and lists of them are written alike in JSON and TOML, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
