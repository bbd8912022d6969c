"""Scheduled notices: when one comes due, a letter to every group of its grid, in chunks."""

from handlers.desk import Desk
from handlers.router import job
from storage import notices
from storage.grids import Grid
from storage.notices import Notice
from storage.outbox import Purpose, Urgency

CHUNK = 200  # letters per transaction


@job(Notice.next_at)
def send(desk: Desk, notice: Notice) -> None:
    """One chunk; the timer stays due until all groups have their letter. Missed occurrences coalesce into one."""
    grid = desk.session.get_one(Grid, notice.grid_id)
    groups = notices.groups(desk.session, grid, after=notice.sent_through, limit=CHUNK)
    text = desk.say("notice", text=notice.text, community=desk.house.community)
    for chat in groups:
        desk.write(Purpose.NOTICE, text, chat_id=chat.id, urgency=Urgency.BROADCAST)
    if len(groups) == CHUNK:
        notice.sent_through = groups[-1].id or 0
    else:
        notice.sent_through = 0
        notice.next_at = desk.occurrence(notice.schedule, desk.now, desk.house.zone)
    desk.session.add(notice)
