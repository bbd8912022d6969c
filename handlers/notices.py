"""What becomes of a notice by itself: said in every group, in chunks; corrected or taken back there; reported on."""

from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from handlers import ballots
from handlers.desk import Desk
from handlers.message import Button
from handlers.router import job
from storage import attachments, notices, outbox, people, receipts, surveys
from storage.chats import Chat
from storage.notices import Notice
from storage.outbox import Letter, LetterState, Purpose, Urgency
from storage.people import Person, Rank

CHUNK = 200  # letters per transaction
DECIDE = (Rank.LEADER, Rank.CHIEF, Rank.ADMIN)  # who is asked about an interrupted notice: the nearest first
LATE = timedelta(minutes=10)  # what leaves later than this says when it was due
LOOK_AGAIN = timedelta(minutes=1)
COUNTED_FOR = timedelta(days=7)  # receipts
NAMED = 5  # groups that a report names


def body(desk: Desk, notice: Notice, chat_id: int | None = None) -> str:
    """What a group reads, as far as it does not depend on when it reads it."""
    if notice.survey:
        return ballots.body(desk, notice, chat_id)
    return desk.say("notice", text=notice.text, community=desk.house.community)


def buttons(desk: Desk, notice: Notice) -> list[Button]:
    if notice.survey:
        return ballots.buttons(desk, notice)
    if not notice.receipts:
        return []
    return [Button(desk.say(f"button.{name}"), f"/{name} {notice.id}") for name in ("got", "unclear")]


@job(Notice.next_at)
def send(desk: Desk, notice: Notice) -> None:
    """One chunk; the timer stays due until all groups have their letter. Missed occurrences coalesce into one."""
    if not notice.sent_through and not _begins(desk, notice):
        return
    aims = notices.targets(desk.session, notice)
    groups = notices.groups(desk.session, aims, after=notice.sent_through, limit=CHUNK)
    outbox.spread(desk.session, [letter for chat in groups for letter in _letters(desk, notice, chat)])
    if len(groups) == CHUNK:
        notice.sent_through = groups[-1].id or 0
    else:
        notice.sent_through = 0
        go_on(desk, notice)


def _begins(desk: Desk, notice: Notice) -> bool:
    """Whether the occurrence that is due is said now: the night may hold it back, and it may have outlived itself."""
    due = _latest(desk, notice)
    if desk.now - due > timedelta(minutes=notice.valid_minutes) or ballots.outlived(desk, notice):
        _dropped(desk, notice, due)
        return False
    if not notice.urgent and desk.house.quiet(desk.now):
        notice.next_at = desk.house.awake(desk.now)
        return False
    _forget_the_last(desk, notice)
    notice.said_for, notice.began_at = due, desk.now
    notice.received, notice.salt, notice.forget_at = 0, token_hex(16), desk.now + COUNTED_FOR
    notice.withdrawn_at = notice.change_at = None
    notice.report_at = desk.now + LOOK_AGAIN if notice.made_by else None
    if notice.survey:
        ballots.begin(desk, notice)
    return True


def _forget_the_last(desk: Desk, notice: Notice) -> None:
    """Of the occurrence before, what kept people from counting twice and where it stands."""
    receipts.forget(desk.session, notice.number)
    outbox.forget_cards_of_notice(desk.session, notice.number)


def _latest(desk: Desk, notice: Notice) -> datetime:
    """The last of the occurrences that have come due."""
    due = notice.due_at or desk.now
    while (later := desk.occurrence(notice.schedule, due, desk.house.zone)) and later <= desk.now:
        due = later
    return due


def _dropped(desk: Desk, notice: Notice, due: datetime) -> None:
    go_on(desk, notice)
    if notice.made_by:
        text = desk.say("notice.expired", title=notice.title, due=desk.say.when(due, desk.now))
        desk.write(Purpose.TELL, text, person_id=notice.made_by, at=desk.house.awake(desk.now))


