"""What came with a message: kept as part of a case, shown to who may see it."""

from collections.abc import Iterable

from handlers.desk import Desk
from handlers.message import Attached
from storage.attachments import Attachment, Keeping, Media
from storage.events import Event
from storage.reports import Report
from storage.requests import Request


def photos(desk: Desk) -> int:
    """How many came with the message."""
    return sum(one.media == Media.PHOTO for one in desk.said.attached)


def keep(
    desk: Desk, case: Request, came: Iterable[Attached], *, report: Report | None = None, event: Event | None = None
) -> None:
    """With a report, or with the line of history it is evidence for. The fetcher brings the files later."""
    for one in came:
        latitude, longitude = one.place or (None, None)
        is_place = one.media == Media.LOCATION
        desk.session.add(
            Attachment(
                request_id=case.number,
                report_id=report.id if report else None,
                event_id=event.id if event else None,
                media=one.media,
                platform=desk.here.platform,
                account=desk.here.account,
                file=one.file,
                name=one.name,
                size=one.size,
                latitude=latitude,
                longitude=longitude,
                state=Keeping.STORED if is_place else Keeping.WANTED,
                next_at=None if is_place else desk.now,
            )
        )
    desk.session.flush()
