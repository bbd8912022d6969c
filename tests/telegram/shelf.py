"""The files of the fake Telegram: what people attach, what the bot uploads, and the forms that bring bytes."""

import io
from dataclasses import dataclass, replace
from email import message_from_string
from itertools import count
from typing import Any

from PIL import Image

Json = dict[str, Any]

LARGEST_DOWN = 20_971_520  # bytes; https://core.telegram.org/bots/api#getfile
LARGEST_UP = 52_428_800  # https://core.telegram.org/bots/api#sending-files
LARGEST_PHOTO = 10_485_760
ENDINGS = {"photo": "jpg", "video": "mp4", "video_note": "mp4", "animation": "mp4", "voice": "oga", "audio": "m4a"}
MIMES = {"video": "video/mp4", "animation": "video/mp4", "voice": "audio/ogg", "audio": "audio/mp4"}
SHAPES: dict[str, Json] = {
    "video": {"width": 1280, "height": 720, "duration": 12},
    "video_note": {"length": 384, "duration": 6},
    "animation": {"width": 480, "height": 270, "duration": 3},
    "voice": {"duration": 4},
    "audio": {"duration": 31},
}


def picture(colour: str = "red") -> bytes:
    """A small JPEG."""
    paper = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(paper, "JPEG")
    return paper.getvalue()


@dataclass(frozen=True)
class Thing:
    """What somebody attaches. `size` is what is declared, where the content is none of that size."""

    kind: str
    content: bytes = b""
    name: str = ""
    size: int | None = None
    place: tuple[float, float] | None = None
    title: str = ""  # of a venue


def photo(content: bytes | None = None, *, size: int | None = None) -> Thing:
    return Thing("photo", picture() if content is None else content, size=size)


def video(content: bytes = b"moving", *, name: str = "IMG_0042.MP4", size: int | None = None) -> Thing:
    return Thing("video", content, name, size)


def voice(content: bytes = b"OggS speech", *, size: int | None = None) -> Thing:
    return Thing("voice", content, size=size)


def document(name: str = "材料.pdf", content: bytes = b"%PDF-1.7", *, size: int | None = None) -> Thing:
    return Thing("document", content, name, size)


def location(latitude: float = 39.9042, longitude: float = 116.4074, *, title: str = "") -> Thing:
    """With a title it is a venue."""
    return Thing("venue" if title else "location", place=(latitude, longitude), title=title)


@dataclass(frozen=True)
class Kept:
    """A file, or a place, as a message shows it."""

    id: str
    thing: Thing
    path: str

    @property
    def kind(self) -> str:
        return self.thing.kind

    @property
    def content(self) -> bytes:
        return self.thing.content

    @property
    def name(self) -> str:
        return self.thing.name

    @property
    def size(self) -> int:
        return len(self.thing.content) if self.thing.size is None else self.thing.size

    @property
    def payload(self) -> Json:
        """The fields of a message that has it."""
        if self.thing.place:
            spot = dict(zip(("latitude", "longitude"), self.thing.place, strict=True))
            title = {"title": self.thing.title, "address": ""}
            return {"location": spot, **({"venue": {"location": spot, **title}} if self.kind == "venue" else {})}
        if self.kind == "photo":
            return {"photo": [
                self._named(f"small-{self.id}") | {"width": 90, "height": 90, "file_size": min(self.size, 900)},
                self._named(self.id) | {"width": 1280, "height": 1280, "file_size": self.size},
            ]}  # fmt: skip
        file = {**self._named(self.id), "file_size": self.size, **SHAPES.get(self.kind, {})}
        file |= {"mime_type": MIMES[self.kind]} if self.kind in MIMES else {}
        file |= {"file_name": self.name} if self.name else {}
        return {self.kind: file, **({"document": file} if self.kind == "animation" else {})}

    @staticmethod
    def _named(file: str) -> Json:
        return {"file_id": file, "file_unique_id": f"u{file}"}


class Shelf:
    """Every file Telegram knows, by the name this bot knows it by."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._numbers = count(1)

    def put(self, thing: Thing) -> Kept:
        number = next(self._numbers)
        folder = f"{thing.kind}s" if thing.kind in ENDINGS else "documents"
        ending = ENDINGS.get(thing.kind) or thing.name.rpartition(".")[2] or "bin"
        kept = Kept(f"{thing.kind}-{number}", thing, f"{folder}/file_{number}.{ending}")
        if thing.place is None:
            self._kept[kept.id] = kept
        return kept

    def known(self, file: str) -> Kept | None:
        return self._kept.get(file.removeprefix("small-"))

    def at(self, path: str) -> Kept | None:
        return next((kept for kept in self._kept.values() if kept.path == path), None)

    def moves(self, file: str, path: str) -> None:
        """It lies elsewhere, perhaps at no address."""
        self._kept[file] = replace(self._kept[file], path=path)


@dataclass(frozen=True)
class Upload:
    """A part of a form that is a file."""

    name: str
    content: bytes


def form(content_type: str, body: bytes) -> dict[str, str | Upload]:
    """The parts of multipart/form-data. https://www.rfc-editor.org/rfc/rfc7578"""
    boundary = message_from_string(f"Content-Type: {content_type}\n\n").get_boundary()
    if boundary is None:
        raise ValueError("a form without a boundary")
    before, *parts, after = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if before.strip() or after.rstrip() != b"--":
        raise ValueError("a form that does not end")
    fields: dict[str, str | Upload] = {}
    for part in parts:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = message_from_string(head.decode() + "\n\n")
        name, file = headers.get_param("name", header="content-disposition"), headers.get_filename()
        fields[str(name)] = content.decode() if file is None else Upload(file, content)
    return fields
