"""What a letter brings, as calls: albums, single files, words beneath a file where they fit, else after it."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from telegram import InputFile, InputMediaDocument, InputMediaPhoto, InputMediaVideo
from telegram.constants import MediaGroupLimit
from telegram.error import Forbidden, TelegramError

from bot.platforms import File, Outgoing, RetryLater, Undeliverable
from bot.platforms.telegram.refusals import NO_PHOTO, WRONG_FILE, final, says
from bot.platforms.telegram.words import CAPTION, parts, units
from storage.attachments import Media

InAlbum = InputMediaPhoto | InputMediaVideo | InputMediaDocument

ALBUM = int(MediaGroupLimit.MAX_MEDIA_LENGTH)
SUFFIXES = {Media.PHOTO: ".jpg", Media.VIDEO: ".mp4", Media.VOICE: ".ogg"}  # Telegram looks at names
IN_ALBUMS: dict[Media, type[InAlbum]] = {
    Media.PHOTO: InputMediaPhoto,
    Media.VIDEO: InputMediaVideo,
    Media.DOCUMENT: InputMediaDocument,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One call: words, or files with words beneath them. Several files are an album."""

    text: str = ""
    files: tuple[File, ...] = ()


def planned(out: Outgoing) -> list[Part]:
    """Files first, then the words, which carry the buttons; none where there is nothing to say."""
    text = (out.text or "").strip()
    alone = out.files[0] if len(out.files) == 1 else None
    if alone and alone.media != Media.LOCATION and units(text) <= CAPTION:
        return [Part(text, out.files)]
    albums = [Part(files=files) for files in _albums(out.files)]
    if albums and out.buttons and not text:  # which cannot stand under an album
        *others, last = albums.pop().files
        albums += [*([Part(files=tuple(others))] if others else []), Part(files=(last,))]
    return albums + [Part(piece) for piece in parts(text)]


def _albums(files: Sequence[File]) -> list[tuple[File, ...]]:
    """https://core.telegram.org/bots/api#sendmediagroup: documents only among themselves, voices and places alone."""
    pictures = [file for file in files if file.media in {Media.PHOTO, Media.VIDEO}]
    papers = [file for file in files if file.media == Media.DOCUMENT]
    others = [file for file in files if file.media not in IN_ALBUMS]
    albums = [tuple(kind[begin : begin + ALBUM]) for kind in (pictures, papers) for begin in range(0, len(kind), ALBUM)]
    return albums + [(file,) for file in others]


def instead(part: Part, refused: TelegramError) -> list[Part]:
    """Another way to bring the same: our copy, each file alone, a picture as a document. Empty: there is none."""
    if says(refused, *WRONG_FILE) and any(file.known and file.path for file in part.files):
        return [
            replace(part, files=tuple(replace(file, known=None if file.path else file.known) for file in part.files))
        ]
    if not final(refused) or isinstance(refused, Forbidden):
        return []
    if len(part.files) > 1:
        return [Part(files=(file,)) for file in part.files]
    if says(refused, *NO_PHOTO) and part.files[0].path:
        return [replace(part, files=(replace(part.files[0], media=Media.DOCUMENT, known=None),))]
    return []


async def content(file: File, *, attach: bool = False) -> str | InputFile:
    """Telegram's name for it, else our copy; `attach` in an album."""
    if file.known:
        return file.known
    if file.path is None:
        raise Undeliverable("a file that lies nowhere")
    try:
        read = io.BytesIO(await asyncio.to_thread(file.path.read_bytes))
    except FileNotFoundError:
        raise Undeliverable("the file to send is gone") from None
    except OSError as error:
        raise RetryLater(type(error).__name__) from None
    name = file.name or file.path.name
    name = name if "." in name else name + SUFFIXES.get(file.media, "")
    return InputFile(read, name, attach=attach, read_file_handle=False)  # it leaves piece by piece, others in between


async def in_album(file: File) -> InAlbum:
    kind = IN_ALBUMS[file.media]
    return kind(await content(file, attach=True))
