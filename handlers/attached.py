"""What came with a message: kept as part of a case, counted on its card, and missed when it is lost."""

from collections.abc import Iterable, Sequence

from handlers.beforehand import seat_of
from handlers.desk import Desk
from handlers.message import Attached
from storage import outbox, people
from storage.attachments import Attachment, Keeping, Media
from storage.events import Event
from storage.notices import Notice
from storage.outbox import Purpose
from storage.people import Person
from storage.reports import Report
from storage.requests import Request
from storage.rows import store


def take(desk: Desk) -> tuple[Attached, ...]:
    """What came with the message and what its sender sent before it; it waits for other words no longer."""
    came = (*desk.early, *desk.said.attached)
    if desk.early:
        seat = seat_of(desk.said)
        desk.learnt.append(lambda known: known.beforehand.forget(seat))
        desk.early = ()
    return came


def hold(desk: Desk) -> None:
    """It waits for the words that say what it belongs to."""
    message = desk.said
    desk.learnt.append(lambda known: known.beforehand.keep(message))


def keep(
    desk: Desk, case: Request, came: Iterable[Attached], *, report: Report | None = None, event: Event | None = None
) -> None:
    """With a report, or with the line of history it is evidence for. The fetcher brings the files later."""
    opened = desk.opened.get(case.number)
    for one in came:
        kept = _row(desk, one)
        kept.request_id = case.number
        kept.report_id, kept.event_id = report.id if report else None, event.id if event else None
        store(desk.session, kept)
        if opened and report:
            opened.attached.append(kept)


def keep_for_notice(desk: Desk, number: int, came: Iterable[Attached]) -> list[int]:
    """What a notice brings along; returns the ids for its letters."""
    ids = []
    for one in came:
        kept = _row(desk, one)
        kept.notice_id = number
        ids.append(store(desk.session, kept).id or 0)
    return ids


def _row(desk: Desk, one: Attached) -> Attachment:
    latitude, longitude = one.place or (None, None)
    is_place = one.media == Media.LOCATION
    return Attachment(
        media=one.media,
        platform=desk.here.platform,
        account=desk.here.account,
        file=one.file,
        name=one.name,
        size=one.size,
        latitude=latitude,
        longitude=longitude,
        state=Keeping.STORED if is_place else Keeping.WANTED,
        came_at=desk.now,
        next_at=None if is_place else desk.now,
    )


def signs(desk: Desk, came: Iterable[Attached]) -> str:
    """What stands for files without words: "[图片] [语音]"."""
    return " ".join(dict.fromkeys(desk.say(f"sign.{one.media}") for one in came))


def counted(desk: Desk, came: Sequence[Attachment]) -> str:
    """ "照片 3 · 语音 1 · 没取到 1"; empty if there is nothing."""
    there = [one.media for one in came if one.state != Keeping.LOST]
    parts = [desk.say(f"count.{media}", count=there.count(media)) for media in Media if media in there]
    if len(there) < len(came):
        parts.append(desk.say("count.lost", count=len(came) - len(there)))
    return " · ".join(parts)


def lost(desk: Desk, one: Attachment) -> None:
    """The card says so, and who sent it hears once why: they may have it still."""
    if one.notice_id:
        _lost_to_a_notice(desk, one)
        return
    case = desk.session.get_one(Request, one.request_id, with_for_update=True, populate_existing=True)
    desk.touch(case)
    report = desk.session.get(Report, one.report_id) if one.report_id else None
    event = desk.session.get(Event, one.event_id) if one.event_id else None
    sender = report.person_id if report else event.actor_id if event else None
    person = desk.session.get(Person, sender) if sender else None
    text = desk.say(f"lost.{one.reason}", number=case.number)
    key = f"lost:{case.number}:{one.reason}:{sender}"
    if person and person.unreachable_at is None and people.private_chat(desk.session, desk.id_of(person)):
        desk.write(Purpose.TELL, text, person_id=person.id, case=case, card_key=key, at=desk.house.awake(desk.now))
    elif report and not outbox.stands(desk.session, key):
        desk.write(
            Purpose.TELL, text, chat_id=report.chat_id, reply_to=report.message, case=case, card_key=key,
            at=desk.house.awake(desk.now), public=True,
        )  # fmt: skip


def _lost_to_a_notice(desk: Desk, one: Attachment) -> None:
    """It leaves without; its writer may send it again while it is a draft."""
    notice = desk.session.get_one(Notice, one.notice_id)
    notice.files = [kept for kept in notice.files if kept != one.id]
    text = desk.say("notice.lost", title=notice.title)
    desk.write(Purpose.TELL, text, person_id=notice.made_by, at=desk.house.awake(desk.now))
