"""A thumb on the public card of an open case is one more voice of it; taken back, the voice goes with it."""

from handlers.desk import Desk
from storage import outbox, reports, requests
from storage.reports import Report
from storage.requests import Request


def react(desk: Desk, *, liked: bool) -> None:
    """On anything but the card of an open case it means nothing and leaves nothing."""
    number = outbox.case_on_card(desk.session, desk.chat_id, desk.said.message)
    case = requests.lock(desk.session, number) if number is not None else None
    if case is None or not case.is_open or not (liked or desk.met):
        return
    if desk.is_staff:  # a worker's thumb says "seen"
        return
    voice = reports.voice_of(desk.session, case.number, desk.id_of(desk.person))
    if liked and voice is None:
        _join(desk, case)
    elif not liked and voice is not None and voice.silent and desk.count_voices(case) > 1:
        voice.gone_at = desk.now
        desk.record(case, "voice_withdrawn", data={"person": voice.person_id})


def _join(desk: Desk, case: Request) -> None:
    desk.session.add(
        Report(
            request_id=case.number,
            person_id=desk.id_of(desk.person),
            chat_id=desk.chat_id,
            message=desk.said.message,
            at=desk.now,
            first=True,
            silent=True,
        )
    )
    desk.session.flush()
    desk.record(case, "joined", data={"person": desk.person.id})
