"""Check what an archive keeps, without the archive's software: one file, Python 3.9 or later.

    python kho_verify.py PATH… [--ledger FOLDER] [--proof FILE] [--checkpoint FILE] [--key VKEY] [--json] [--lang vi|en]

PATH is an OCFL 1.0/1.1 object, a BagIt bag, a ZIP of either, a storage root, a store, a ledger, a proof, or a folder
of exports. Nothing is written or unpacked, no link is followed. No code is shared with the program that wrote the
bytes: this follows OCFL 1.1, RFC 8493 (BagIt), 9162 (Merkle trees), 8032 (Ed25519), C2SP signed notes, and for the
ledger's own lines docs/ledger.md of Kho.
Exit status: 0 nothing found · 1 failure · 2 wrong usage · 3 damage found · 4 not all could be checked, no damage found.
"Could not check" is never "intact": expected = intact + altered + missing + unreadable + not_checked.
"""

# Laid out by hand, to be read as one text. The archive's rule that only its digest engine hashes ends at this file.
# fmt: off
# ruff: noqa: D101, D103, E401, E501, E701, UP035, I001, PTH112, PTH114, PTH118, PTH119, T201, TID251
from __future__ import annotations
import argparse, base64, contextlib, errno, hashlib, io, json, os, re, stat, struct, sys, zipfile, zlib
from typing import Any, Iterable, Iterator
LIMIT, BLOCK = 128 * 1024 * 1024, 1024 * 1024  # the longest metadata file or ledger line; what is read at once
RANKS = ("", "intact", "not_checked", "unreadable", "missing", "altered")
COUNTS = ("expected", "intact", "altered", "missing", "unreadable", "not_checked", "unexpected")
LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}  # digests known here
TEXTS = {  # damage (E), not checked (?) or a remark (i); what it means; the same in Vietnamese
    "ALTERED": ("E", "the bytes are not those recorded", "nội dung không còn như đã ghi nhận"),
    "MISSING": ("E", "what should be here is missing", "thiếu thứ phải có"),
    "UNEXPECTED": ("E", "a file that nothing lists", "tệp không có trong danh mục nào"),
    "LINK": ("E", "a link or special file; not followed", "liên kết hoặc tệp đặc biệt; không mở"),
    "RULE": ("E", "a rule of its format is broken", "vi phạm quy tắc của định dạng"),
    "LEDGER": ("E", "the ledger, or a proof from it, does not hold", "sổ cái hoặc bằng chứng từ sổ cái không đúng"),
    "COMMITMENT": ("E", "not what the ledger commits to", "không đúng cam kết trong sổ cái"),
    "UNREADABLE": ("?", "could not be read", "không đọc được"),
    "NOT-CHECKED": ("?", "could not be checked", "không kiểm tra được"),
    "REMARK": ("i", "to be known", "cần biết"),
}
WORDS = {"intact": ("INTACT", "NGUYÊN VẸN"), "damaged": ("DAMAGED", "HƯ HỎNG"), "incomplete": ("INCOMPLETE", "CHƯA ĐỦ")}
HOUR = "([01][0-9]|2[0-3]):[0-5][0-9]"
INSTANT = rf"[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]{HOUR}:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]{HOUR})"

class CannotRead(Exception): """It could not be looked at, which says nothing about whether it is intact."""
class Broken(Exception): """It was looked at, and is not what it should be."""
def need(good: object, rule: str) -> None:
    if not good: raise Broken(rule)
class Subject:  # One object, bag, root, ledger or proof: what is expected of it, and what was found
    def __init__(self, kind: str, path: str) -> None:
        self.kind, self.path, self.object_id, self.about, self.worst, self.unexpected, self.seen = kind, path, "", "", "i", 0, 0
        self.inventories: dict[str, str] = {}  # version ("": the object's root) → SHA-512 of its inventory
        self.verdicts: dict[str, str] = {}
        self.findings: list[dict[str, str]] = []
        self.wanted: dict[str, dict[tuple[str, str], str]] = {}  # path → (algorithm, digest) → who says so
    def expect(self, path: str, verdict: str = "") -> None:  # The worst that is said of an expected file holds
        if RANKS.index(verdict) >= RANKS.index(self.verdicts.setdefault(path, "")): self.verdicts[path] = verdict
    def found(self, code: str, place: str, detail: object = "") -> None:
        self.worst = max(self.worst, TEXTS[code][0], key="i?E".index)
        self.unexpected += code in ("UNEXPECTED", "LINK")
        verdict = code.lower().replace("-", "_")
        if place in self.verdicts and verdict in RANKS: self.expect(place, verdict)
        self.findings += [{"code": code, "place": place[:1000], "detail": str(detail)[:500]}][self.seen >= 1000:]
        self.seen += 1
    @contextlib.contextmanager
    def noting(self, place: str, code: str = "ALTERED") -> Iterator[None]:
        try: yield
        except CannotRead as why: self.found("UNREADABLE", place, why)
        except (Broken, RecursionError) as why: self.found(code, place, why)
    def read_all(self, tree: Tree) -> None:  # Read each file once, for all the digests that anything says it has
        for path, wanted in sorted(self.wanted.items()):
            if path not in tree.files: tree.absent(self, path, next(iter(wanted.values())))
            else:
                with self.noting(path):
                    seen = digests_of(tree.blocks(path), {algorithm for algorithm, _ in wanted})
                    self.expect(path, "intact")
                    for (algorithm, digest), source in wanted.items():
                        need(seen[algorithm] == digest, f"{algorithm} {seen[algorithm]}, {source}: {digest[:128]}")
    def counts(self) -> dict[str, int]:
        counts = {**dict.fromkeys(COUNTS, 0), "expected": len(self.verdicts), "unexpected": self.unexpected}
        for verdict in self.verdicts.values(): counts[verdict or "not_checked"] += 1
        return counts
    def verdict(self) -> str:
        if self.worst == "E": return "damaged"
        return "intact" if self.worst == "i" and set(self.verdicts.values()) == {"intact"} else "incomplete"