def go_on(desk: Desk, notice: Notice) -> None:
    """Waits for the next occurrence, if there is one."""
    notice.due_at = notice.next_at = desk.occurrence(notice.schedule, desk.now, desk.house.zone)


def _letters(desk: Desk, notice: Notice, chat: Chat) -> list[Letter]:
    common: dict[str, Any] = {
        "urgency": Urgency.BROADCAST, "platform": chat.platform, "account": chat.account, "chat_id": chat.id,
        "card_key": notice.card_key(chat.id), "created_at": desk.now, "not_before": desk.now,
    }  # fmt: skip
    said = Letter(
        purpose=Purpose.NOTICE,
        notice_id=notice.id,
        text=_said(desk, notice, chat.id or 0),
        buttons=[[button.label, button.command] for button in buttons(desk, notice)],
        files=notice.files,
        **common,
    )
    return [said, Letter(purpose=Purpose.CARD, pin=True, **common)] if notice.pin else [said]


def _said(desk: Desk, notice: Notice, chat_id: int) -> str:
    """With its own time, where it comes late."""
    due, began, over = notice.said_for, notice.began_at, notice.survey and notice.closes_at is None
    if over or due is None or began is None or began - (due if notice.urgent else desk.house.awake(due)) <= LATE:
        return body(desk, notice, chat_id)
    return f"{desk.say('notice.late', due=desk.say.when(due, began))}\n{body(desk, notice, chat_id)}"


@job(Notice.change_at)
def change(desk: Desk, notice: Notice) -> None:
    """What stands in the groups is corrected, or taken away if the notice was withdrawn: one chunk."""
    letters = notices.letters(desk.session, notice, after=notice.changed_through, limit=CHUNK)
    for letter in letters:
        if letter.state == LetterState.UNCERTAIN:
            outbox.drop_one(letter)
        elif letter.card_key and letter.chat_id and letter.state != LetterState.FAILED:
            _change(desk, notice, letter.card_key, letter.chat_id)
    if len(letters) == CHUNK:
        notice.changed_through = letters[-1].id or 0
    else:
        notice.change_at, notice.changed_through = None, 0


def _change(desk: Desk, notice: Notice, key: str, chat_id: int) -> None:
    if notice.withdrawn_at:
        desk.erase(key, chat_id)
        return
    desk.write(
        Purpose.CARD, _said(desk, notice, chat_id), chat_id=chat_id, notice_id=notice.id, card_key=key,
        buttons=buttons(desk, notice), urgency=Urgency.BROADCAST,
    )  # fmt: skip


@job(Notice.report_at)
def report(desk: Desk, notice: Notice) -> None:
    """Once every group has it, or never will, its maker hears how it went."""
    progress = notices.progress(desk.session, notice)
    notice.report_at = desk.now + LOOK_AGAIN if progress.waiting or notice.sent_through else None
    person = desk.session.get(Person, notice.made_by) if notice.made_by else None
    if notice.report_at or person is None or notice.withdrawn_at:
        return
    missed = notices.missed(desk.session, notice, limit=NAMED)
    failed = ""
    if progress.failed:
        failed = desk.say("notice.failed", count=progress.failed, groups="、".join(missed))
    text = desk.say("notice.report", title=notice.title, count=progress.sent, failed=failed)
    if people.private_chat(desk.session, desk.id_of(person)):
        desk.write(Purpose.TELL, text, person_id=person.id, at=desk.house.awake(desk.now))


@job(Notice.forget_at)
def forget(desk: Desk, notice: Notice) -> None:
    """The number of receipts stays."""
    _forget_the_last(desk, notice)
    notice.salt = notice.forget_at = None


def discard(desk: Desk, notice: Notice) -> None:
    """A draft nobody confirmed: nothing of it is kept."""
    attachments.erase(desk.session, attachments.of_notice(desk.session, notice.number), at=desk.now)
    if notice.survey:
        desk.session.delete(surveys.of(desk.session, notice))
    notice.draft, notice.gone, notice.text, notice.files = False, True, "", []
