"""The store: files in a folder under the hash of what is in them, written whole or not at all."""

import mimetypes
import os
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bot.cleaning import cleaned
from bot.platforms import File
from storage.attachments import Attachment, Media

PART = ".part"  # a file that is still being written; one that is left over was broken off


@dataclass(frozen=True, slots=True)
class Stored:
    """`size` in bytes, `digest` SHA-256, of what is stored: without the place and device of what came."""

    digest: str
    mime: str
    size: int


class Store:
    """`folder/ab/abcdef….jpg`: the same content is stored once, whoever sent it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Only who runs the bot may look in. OSError if nothing can be written there."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.folder):
            pass

    def path(self, digest: str, mime: str) -> Path:
        return self.folder / digest[:2] / f"{digest}{mimetypes.guess_extension(mime) or ''}"

    def keep(self, content: bytes) -> Stored:
        """Unreadable for a picture that cannot be cleaned; OSError if the disk does not take it."""
        clean, mime = cleaned(content)
        digest = sha256(clean).hexdigest()
        path = self.path(digest, mime)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, clean)
        return Stored(digest, mime, len(clean))

    def forget(self, digest: str, mime: str) -> None:
        self.path(digest, mime).unlink(missing_ok=True)

    def file(self, one: Attachment, platform: str, account: str) -> File | None:
        """As it is shown on an account. None: our copy is still to come.

        A photo or voice the account has itself is shown from there: the platform has cleaned it. Films and documents
        are shown only as our clean copy.
        """
        if one.latitude is not None and one.longitude is not None:
            return File(one.media, place=(one.latitude, one.longitude))
        own = (one.platform, one.account) == (platform, account) and one.media in {Media.PHOTO, Media.VOICE}
        path = self.path(one.digest, one.mime) if one.digest and one.mime else None
        return File(one.media, one.name, one.file if own else None, path) if own or path else None

    def tidy(self) -> None:
        """Takes away what a stop left half written."""
        for part in self.folder.glob(f"*/*{PART}"):
            part.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """On the disk before it has its name."""
    descriptor, name = tempfile.mkstemp(suffix=PART, dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