# -- Bytes: folders and ZIPs, looked at in the same way
class Tree:  # Files by path with their sizes, what is neither file nor folder, and what could not be looked into
    def __init__(self) -> None:
        self.files: dict[str, int] = {}
        self.folders: set[str] = set()
        self.odd, self.unread = dict[str, str](), dict[str, str]()
    def blocks(self, path: str) -> Iterator[bytes]: raise NotImplementedError
    def fetch(self, subject: Subject, path: str, limit: int = LIMIT) -> bytes | None:  # a whole file, or None
        data = None
        if path not in self.files: self.absent(subject, path)
        else:
            with subject.noting(path):
                if self.files[path] > limit: raise CannotRead(f"longer than {limit} bytes")
                data = b"".join(self.blocks(path))
        return data
    def absent(self, subject: Subject, path: str, detail: str = "") -> None:  # missing only where one could look
        hidden = any(folder in self.unread for folder in (parents(path) if self.unread else ()))
        subject.found("UNREADABLE" if hidden else "MISSING", path, detail)
    def in_root(self) -> list[str]: return sorted(path for path in self.files if "/" not in path)
    def tell_odd(self, subject: Subject, here: str = "") -> None:
        for path, kind in sorted(self.odd.items()): subject.found("LINK", here + path, kind)
        for path, why in sorted(self.unread.items()): subject.found("UNREADABLE", here + path or ".", why)
class Folder(Tree):  # A folder of the file system, with all below it or only what lies directly in it
    def __init__(self, root: str, deep: bool = True) -> None:
        super().__init__()
        self.root, pending = root, [""]
        while pending:
            here = pending.pop()
            try:
                with os.scandir(self.at(here)) as entries:
                    for entry in entries:
                        path, info = (f"{here}/" if here else "") + entry.name, entry.stat(follow_symlinks=False)
                        if entry.is_symlink() or getattr(info, "st_file_attributes", 0) & 0x400: self.odd[path] = "link"
                        elif stat.S_ISREG(info.st_mode): self.files[path] = info.st_size
                        elif not stat.S_ISDIR(info.st_mode): self.odd[path] = "special file"
                        else:
                            self.folders.add(path)
                            pending += [path] if deep else []
            except (OSError, ValueError) as why: self.unread[here] = str(getattr(why, "strerror", why))
    def at(self, path: str) -> str: return os.path.join(self.root, *path.split("/"))
    def blocks(self, path: str) -> Iterator[bytes]: return blocks_of(self.at(path))
class Stream(io.FileIO):  # a regular file, opened through no link and without waiting for a pipe
    def __init__(self, path: str) -> None:
        flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
        try: super().__init__(os.open(path, os.O_RDONLY | flags))
        except (OSError, ValueError) as why: raise CannotRead(str(getattr(why, "strerror", why))) from None
        self.size, mode = os.fstat(self.fileno()).st_size, os.fstat(self.fileno()).st_mode
        if not stat.S_ISREG(mode):
            self.close()
            raise CannotRead("not a regular file")
    def read(self, size: int | None = -1, /) -> bytes:
        if (self.size - self.tell() if size is None or size < 0 else size) > LIMIT // 2:
            raise CannotRead("too much at once")  # the directory of a ZIP is read whole
        return super().read(-1 if size is None else size) or b""
def blocks_of(path: str, most: int = sys.maxsize) -> Iterator[bytes]:
    with Stream(path) as stream:
        left = stream.size
        while left:
            try: block = stream.read(BLOCK)
            except OSError as why: raise CannotRead(str(why.strerror)) from None
            left -= len(block)
            if left < 0 or not block or stream.size > most: raise CannotRead("it is too long, or changed meanwhile")
            yield block
class Zip(Tree):  # A ZIP read in place, never unpacked: stored and deflated members with safe names
    def __init__(self, stream: Stream, subject: Subject) -> None:
        super().__init__()
        self.members: dict[str, zipfile.ZipInfo] = {}
        with zip_errors(): self.zip = zipfile.ZipFile(stream)
        end, unpacked = 0, 0
        for info in sorted(self.zip.infolist(), key=lambda one: one.header_offset):
            name = info.orig_filename
            need(name not in self.members and info.header_offset >= end, f"{name[:100]!r} twice, or over another member")
            end, unpacked = info.header_offset + 30 + info.compress_size, unpacked + info.file_size
            self.members[name] = info
        if unpacked > 200 * stream.size + 1024 * BLOCK: raise CannotRead("it would unpack to over 200 times its size")
        tops = {name.partition("/")[0] for name in self.members}
        self.prefix = f"{min(tops)}/" if len(tops) == 1 and all("/" in name for name in self.members) else ""
        for name, info in self.members.items():
            path, folder = name[len(self.prefix):].rstrip("/"), name.endswith("/")
            safe = is_safe(name[:-1] if folder else name) and len(name) <= 4096 and not re.search(r"\\|^[A-Za-z]:", name)
            if not safe: subject.found("RULE", name, "an unsafe name in the ZIP")
            elif info.flag_bits & 0x2041 or info.compress_type not in (0, 8): self.unread[path] = "its packing"
            elif (info.external_attr >> 16) & 0o170000 not in (0, 0o100000, 0o040000): self.odd[path] = "a link, or such"
            elif not folder: self.files[path] = info.file_size
            if safe: self.folders |= set(parents(path if folder else path.rpartition("/")[0])) - {""}
        for above, below in clashes(self.files): subject.found("RULE", below, f"lies below the file {above!r}")
    def blocks(self, path: str) -> Iterator[bytes]:
        left, info = self.files[path], self.members[self.prefix + path]
        with zip_errors(), self.zip.open(info) as stream:
            for block in iter(lambda: stream.read(BLOCK), b""):
                left -= len(block)
                yield block
        need(not left, "its length is not the one in the directory")
FAULTS = (OSError, OverflowError, LookupError, ValueError, EOFError, RuntimeError, struct.error, zlib.error, zipfile.BadZipFile)
@contextlib.contextmanager
def zip_errors() -> Iterator[None]:  # What the standard library raises for a ZIP that is not sound
    try: yield
    except FAULTS as why:  # a disk's error is not the fault of the ZIP
        if isinstance(why, OSError) and why.errno not in (None, errno.EINVAL): raise CannotRead(str(why)) from None
        raise Broken(str(why)[:200]) from None
