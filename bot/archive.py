"""The archive of a backup: a plain tar of the database, the files of cases, and a manifest that proves them.

Not compressed: pictures and PostgreSQL's dump are already, and `tar -xf` of any system takes one file out of it.
"""

import io
import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Annotated, BinaryIO, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

MANIFEST = "manifest.json"
SEAL = "manifest.sha256"  # as sha256sum writes it
CONFIG = "config.toml"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
NAMES = re.compile(
    r"database\.(sqlite3|dump)|config\.toml|manifest\.(json|sha256)|media/[0-9a-f]{2}/[0-9a-f]{64}(\.\w{1,8})?",
    re.ASCII,
)
PIECE = 1024 * 1024  # bytes read at once


class Unusable(Exception):  # noqa: N818 (the sentence the operator reads)
    """Why an archive cannot be restored."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Name = Annotated[str, Field(pattern=r"^\w+$")]  # it becomes a part of SQL


class Member(Part):
    size: int
    sha256: str


class Manifest(Part):
    """`rows` counts each table, `missing` names files that a row has and the folder had not."""

    format: Literal[1] = 1
    gridbot: str
    made_at: AwareDatetime
    kind: Literal["sqlite", "postgresql"]
    place: Name | Literal[""] = ""  # PostgreSQL's schema
    revision: Name
    rows: dict[Name, int]
    members: dict[str, Member]
    missing: tuple[str, ...] = ()

    @property
    def database(self) -> str:
        return DATABASES[self.kind]

    @property
    def media(self) -> list[str]:
        return [name for name in self.members if name.startswith("media/")]


class Writer:
    """Adds one member after the other; `members` says what went in."""

    def __init__(self, file: BinaryIO) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 (closed in `seal`)
        self.members: dict[str, Member] = {}

    def add(self, name: str, content: BinaryIO, size: int) -> None:
        read = _Read(content)
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, read)
        self.members[name] = Member(size=size, sha256=read.digest.hexdigest())

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as content:
            self.add(name, content, path.stat().st_size)

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, io.BytesIO(content), len(content))

    def seal(self, manifest: Manifest) -> None:
        """The manifest is last: without it an archive is not whole."""
        text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=1).encode()
        self.add_bytes(MANIFEST, text)
        self.add_bytes(SEAL, _seal(text))
        self._tar.close()


class _Read(io.RawIOBase):
    """Hashes what is read through it."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        self.digest = sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._content.read(size)
        self.digest.update(piece)
        return piece


def _seal(manifest: bytes) -> bytes:
    return f"{sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()


def verified(file: Path) -> Manifest:
    """Reads the whole archive and compares every hash. Unusable."""
    found: dict[str, Member] = {}
    kept: dict[str, bytes] = {}
    with _opened(file) as tar:
        for name, content in _members(file, tar):
            if name in found:
                raise Unusable(f"{file}: {name} is in it twice")
            digest, size = sha256(), 0
            while piece := content.read(PIECE):
                digest.update(piece)
                size += len(piece)
                if name in {MANIFEST, SEAL}:
                    kept[name] = kept.get(name, b"") + piece
            found[name] = Member(size=size, sha256=digest.hexdigest())
    manifest = _manifest(file, kept)
    for name, member in manifest.members.items():
        if name not in found:
            raise Unusable(f"{file}: is not whole: {name} is missing")
        if found[name] != member or (name.startswith("media/") and Path(name).stem != member.sha256):
            raise Unusable(f"{file}: {name} was altered since the backup was made")
    if added := sorted(found.keys() - manifest.members.keys() - {MANIFEST, SEAL}):
        raise Unusable(f"{file}: {added[0]} was added since the backup was made")
    if manifest.database not in manifest.members:
        raise Unusable(f"{file}: there is no database in it")
    return manifest


def _manifest(file: Path, kept: dict[str, bytes]) -> Manifest:
    if MANIFEST not in kept or SEAL not in kept:
        raise Unusable(f"{file}: is not whole: the manifest at its end is missing")
    if kept[SEAL] != _seal(kept[MANIFEST]):
        raise Unusable(f"{file}: its manifest was altered since the backup was made")
    try:
        return Manifest.model_validate_json(kept[MANIFEST])
    except ValidationError:
        raise Unusable(f"{file}: was made by a newer gridbot, in a form this one does not know") from None


def _members(file: Path, tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for info in tar:
        content = tar.extractfile(info) if info.isreg() else None
        if content is None or not NAMES.fullmatch(info.name):
            raise Unusable(f"{file}: holds what no backup of gridbot holds")
        yield info.name, content


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError, ValueError):
        raise Unusable(f"{file}: is not whole, or no backup of gridbot") from None
    except OSError as error:
        raise Unusable(f"{file}: cannot be read ({error.strerror})") from None


def take_out(file: Path, name: str, to: Path) -> None:
    """One member as a file that only its owner may read. Unusable if it is not what `verified` saw."""
    with _opened(file) as tar, to.open("xb") as out:
        to.chmod(0o600)
        content = tar.extractfile(name)
        while content and (piece := content.read(PIECE)):
            out.write(piece)


def media(file: Path) -> Iterator[tuple[str, bytes]]:
    """The files of cases: digest with ending, content."""
    with _opened(file) as tar:
        for name, content in _members(file, tar):
            if name.startswith("media/"):
                yield Path(name).name, content.read()
