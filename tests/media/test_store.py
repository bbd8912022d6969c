"""The folder: what is kept there, under which name, and what is taken out of it before."""

import struct
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.cleaning import Unreadable, cleaned
from bot.store import Store
from storage.attachments import Attachment, Keeping, Media
from tests.storage.town import AT

SPOT = {1: "N", 2: (31.0, 14.0, 0.0), 3: "E", 4: (121.0, 28.0, 0.0)}  # GPS tags of EXIF


def picture(form: str = "JPEG", *, turned: int = 1, size: tuple[int, int] = (40, 20), **more: object) -> bytes:
    """A picture as a telephone takes it: with its maker, its place and a thumbnail's worth of secrets."""
    image = Image.new("RGB", size, (200, 30, 30))
    exif = image.getexif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "SecretMaker", "SecretModel", turned
    exif.get_ifd(0x8825).update(SPOT)
    out = BytesIO()
    image.save(out, form, exif=exif, **more)
    return out.getvalue()


def box(kind: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def large_box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body


PLACE = b"+31.2304+121.4737/"
FILM = b"".join([
    box(b"ftyp", b"isom", bytes(4)),
    box(b"moov", box(b"mvhd", bytes(20)), box(b"udta", box(b"\xa9xyz", PLACE)), box(b"trak", box(b"meta", PLACE))),
    large_box(b"uuid", PLACE),
    struct.pack(">I4s", 0, b"mdat") + b"moving pictures",
])  # fmt: skip


@pytest.mark.parametrize(("form", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_place_and_device_are_taken_out_of_a_picture(form: str, mime: str) -> None:
    clean, found = cleaned(picture(form))
    assert found == mime
    assert b"Secret" not in clean
    with Image.open(BytesIO(clean)) as image:
        assert (image.size, dict(image.getexif()), image.getexif().get_ifd(0x8825)) == ((40, 20), {}, {})


def test_words_in_a_picture_are_taken_out_too() -> None:
    assert b"Secret" not in cleaned(picture(comment=b"Secret words"))[0]


def test_a_picture_lying_on_its_side_is_put_upright() -> None:
    clean, _ = cleaned(picture(turned=6))
    with Image.open(BytesIO(clean)) as image:
        assert image.size == (20, 40)


def test_a_picture_that_stands_loses_nothing() -> None:
    taken = picture(quality=61)
    with Image.open(BytesIO(taken)) as before, Image.open(BytesIO(cleaned(taken)[0])) as after:
        assert before.quantization == after.quantization  # type: ignore[attr-defined]


def test_the_place_in_a_film_becomes_free_space() -> None:
    clean, mime = cleaned(FILM)
    assert (mime, len(clean), clean.count(b"free")) == ("video/mp4", len(FILM), 3)
    assert PLACE not in clean
    assert clean.endswith(b"moving pictures")
    assert cleaned(box(b"ftyp", b"qt  "))[1] == "video/quicktime"


@given(st.binary(max_size=80))
@settings(max_examples=200)
def test_a_broken_film_is_still_kept(rest: bytes) -> None:
    clean, _ = cleaned(box(b"ftyp", b"isom") + rest)
    assert len(clean) == 12 + len(rest)


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (b"OggS" + bytes(9), "audio/ogg"),
        (b"%PDF-1.7", "application/pdf"),
        (b"plain words", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_what_holds_no_place_stays_as_it_is(content: bytes, mime: str) -> None:
    assert cleaned(content) == (content, mime)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff and no picture",
        picture()[:200],
        picture("TIFF"),
        box(b"ftyp", b"heic"),
        picture("PNG", size=(41, 21)),
    ],
    ids=["no picture", "cut off", "TIFF", "HEIF", "too many pixels"],
)
def test_a_picture_that_cannot_be_cleaned_is_refused(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cleaning.PIXELS", 40 * 21)
    with pytest.raises(Unreadable):
        cleaned(content)


def test_the_same_content_is_stored_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "media")
    one, same, other = store.keep(b"%PDF-1"), store.keep(b"%PDF-1"), store.keep(b"%PDF-2")
    assert (one == same, one == other, one.size) == (True, False, 6)
    path = store.path(one.digest, one.mime)
    assert path.read_bytes() == b"%PDF-1"
    assert path.relative_to(store.folder).as_posix() == f"{one.digest[:2]}/{one.digest}.pdf"
    store.forget(one.digest, one.mime)
    store.forget(one.digest, one.mime)
    assert [file.read_bytes() for file in store.folder.rglob("*.pdf")] == [b"%PDF-2"]


def test_what_a_stop_left_half_written_goes(tmp_path: Path) -> None:
    store = Store(tmp_path / "media")
    kept = store.keep(b"%PDF-1")
    store.path(kept.digest, kept.mime).with_name("x.part").write_bytes(b"%PD")
    store.tidy()
    assert [file.suffix for file in store.folder.rglob("*.*")] == [".pdf"]


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    store = Store(tmp_path / "media")
    with pytest.raises(OSError, match="No space"):
        store.keep(b"%PDF-1")
    assert [file for file in store.folder.rglob("*") if file.is_file()] == []


def shown(one: Attachment, account: str = "main") -> tuple[str | None, bool] | None:
    file = Store(Path("media")).file(one, "telegram", account)
    return (file.known, file.path is not None) if file else None


def test_a_file_is_shown_from_where_it_is_clean() -> None:
    facts = {"request_id": 1, "platform": "telegram", "account": "main", "file": "f", "came_at": AT}
    copy = {"state": Keeping.STORED, "digest": "ab", "mime": "image/jpeg"}
    photo, document = Attachment(media=Media.PHOTO, **facts), Attachment(media=Media.DOCUMENT, **facts)
    assert (shown(photo), shown(photo, "other"), shown(document)) == (("f", False), None, None)
    photo, document = (Attachment(media=media, **facts, **copy) for media in (Media.PHOTO, Media.DOCUMENT))
    assert (shown(photo), shown(photo, "other"), shown(document)) == (("f", True), (None, True), (None, True))