def digests_of(blocks: Iterable[bytes], algorithms: Iterable[str]) -> dict[str, str]:  # of one read; `size` counts
    size, engines = 0, {name: hashlib.new(name, usedforsecurity=False) for name in set(algorithms) - {"size"}}
    for block in blocks:
        size += len(block)
        for engine in engines.values(): engine.update(block)
    return {**{name: engine.hexdigest() for name, engine in engines.items()}, "size": str(size)}
def parse_json(data: bytes) -> Any:  # strict: UTF-8, no name twice, no half character, no great depth; else Broken
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(pairs)) == len(pairs), "JSON: a name stands twice in one object")
        return dict(pairs)
    need(16 * (data.count(b"[") + data.count(b"{")) <= len(data) + 65536, "JSON: hardly anything but brackets")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_int=lambda digits: int(digits[:19]))
        canonical(value if b"\\u" in data else "")  # half a character has no UTF-8
        return value
    except (RecursionError, ValueError) as why: raise Broken(f"JSON: {str(why)[:200]}") from None
def canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")
def is_safe(path: object) -> bool:  # A relative path that leads down, of characters that exist
    return (isinstance(path, str) and not re.search("[\0\ud800-\udfff]", path)
            and all(part not in ("", ".", "..") for part in path.split("/")))
def parents(path: str) -> Iterator[str]:  # The path itself and every folder above it; last "", the root
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""
def clashes(paths: Iterable[str]) -> Iterator[tuple[str, str]]:  # the second lies below the first, or is it
    above = [""]
    for path in sorted(path.split("/") for path in paths):
        if path[:len(above)] == above: yield "/".join(above), "/".join(path)
        else: above = path

# -- OCFL 1.0 and 1.1
def block_of(value: Any, algorithm: str, name: str) -> dict[str, str]:  # digest → paths becomes path → digest
    need(isinstance(value, dict), f"{name} is not an object")
    made: dict[str, str] = {}
    form = re.compile("[0-9]+" if algorithm == "size" else f"[0-9a-fA-F]{{{LENGTHS.get(algorithm, '1,')}}}")
    for digest, paths in value.items():
        need(form.fullmatch(digest), f"{name}: {digest[:140]} is no {algorithm}")
        need(isinstance(paths, list) and all(map(is_safe, paths)), f"{name}: the paths of {digest[:140]}")
        made.update(dict.fromkeys(paths, digest.lower()))
    need(len(made) == sum(map(len, value.values())), f"{name}: a path stands twice")
    need(len(set(map(str.lower, value))) == len(value), f"{name}: a digest stands twice")
    need(next(clashes(made), None) is None, f"{name}: a file lies below a file")
    return made

class Inventory:  # An inventory that breaks no rule by itself. Broken: the first rule that it breaks
    def __init__(self, data: bytes) -> None:
        doc, keys = parse_json(data), {"id", "type", "digestAlgorithm", "head", "manifest", "versions"}
        need(isinstance(doc, dict) and keys <= set(doc) <= keys | {"contentDirectory", "fixity"}, "its keys")
        kind = re.fullmatch(r"https://ocfl\.io/(1\.[01])/spec/#inventory", str(doc["type"]))
        self.spec, self.content = kind[1] if kind else "", doc.get("contentDirectory", "content")
        self.id, self.algorithm, self.head, versions = doc["id"], doc["digestAlgorithm"], doc["head"], doc["versions"]
        need(self.spec and self.algorithm in ("sha512", "sha256"), "type or digestAlgorithm")
        need(isinstance(self.id, str) and 0 < len(self.id) <= 1000, "id")
        need(is_safe(self.content) and "/" not in self.content, "contentDirectory")
        self.manifest = block_of(doc["manifest"], self.algorithm, "manifest")
        need(isinstance(versions, dict) and versions, "versions")
        width = len(min(versions)) - 1 if min(versions).startswith("v0") else 0  # of v01, v02…
        self.names = [f"v{number:0{min(width, 19)}d}" for number in range(1, len(versions) + 1)]
        need(set(self.names) == set(versions) and self.names[-1].startswith("v0"[:1 + (width > 0)]), "version names")
        need(self.head == self.names[-1], "head is not the newest version")
        self.states = {name: self._state(versions[name], name, set(doc["manifest"])) for name in self.names}
        used = {digest for state in self.states.values() for digest in state.values()}
        need(self.spec == "1.0" or used >= set(self.manifest.values()), "content that no version uses")
        for path in self.manifest:
            first, _, rest = path.partition("/")
            need(first in self.states and rest.startswith(f"{self.content}/"), f"manifest: {path}")
        need(isinstance(doc.get("fixity", {}), dict), "fixity")
        self.fixity = [(name, block_of(block, name, "fixity")) for name, block in doc.get("fixity", {}).items()]
        need(all(block.keys() <= self.manifest.keys() for _, block in self.fixity), "fixity of other paths")
        self.held: dict[str, set[str]] = {}  # digest → where it lies
        for path, digest in self.manifest.items(): self.held.setdefault(digest, set()).add(path)
    def _state(self, block: Any, name: str, digests: set[str]) -> dict[str, str]:
        keys = {"created", "state"}
        need(isinstance(block, dict) and keys <= set(block) <= keys | {"message", "user"}, f"{name}: its keys")
        need(re.fullmatch(INSTANT, str(block["created"])), f"{name}: created")
        user = block.get("user", {"name": "-"})
        need(isinstance(user, dict) and user.get("name") and set(user) <= {"name", "address"}, f"{name}: user")
        need(all(isinstance(text, str) for text in (block.get("message", ""), *user.values())), f"{name}: texts")
        state = block_of(block["state"], self.algorithm, f"state of {name}")
        need(set(block["state"]) <= digests, f"state of {name}: a digest that is not in the manifest")
        return state
