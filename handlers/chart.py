"""A chart: what a picture of figures says, put down as text so that it is drawn, like any file is fetched, later."""

import json
from dataclasses import asdict, dataclass

from handlers.desk import Desk
from storage.attachments import Attachment, Media
from storage.rows import store

DRAWN = ("drawn", "main")  # the platform and account of what the bot draws itself


@dataclass(frozen=True, slots=True)
class Bar:
    """`share` of the whole width, 0 to 1; None draws no bar."""

    label: str
    value: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    lead: str
    sections: tuple[Section, ...]
    foot: str = ""

    def to_text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of_text(cls, text: str) -> "Chart":
        read = json.loads(text)
        sections = tuple(
            Section(one["title"], tuple(Bar(**bar) for bar in one["bars"])) for one in read.pop("sections")
        )
        return cls(**read, sections=sections)


def draw(desk: Desk, chart: Chart, *, notice: int) -> Attachment:
    """A picture for a letter; the letter waits a little for it."""
    platform, account = DRAWN
    picture = Attachment(
        notice_id=notice, media=Media.PHOTO, platform=platform, account=account, file=chart.to_text(),
        came_at=desk.now, next_at=desk.now,
    )  # fmt: skip
    return store(desk.session, picture)
