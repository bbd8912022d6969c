"""Cleaning: what a camera writes into a picture or a film about its place and device does not stay in it."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image, ImageFile, ImageOps

PIXELS = 100_000_000  # a larger picture would fill the memory
UNKNOWN = "application/octet-stream"
# Beginnings that tell what a file is (https://mimesniff.spec.whatwg.org/#matching-a-mime-type-pattern).
MAGIC = {b"OggS": "audio/ogg", b"ID3": "audio/mpeg", b"\xff\xfb": "audio/mpeg", b"%PDF-": "application/pdf",
         b"PK\x03\x04": "application/zip", b"GIF8": "image/gif"}  # fmt: skip
FILMS = {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4"}  # the brands of ISO base media files that are no plain MP4
HEIF = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif"})
ABOUT = frozenset({b"udta", b"meta", b"uuid"})  # boxes of an ISO base media file that tell about the recording
INSIDE = frozenset({b"moov", b"trak", b"moof", b"traf"})
BOX = struct.Struct(">I4s")
FORMATS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class Unreadable(Exception):  # noqa: N818 (what is wrong)
    """A picture whose metadata cannot be taken out."""


def cleaned(content: bytes) -> tuple[bytes, str]:
    """The same without its place and device, and its MIME type. Sound, texts and archives stay as they are.

    Unreadable for a picture that cannot be opened, or in a format we cannot write.
    """
    if content[4:8] == b"ftyp":
        return _film(content)
    for beginning, mime in MAGIC.items():
        if content.startswith(beginning):
            return content, mime
    return _picture(content) if _is_picture(content) else (content, UNKNOWN)


def _is_picture(content: bytes) -> bool:
    """JPEG, PNG, WebP, and TIFF with what is built upon it: the raw files of cameras."""
    riff = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return riff or content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*"))


def _picture(content: bytes) -> tuple[bytes, str]:
    """Written anew from its pixels, upright; only the colour profile comes along."""
    try:
        with _quietly(), Image.open(BytesIO(content)) as image:
            mime = FORMATS.get(image.format or "")
            if mime is None or image.width * image.height > PIXELS:
                raise Unreadable(f"{image.format} of {image.width} x {image.height}")
            return _rewritten(image), mime
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unreadable(type(error).__name__) from None


@contextmanager
def _quietly() -> Iterator[None]:
    """What the library warns of, as many pixels or damaged tags, is decided here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _rewritten(image: ImageFile.ImageFile) -> bytes:
    """A JPEG that stands upright keeps its quality; any other is written at a quality nobody tells apart."""
    profile = image.info.get("icc_profile")
    is_jpeg = image.format in {"JPEG", "MPO"}
    upright = ImageOps.exif_transpose(image)
    turned = image.getexif().get(0x0112, 1) != 1
    out = BytesIO()
    if is_jpeg and not turned:
        image.info.pop("comment", None)
        image.save(out, "JPEG", quality="keep" if image.format == "JPEG" else 92, icc_profile=profile, exif=b"")
    elif is_jpeg:
        upright.info.pop("comment", None)
        upright.save(out, "JPEG", quality=92, icc_profile=profile, exif=b"")
    elif image.format == "WEBP":
        upright.save(out, "WEBP", quality=90, icc_profile=profile, exif=b"", xmp=b"")
    else:
        upright.info = {key: value for key, value in upright.info.items() if key in {"transparency", "gamma", "srgb"}}
        upright.save(out, "PNG", icc_profile=profile)
    return out.getvalue()


def _film(content: bytes) -> tuple[bytes, str]:
    """The boxes about the recording become free space of the same length: no other byte moves."""
    brand = content[8:12]
    if brand in HEIF:
        raise Unreadable("HEIF")
    film = bytearray(content)
    for start, body, end, kind in _boxes(content, 0, len(content)):
        if kind in ABOUT:
            film[start + 4 : start + 8] = b"free"
            film[body:end] = bytes(end - body)
    return bytes(film), FILMS.get(brand, "video/mp4")


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, bytes]]:
    """Where each box begins, where its content begins and ends, and its type; those inside others too.

    ISO/IEC 14496-12, 4.2.
    """
    while start + BOX.size <= end:
        size, kind = BOX.unpack_from(content, start)
        head = BOX.size
        if size == 1 and start + 16 <= end:  # a large box has its length behind its type
            size, head = struct.unpack_from(">Q", content, start + 8)[0], 16
        size = end - start if size == 0 else size  # to the end of the file
        if size < head or start + size > end:
            return
        yield start, start + head, start + size, kind
        if kind in INSIDE:
            yield from _boxes(content, start + head, start + size)
        start += size