def inventory_at(tree: Tree, subject: Subject, folder: str) -> Inventory | None:  # held against its sidecar
    path, inventory = f"{folder}inventory.json", None
    subject.expect(path)
    data = tree.fetch(subject, path)
    with subject.noting(path, "RULE"): inventory = Inventory(data) if data is not None else None
    side = f"{path}.{inventory.algorithm if inventory else 'sha512'}"
    subject.expect(side)
    line = tree.fetch(subject, side, 1024)
    if data is None or line is None: return None
    digest = hashlib.new(side.rpartition(".")[2], data).hexdigest()
    match = re.fullmatch(rb"([0-9A-Fa-f]+)[ \t]+inventory\.json[ \t\r\n]*", line)
    for one in (side, path): subject.expect(one, "intact")
    if not match or len(match[1]) != len(digest): subject.found("ALTERED", side, "not a digest and a name")
    elif match[1].decode().lower() != digest: subject.found("ALTERED", path, f"{digest}, its sidecar says otherwise")
    elif re.sub(b" +", b" ", line) != f"{digest} inventory.json\n".encode(): subject.found("REMARK", side, "its form")
    subject.inventories[folder[:-1]] = hashlib.sha512(data).hexdigest()
    return inventory
def judge_object(tree: Tree, subject: Subject) -> None:  # and the bags that its versions are: OCFL 1.1 §3
    declared = [name for name in tree.in_root() if name.startswith("0=")] or ["0=ocfl_object_1.1"]
    for name in declared:
        subject.expect(name)
        data = tree.fetch(subject, name, 100)
        if data == f"{name[2:]}\n".encode(): subject.expect(name, "intact")
        elif data is not None: subject.found("ALTERED", name)
    root = inventory_at(tree, subject, "")
    if root is None:  # nothing can be said of the rest
        for path in tree.files: subject.expect(path)
        return
    subject.object_id, newest, inventories = root.id, "1.0", [("", root)]
    if declared != [f"0=ocfl_object_{root.spec}"]: subject.found("RULE", "inventory.json", f"it follows OCFL {root.spec}")
    for name in root.names:
        if name not in tree.folders and not {"", name} & set(tree.unread): subject.found("MISSING", name)
        own = {f"{name}/inventory.json", f"{name}/inventory.json.sha512"} & tree.files.keys()
        if not own: subject.found("REMARK", name, "no inventory of its own")
        prior = inventory_at(tree, subject, f"{name}/") if own else None
        if prior is None: continue
        if name == root.head and subject.inventories[name] != subject.inventories[""]:
            subject.found("ALTERED", f"{name}/inventory.json", "not the one in the object's root")
        for rule in history_faults(prior, name, root, newest): subject.found("RULE", f"{name}/inventory.json", rule)
        inventories.append((f"{name}/", prior))
        newest = max(newest, prior.spec)
    for folder, inventory in inventories:
        for algorithm, block in [(inventory.algorithm, inventory.manifest), *inventory.fixity]:
            known = algorithm in LENGTHS or algorithm == "size"
            if not known: subject.found("REMARK", f"{folder}inventory.json", f"not checked: fixity in {algorithm[:40]}")
            for path, digest in block.items() if known else ():
                subject.expect(path)
                subject.wanted.setdefault(path, {}).setdefault((algorithm, digest), f"{folder}inventory.json")
    check_names(tree, subject, root)
    for name in root.names:
        files = {logical: min(root.held[digest]) for logical, digest in root.states[name].items()}
        if "bagit.txt" in files: judge_bag(tree, subject, files, f"{name}: ")
    subject.read_all(tree)
def history_faults(prior: Inventory, name: str, root: Inventory, newest: str) -> Iterator[str]:  # against the root
    if (prior.id, prior.head, prior.content) != (root.id, name, root.content) or prior.spec < newest:
        yield "another id, head or contentDirectory, or an older OCFL than the version before"
    if prior.names != root.names[:root.names.index(name) + 1]: yield "other versions than up to this one"
    for version in set(prior.names) & set(root.names):
        before, now = prior.states[version], root.states[version]
        moved = prior.algorithm != root.algorithm and before.keys() == now.keys()  # then places tell equal files
        if before != now and not (moved and all(prior.held[before[name]] & root.held[now[name]] for name in now)):
            yield f"another state of {version}"
    for path in root.manifest:
        if path.partition("/")[0] in prior.names and path not in prior.manifest: yield f"does not list {path}"
def check_names(tree: Tree, subject: Subject, root: Inventory) -> None:  # nothing lies there unnamed
    for path in sorted(tree.files.keys() - subject.verdicts.keys()):
        first, _, rest = path.partition("/")
        free = first == "logs" or (first == "extensions" and "/" in rest)
        free |= first in root.states and "/" in rest and not rest.startswith(f"{root.content}/")
        subject.found("REMARK" if rest and free else "UNEXPECTED", path, "nothing vouches for it")
    filled = {path.rpartition("/")[0] for path in [*tree.files, *tree.folders, *tree.odd]}
    for folder in sorted(tree.folders - filled - tree.unread.keys() - set(root.names)):
        if folder.partition("/")[0] not in ("logs", "extensions") and folder.count("/") != 1:
            subject.found("RULE", folder, "an empty folder")
def judge_root(path: str, given: argparse.Namespace) -> Iterator[Subject]:  # OCFL 1.1 §4: its objects, then itself
    subject, top, pending, seen = Subject("root", path), Folder(path, deep=False), [""], set()
    declared = [name for name in top.in_root() if name.startswith("0=")] or ["0=ocfl_1.1"]
    subject.expect(declared[0])
    right = top.fetch(subject, declared[0], 100) == f"{declared[0][2:]}\n".encode()
    if right and declared in (["0=ocfl_1.0"], ["0=ocfl_1.1"]): subject.expect(declared[0], "intact")
    else: subject.found("RULE", declared[0], "not the declaration of a storage root")
    with subject.noting("ocfl_layout.json", "RULE"):
        if "ocfl_layout.json" in top.files:
            subject.expect("ocfl_layout.json")
            layout = parse_json(top.fetch(subject, "ocfl_layout.json", BLOCK) or b"")
            need(isinstance(layout, dict) and layout.keys() >= {"extension", "description"}, "not a layout")
            subject.expect("ocfl_layout.json", "intact")
    while pending:
        here = pending.pop()
        level = Folder(top.at(here), deep=False) if here else top
        if here and any(name == "inventory.json" or name.startswith("0=") for name in level.files):
            one = judge_tree(Folder(top.at(here)), Subject("object", top.at(here)), given)
            if one.object_id in seen: one.found("RULE", "", "this object has been seen in another place")
            seen |= {one.object_id} - {""}
            yield one
            continue
        level.tell_odd(subject, f"{here}/" if here else "")
        for name in level.files if here else set(level.files) - set(subject.verdicts):
            subject.found("UNEXPECTED" if here else "REMARK", f"{here}/{name}".strip("/"), "nothing vouches for it")
        if here and not (level.files or level.folders or level.odd or level.unread):
            subject.found("RULE", here, "an empty folder")
        pending += [f"{here}/{one}".strip("/") for one in sorted(level.folders)[::-1] if here or one != "extensions"]
    for object_id in sorted(given.committed.keys() - seen) if given.whole else ():
        subject.found("MISSING", object_id, "the ledger commits to this object")
    yield subject

# -- BagIt
def judge_bag(tree: Tree, subject: Subject, files: dict[str, str], where: str = "") -> None:  # files: path → place
    def bad(path: str, rule: str, code: str = "RULE") -> None: subject.found(code, files.get(path, path), where + rule)
    def expect(path: str, verdict: str = "") -> None:
        if not where: subject.expect(path, verdict)
    def text_lines(path: str) -> list[str]:
        return re.split("\r\n|\r|\n", (tree.fetch(subject, files[path]) or b"").decode(encoding, "replace"))
    expect("bagit.txt")
    form = rb"BagIt-Version: (0\.9[3-7]|1\.0)\r?\nTag-File-Character-Encoding: ([A-Za-z0-9-]+)(\r?\n)?"
    declared = re.fullmatch(form, tree.fetch(subject, files.get("bagit.txt", "bagit.txt"), 1024) or b"")
    encoding = declared[2].decode().lower() if declared else ""
    if not declared or encoding not in ("utf-8", "utf-16", "us-ascii", "iso-8859-1"):
        bad("bagit.txt", f"no declaration, or an encoding that is not read here: {encoding[:40]}")
        return
    expect("bagit.txt", "intact")
    final, payload = declared[1] == b"1.0", {path for path in files if path.startswith("data/")}
    info = [line for name in ("bag-info.txt", "package-info.txt") if name in files for line in text_lines(name)]
    ours = any(line.startswith("Kho-AIP-Profile:") for line in info)  # Kho's bags list every file
    lists: dict[str, dict[str, str]] = {}
    for name in sorted(path for path in files if "/" not in path):
        kind = re.fullmatch(r"(tag)?manifest-([A-Za-z0-9_-]+)\.txt", name)
        algorithm = kind[2].lower().replace("-", "") if kind else ""
        if kind and algorithm not in LENGTHS: bad(name, f"algorithm {algorithm[:40]}", "NOT-CHECKED")
        if not kind or algorithm not in LENGTHS: continue
        expect(name)
        lines = text_lines(name)
        lists[name] = read_manifest(name, algorithm, lines, final, ours, bad)
        if ours and tree.files.get(files[name]) != len("\n".join(lines).encode(encoding)): bad(name, "odd line ends")
        expect(name, "intact")
        for path, digest in lists[name].items():
            expect(path)
            if where and path not in files: bad(name, f"{path} is not there")
            else: subject.wanted.setdefault(files.get(path, path), {}).setdefault((algorithm, digest), where + name)
    of_payload = {name: lists[name] for name in lists if name.startswith("manifest-")}
    if not of_payload or not (payload or where or "data" in tree.folders): bad("", "no payload, or no manifest of it")
    for path in payload:
        lacking = [name for name, entries in of_payload.items() if path not in entries]
        if lacking and (final or len(lacking) == len(of_payload)):
            bad(path, f"not in {', '.join(lacking)}", "RULE" if where or path in subject.verdicts else "UNEXPECTED")
    tagged = {path for name in lists.keys() - of_payload.keys() for path in lists[name]}
    for path in sorted(files.keys() - payload - tagged):
        code = "REMARK" if not ours else "RULE" if where else "UNEXPECTED"
        if not path.startswith("tagmanifest-"): bad(path, "in no tag manifest", code)
    tags = {name: lists[name] for name in lists.keys() - of_payload.keys()}
    if ours and ({name[3:] for name in tags} != of_payload.keys() or any(held.keys() != tagged for held in tags.values())):
        bad("", "tag manifests that do not all list the same, or not in the algorithms of the manifests")
    size = f"{sum(tree.files.get(files[path], 0) for path in payload)}.{len(payload)}"
    for line in [one for one in info if one.lower().startswith("payload-oxum:")]:
        if line.partition(":")[2].strip() != size: bad("bag-info.txt", f"{line[:60]}, but there is {size}")
    for line in filter(None, text_lines("fetch.txt") if "fetch.txt" in files else []):
        known = any((line.split(None, 2) or [""])[-1] in entries for entries in of_payload.values())
        bad("fetch.txt", f"to be fetched: {line}", "REMARK" if known else "RULE")
def read_manifest(name: str, algorithm: str, lines: list[str], final: bool, ours: bool, bad: Any) -> dict[str, str]:
    entries: dict[str, str] = {}
    form, tag = re.compile(rf"([0-9A-Fa-f]{{{LENGTHS[algorithm]}}})[ \t]+\*?(?:\./)*(.+)", re.DOTALL), name[:3] == "tag"
    for number, line in enumerate(lines[:-1] if lines and not lines[-1] else lines, 1):
        pair = form.fullmatch(line)
        path = re.sub("%(25|0[AaDd])" if final else "(?!)", lambda m: chr(int(m[1], 16)), pair[2] if pair else "")
        scope = path.startswith("data/") != tag and not path.startswith("tagmanifest-")
        if not pair or not scope or not is_safe(path) or path.startswith("~"): bad(name, f"line {number}: {line[:200]}")
        elif path in entries and (final or entries[path] != pair[1].lower()): bad(name, f"{path[:200]} stands twice")
        elif ours and tag and (line != f"{pair[1].lower()}  {pair[2]}" or number == len(lines)):
            bad(name, f"line {number} is not as Kho writes it")
        else: entries[path] = pair[1].lower()
    return entries

# -- Ed25519 (RFC 8032 §5.1); points of the curve as (X, Y, Z, T): x = X/Z, y = Y/Z, x·y = T/Z
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
def point_sum(p: tuple[int, ...], q: tuple[int, ...]) -> tuple[int, ...]:
    a, b, c, d = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0]), 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P
def point_times(number: int, p: tuple[int, ...]) -> tuple[int, ...]:
    total: tuple[int, ...] = (0, 1, 1, 0)
    for bit in bin(number)[2:]: total = point_sum(point_sum(total, total), p if bit == "1" else (0, 1, 1, 0))
    return total
def point_of(data: bytes) -> tuple[int, ...]:  # the point that has this as its one encoding, else Broken
    y, sign = int.from_bytes(data, "little") & (1 << 255) - 1, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square: x = x * pow(2, (P - 1) // 4, P) % P
    need(y < P and x * x % P == square and (x or not sign), "not a point of the curve")
    return (x, y, 1, x * y % P) if x & 1 == sign else (P - x, y, 1, -x * y % P)
def check_signature(public: bytes, message: bytes, signature: bytes) -> None:  # in its one encoding, else Broken
    need(len(public) == 32 and len(signature) == 64, "not an Ed25519 signature")
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    x, y, _, t = point_of(public)
    x, y, z, _ = point_sum(point_times(s, point_of(b"X" + b"f" * 31)), point_times(k, (P - x, y, 1, P - t)))
    encoded = y * pow(z, -1, P) % P | (x * pow(z, -1, P) % P & 1) << 255
    need(s < ORDER and signature[:32] == encoded.to_bytes(32, "little"), "a signature does not hold")

# -- The ledger, and proofs from it
def sha256(*parts: bytes) -> bytes: return hashlib.sha256(b"".join(parts)).digest()
def unbase64(text: object) -> bytes:
    try: data = base64.b64decode(str(text), validate=True)
    except ValueError: data = b""
    need(data and base64.b64encode(data).decode() == text, "not base64")
    return data

class Note:  # A checkpoint: a C2SP signed note. Broken
    def __init__(self, text: object) -> None:
        form = "(([^\n]{1,200})\n([1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n)\n— ([^\n ]+) ([A-Za-z0-9+/=]{92})\n"
        match = re.fullmatch(form, text if isinstance(text, str) else "")
        if not match: raise Broken("not a checkpoint")
        self.body, self.origin, self.size, self.root = match[1].encode(), match[2], int(match[3]), unbase64(match[4])
        self.name, self.key_id, self.signature = match[5], unbase64(match[6])[:4].hex(), unbase64(match[6])[4:]

class Keys:  # The keys of a log, told by its own entries, each vouched for by the one before
    def __init__(self, subject: Subject, trusted: str) -> None:
        self.subject, self.trusted, self.origin, self.public, self.vkeys = subject, trusted, "", b"", list[str]()
    def learn(self, entry: dict[str, Any]) -> None:
        if part(entry, "record").get("type") != "ledger key": return
        told = part(entry, "record", "detail", "ledger_key")
        origin, previous, vkey, signature = (str(told.get(name)) for name in ("origin", "previous", "vkey", "signature"))
        need(previous == "".join(self.vkeys[-1:]) and origin == (self.origin or origin), "a key that does not follow")
        name, key_id, data = (*vkey.split("+", 2), "", "")[:3]
        need(name == origin and unbase64(data)[0] == 1 and len(unbase64(data)) == 33, "not a verifier key")
        need(sha256(name.encode(), b"\n", unbase64(data))[:4].hex() == key_id, "a verifier key with another number")
        if signature and previous:
            text = "".join(f"{part}\n" for part in ("kho-ledger-key", origin, previous, vkey))
            check_signature(self.public, text.encode(), unbase64(signature))
        elif previous:
            code, place = "NOT-CHECKED" if self.trusted in self.vkeys else "REMARK", f"entry {entry['seq']}"
            self.subject.found(code, place, "a new key, not signed by the old one")
        self.origin, self.public = origin, unbase64(data)[1:]
        self.vkeys.append(vkey)
    def check(self, note: Note) -> bool:
        need(self.vkeys and note.origin == note.name == self.origin, "a checkpoint of another log, or without a key")
        need(f"+{note.key_id}+" in self.vkeys[-1], "a checkpoint signed by another key")
        check_signature(self.public, note.body, note.signature)
        return True
    def close(self) -> None:
        need(not self.trusted or self.trusted in self.vkeys, "the key you named is none of this ledger's")
        for vkey in self.vkeys[-1:]: self.subject.found("REMARK", "", f"its key, which you should know from elsewhere: {vkey}")
def part(value: Any, *names: str) -> dict[str, Any]:  # the object that lies there, else an empty one
    for name in names: value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
def leaf_of(entry: Any) -> bytes:  # The hash of an entry whose parts fit together. Broken
    forms = {"commitment": 64, "hash": 64, "prev": 64, "salt": 32, "record": 0, "seq": 0}
    need(isinstance(entry, dict) and entry.keys() == forms.keys(), "not an entry")
    need(all(re.fullmatch(f"[0-9a-f]{{{n}}}", str(entry[key])) for key, n in forms.items() if n), "not an entry")
    seq, record = entry["seq"], entry["record"]
    need(type(seq) is int and seq > 0 and (record is None or isinstance(record, dict)), "not an entry")
    prev, salt, commitment = (bytes.fromhex(entry[key]) for key in ("prev", "salt", "commitment"))
    kept = record is None or sha256(b"kho-record\0", salt, canonical(record)) == commitment
    need(kept, f"the record of entry {seq} was changed")
    leaf = sha256(b"kho-entry\0", prev, seq.to_bytes(8, "big"), commitment)
    need(leaf.hex() == entry["hash"], f"the hash of entry {seq} is wrong")
    return leaf
def lines_of(tree: Tree, subject: Subject, kind: str) -> Iterator[Any]:  # their values, each line canonical
    names = [name for name in tree.in_root() if re.fullmatch(f"{kind}-[0-9]{{6}}\\.jsonl", name)]
    need(names == [f"{kind}-{number:06d}.jsonl" for number in range(1, len(names) + 1)], f"a file of {kind} is missing")
    for name in names:
        rest = b""
        for block in tree.blocks(name):
            *whole, rest = (rest + block).split(b"\n")
            need(len(rest) <= LIMIT, "a line without end")
            for line in whole:
                value = parse_json(line)
                need(canonical(value) == line, f"{name} has a line that is not in canonical form")
                yield value
        need(not rest or name == names[-1], f"something stands behind the last line of {name}")
        if rest: subject.found("REMARK", name, "its last line was torn off and counts as not written")
def judge_ledger(path: str, given: argparse.Namespace) -> Subject:  # chain, tree, signatures, changes of key
    subject, tree = Subject("ledger", path), Folder(path)
    tree.tell_odd(subject)
    rest = [name for name in tree.files if not re.fullmatch(r"(journal|checkpoints)-[0-9]{6}\.jsonl", name)]
    for name in tree.files.keys() - set(rest): subject.expect(name)
    if rest: subject.found("REMARK", min(rest), f"{len(rest)} files that can be made again from the others: not looked at")
    keys, stack, size, prev, newest, gone = Keys(subject, given.key), list[bytes](), 0, "0" * 64, 0, 0
    with subject.noting("", "LEDGER"):
        notes = [given.checkpoint] if given.checkpoint else []
        for value in lines_of(tree, subject, "checkpoints"):
            need(isinstance(value, dict) and value.keys() == {"at", "note", "size"}, "not a checkpoint")
            notes.append(Note(value["note"]))
            need(notes[-1].size == value["size"] and notes[-1].size > newest, "checkpoints that do not grow")
            newest = notes[-1].size
        notes.sort(key=lambda note: -note.size)
        for entry in lines_of(tree, subject, "journal"):
            leaf, bits, size = leaf_of(entry), size, size + 1
            need(entry["seq"] == size and entry["prev"] == prev, f"entry {size} does not follow the one before")
            prev, gone = entry["hash"], gone + (entry["record"] is None)
            stack.append(sha256(b"\0", leaf))
            while bits & 1: stack[-2:], bits = [sha256(b"\1", *stack[-2:])], bits >> 1
            keys.learn(entry)
            said = part(entry, "record", "detail").get("inventory_sha512")
            if said and entry["record"].get("object_id"): given.committed[str(entry["record"]["object_id"])] = str(said)
            while notes and notes[-1].size == size:
                root = stack[-1]
                for left in stack[-2::-1]: root = sha256(b"\1", left, root)
                need(notes[-1].root == root, f"the checkpoint of {size} entries is not of this ledger")
                keys.check(notes.pop())
        need(not notes, f"there is a checkpoint of {notes[0].size if notes else 0} entries, the ledger has {size}")
        keys.close()
        for name in list(subject.verdicts) if size else (): subject.expect(name, "intact")
        given.whole, subject.about = True, f"{size} entries, {len(given.committed)} objects" + f", {gone} emptied" * bool(gone)
    return subject
def climb(low_at: int, high_at: int, start: bytes, proof: Any) -> tuple[bytes, bytes]:  # RFC 9162 §2.1.3.2, §2.1.4.2
    low = high = start
    need(isinstance(proof, list) and all(re.fullmatch("[0-9a-f]{64}", str(one)) for one in proof), "not a proof")
    for one in map(bytes.fromhex, proof):
        need(high_at, "a proof that is too long")
        if low_at & 1 or low_at == high_at:
            low, high = sha256(b"\1", one, low), sha256(b"\1", one, high)
            while low_at and not low_at & 1: low_at, high_at = low_at >> 1, high_at >> 1
        else: high = sha256(b"\1", high, one)
        low_at, high_at = low_at >> 1, high_at >> 1
    need(not high_at, "a proof that is too short")
    return low, high
def grown(old: Note, new: Note, proof: Any) -> bool:  # RFC 9162 §2.1.4.2
    if old.size == new.size: return old.root == new.root and proof == []
    need(isinstance(proof, list) and proof and old.size < new.size, "not a proof")
    low_at, high_at = old.size - 1, new.size - 1
    while low_at & 1: low_at, high_at = low_at >> 1, high_at >> 1
    whole = old.size & (old.size - 1) == 0  # a complete tree is its own beginning
    start = old.root if whole else bytes.fromhex(proof[0]) if re.fullmatch("[0-9a-f]{64}", str(proof[0])) else b""
    return climb(low_at, high_at, start, proof if whole else proof[1:]) == (old.root, new.root)
def judge_proof(path: str, given: argparse.Namespace) -> Subject:  # what `kho ledger prove` wrote
    subject = Subject("proof", path)
    subject.expect("")
    with subject.noting("", "LEDGER"):
        doc, keys = parse_json(b"".join(blocks_of(path, LIMIT))), Keys(subject, given.key)
        form, parts = part(doc).get("format"), [part(doc).get(name, []) for name in ("keys", "entries")]
        grew = form == "kho-ledger-consistency/1"
        need((grew or form == "kho-ledger-proof/1") and all(isinstance(one, list) for one in parts), "not a proof")
        names = "format origin old new keys proof" if grew else "format origin size root checkpoint keys entries object"
        need(doc.keys() == set(names.split()), "fields that are not those of a proof")
        new, old, passed = Note(doc.get("new" if grew else "checkpoint")), Note(doc.get("old")) if grew else None, False
        need(doc["origin"] == new.origin and (grew or (doc["size"], doc["root"]) == (new.size, new.root.hex())), "not its note")
        for number, entry in enumerate([*parts[0], *parts[1]]):
            need(isinstance(entry, dict), "not an entry")
            proof, leaf = entry.pop("proof", None), sha256(b"\0", leaf_of(entry))
            need(entry["seq"] <= new.size and climb(entry["seq"] - 1, new.size - 1, leaf, proof)[1] == new.root,
                 f"entry {entry['seq']} is not in the tree of the checkpoint")
            if number < len(parts[0]):
                if old and not passed and entry["seq"] > old.size: passed = keys.check(old)
                keys.learn(entry)
        if old and not passed: keys.check(old)
        keys.check(new)
        need(not old or grown(old, new, doc.get("proof")), "the older log is no beginning of the newer")
        mark, about = given.checkpoint, doc.get("object")
        need(not mark or mark.size != new.size or mark.root == new.root, "not of the log whose checkpoint you have")
        if isinstance(about, dict):
            said = [(part(one, "record").get("object_id"), part(one, "record", "detail").get("inventory_sha512"))
                    for one in parts[1] if one["seq"] == about.get("seq")]
            need(said == [(about.get("object_id"), about.get("inventory_sha512"))], "no entry says this of the object")
            given.committed.setdefault(str(about["object_id"]), str(about["inventory_sha512"]))
        subject.about = f"{len(parts[1])} entries, checkpoint of {new.size}"
        keys.close()
        subject.expect("", "intact")
    return subject

# -- What a path is, and the report
def judge_tree(tree: Tree, subject: Subject, given: argparse.Namespace) -> Subject:  # by what lies in it
    tree.tell_odd(subject)
    if any(re.match(r"inventory\.json|0=ocfl_object", name) for name in tree.files): judge_object(tree, subject)
    elif any(re.match(r"bagit\.txt|(tag)?manifest-", name) for name in tree.files):
        judge_bag(tree, subject, {path: path for path in tree.files})
        subject.read_all(tree)
    else: subject.found("NOT-CHECKED", "", "neither an OCFL object nor a bag nor anything else that is known")
    has, said = subject.inventories.get(""), given.committed.get(subject.object_id)
    if has and said != has and said in subject.inventories.values():
        subject.found("NOT-CHECKED", "", "the ledger or proof is older than the newest version")
    elif has and said != has and (said or given.whole):
        subject.found("COMMITMENT", "inventory.json", f"sha512 {has}, the ledger says {said or 'nothing'}")
    return subject
def judge(path: str, given: argparse.Namespace) -> Iterator[Subject]:
    subject, top, name = Subject("file", path), Folder(path, deep=False), os.path.basename(path)
    names = top.in_root()
    if os.path.islink(path.rstrip("/")): subject.found("LINK", "", "name the place itself")
    elif not os.path.isdir(path):
        with subject.noting("", "RULE"):
            if os.path.lexists(f"{path}.sha512"):
                subject.expect(name)
                said, digest = b"".join(blocks_of(f"{path}.sha512", BLOCK)), digests_of(blocks_of(path), ["sha512"])
                if said == f"{digest['sha512']}  {name}\n".encode(): subject.expect(name, "intact")
                else: subject.found("ALTERED", name, f"sha512 {digest['sha512']}, {name}.sha512 says otherwise")
            with Stream(path) as stream: judge_tree(Zip(stream, subject), subject, given)
    elif "store.json" in names and "root" in top.folders: return (yield from judge_root(os.path.join(path, "root"), given))
    elif re.search(r"\b(0=ocfl_1|ocfl_layout\.json)", " ".join(names)): return (yield from judge_root(path, given))
    elif "VERIFY.txt" in names and not re.search(r"\b(0=ocfl|inventory\.json|bagit\.txt|manifest-)", " ".join(names)):
        children = sorted({*top.folders, *top.odd, *(name for name in names if name.endswith(".zip"))})
        return (yield from (one for child in children for one in judge(os.path.join(path, child), given)))
    else: judge_tree(Folder(path), subject, given)
    yield subject
def show(subject: Subject, vi: bool) -> None:
    sums = " ".join(f"{name} {number}" for name, number in subject.counts().items() if number)
    print(plain(f"{WORDS[subject.verdict()][vi]}  {subject.path}  {subject.object_id} {subject.about} ({sums})"))
    for one in subject.findings:
        mark, *texts = TEXTS[one["code"]]
        print(plain(f"  {mark.replace('E', '✗')} {one['code']} {one['place']}: {texts[vi]}; {one['detail']}"))
    if subject.seen > len(subject.findings): print(f"  … {subject.seen}")
def plain(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
def main(arguments: list[str] | None = None) -> int:
    digest = digests_of(blocks_of(os.path.realpath(__file__)), ["sha256"])["sha256"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", metavar="PATH")
    for name in ("ledger", "proof"): parser.add_argument(f"--{name}", action="append", default=[])
    for name in ("checkpoint", "key"): parser.add_argument(f"--{name}", default="")
    parser.add_argument("--lang", choices=["vi", "en"], default="vi" if os.environ.get("LANG", "")[:2] == "vi" else "en")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--version", action="version", version=f"kho_verify.py, SHA-256 {digest}")
    args = parser.parse_args(arguments)
    if not (args.paths or args.ledger or args.proof): parser.error("name what is to be checked")
    args.whole, args.committed = False, {}  # what is known of the ledger: how each object was last committed to
    try: args.checkpoint = Note(b"".join(blocks_of(args.checkpoint, BLOCK)).decode()) if args.checkpoint else None
    except (CannotRead, Broken, UnicodeDecodeError) as why: parser.error(f"--checkpoint {args.checkpoint}: {why}")
    if isinstance(sys.stdout, io.TextIOWrapper): sys.stdout.reconfigure(errors="backslashreplace")
    def all_() -> Iterator[Subject]:
        ledgers = {path for path in args.paths if os.path.lexists(os.path.join(path, "journal-000001.jsonl"))}
        exports = [path for path in args.paths if os.path.lexists(os.path.join(path, "VERIFY.txt"))]
        beside = [os.path.join(path, name) for path in exports for name in Folder(path, deep=False).in_root()]
        proofs = {path for path in [*args.paths, *beside] if path.endswith(".json")}
        for path in args.ledger + sorted(ledgers): yield judge_ledger(path, args)
        for path in args.proof + sorted(proofs): yield judge_proof(path, args)
        for path in args.paths:
            if path not in ledgers | proofs: yield from judge(path, args)
    totals = {**dict.fromkeys(COUNTS, 0), "subjects": 0, "damaged": 0, "incomplete": 0}
    for subject in all_():
        verdict, counts = subject.verdict(), subject.counts()
        for name, number in (*counts.items(), ("subjects", 1), (verdict, verdict != "intact")): totals[name] += number
        if not args.json: show(subject, args.lang == "vi")
        elif verdict != "intact" or subject.findings:
            told = {name: getattr(subject, name) for name in ("kind", "path", "object_id", "about", "findings")}
            print(json.dumps({"message_type": "subject", **told, **counts, "verdict": verdict, "seen": subject.seen}))
    if args.json: print(json.dumps({"message_type": "summary", **totals, "verifier_sha256": digest}))
    else: print(" · ".join(f"{name} {number}" for name, number in totals.items()), f"\nkho_verify.py SHA-256 {digest}")
    return 3 if totals["damaged"] else 4 if totals["incomplete"] or not totals["subjects"] else 0
if __name__ == "__main__": sys.exit(main())
