"""A survey as its groups see it: the question with its ballot, and what came of it once it is closed."""

from collections.abc import Sequence
from datetime import timedelta

from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import command
from storage import notices, receipts, surveys
from storage.chats import Chat
from storage.grids import Grid
from storage.notices import Notice
from storage.outbox import Purpose, Urgency
from storage.surveys import FEWEST, Part, Survey

KEPT = timedelta(days=7)  # where its messages stand is known for so long after the end
RENEWED = timedelta(minutes=1)  # between an answer and the group's count of answers


def body(desk: Desk, notice: Notice, chat_id: int | None) -> str:
    """Before it begins there is no chat yet, nor an end."""
    survey = surveys.of(desk.session, notice)
    chat = desk.session.get(Chat, chat_id) if chat_id else None
    if survey.closed_at:
        return desk.say(
            "survey.over", question=notice.text, result=_result(desk, survey, chat), community=desk.house.community
        )
    return desk.say(
        "survey", question=notice.text, until=_until(desk, notice, survey), answered=_answered(desk, survey, chat),
        community=desk.house.community,
    )  # fmt: skip


def _until(desk: Desk, notice: Notice, survey: Survey) -> str:
    if at := notice.closes_at or survey.until:
        return desk.say("survey.until", when=f"{desk.say.day(at)} {desk.say.clock(at)}")
    return desk.say("survey.open", span=span(desk, survey.open_minutes))


def span(desk: Desk, minutes: int) -> str:
    """ "3 天", "24 小时", "90 分钟"."""
    for unit, size in (("days", surveys.DAY), ("hours", 60)):
        if minutes % size == 0 and minutes > size:
            return desk.say(f"survey.span.{unit}", count=minutes // size)
    return desk.say("survey.span.minutes", count=minutes)


def _answered(desk: Desk, survey: Survey, chat: Chat | None) -> str:
    count = surveys.answers_in(desk.session, survey, chat.grid_id) if chat and chat.grid_id else 0
    return desk.say("survey.answered", where=_name(desk, chat), count=count) if count else ""


def _name(desk: Desk, chat: Chat | None) -> str:
    return desk.session.get_one(Grid, chat.grid_id).name if chat and chat.grid_id else ""


def _result(desk: Desk, survey: Survey, chat: Chat | None) -> str:
    # a chunk of letters asks for it once for each
    parts: list[Part] = desk.once(("parts", survey.notice_id), lambda: surveys.count(desk.session, survey))
    counts = surveys.total(parts, len(survey.options))
    own = sum(part.answers for part in parts if chat and part.grid_id == chat.grid_id)
    lines = [desk.say("survey.few", fewest=FEWEST)] if sum(counts) < FEWEST else split(desk, survey.options, counts)
    there = desk.say("survey.there", where=_name(desk, chat), count=own) if own and sum(counts) > own else ""
    return "\n".join([*lines, desk.say("survey.all", count=sum(counts), there=there)])


def split(desk: Desk, options: Sequence[str], counts: Sequence[int]) -> list[str]:
    """A line for each option: how many chose it, and what part of all."""
    return [
        desk.say("survey.option", option=option, value=share(desk, count, sum(counts)))
        for option, count in zip(options, counts, strict=True)
    ]


def share(desk: Desk, count: int, whole: int) -> str:
    """ "31(62%)"."""
    return desk.say("survey.share", count=count, percent=percent(count, whole))


def percent(count: int, whole: int) -> int:
    """Rounded to the nearest, halves up."""
    return (200 * count + whole) // (2 * whole) if whole else 0


def buttons(desk: Desk, notice: Notice) -> list[Button]:
    survey = surveys.of(desk.session, notice)
    if survey.closed_at:
        return []
    return [Button(option, f"/ballot {notice.id} {place}") for place, option in enumerate(survey.options, 1)]


# -- opening and answering --------------------------------------------------------------------------------------------


def outlived(desk: Desk, notice: Notice) -> bool:
    """Whether its end has come before its beginning."""
    until = surveys.of(desk.session, notice).until if notice.survey else None
    return until is not None and until <= desk.now


def begin(desk: Desk, notice: Notice) -> None:
    survey = surveys.of(desk.session, notice)
    notice.closes_at = survey.until or desk.now + timedelta(minutes=survey.open_minutes)
    notice.forget_at = None  # its messages become the result


@command("ballot", hidden=True)
def ballot(desk: Desk, words: str) -> Reply:
    """A button under the question; only where the question was put."""
    number, _, place = words.partition(" ")
    notice = notices.find(desk.session, int(number)) if number.isdecimal() and len(number) < 10 else None
    if notice is None or not notice.survey or not (desk.here.grid_id and desk.said_on(notice.card_key(desk.here.id))):
        raise Sorry(desk.say("notice.none"))
    chosen = _at(surveys.of(desk.session, notice), place)
    if chosen is None:
        raise Sorry(desk.say("notice.none"))
    return answer(desk, notice, chosen)


def answer(desk: Desk, notice: Notice, chosen: int) -> Reply:
    """One a person, the last one counts; never who."""
    if notice.salt is None or desk.here.grid_id is None:
        return Reply(desk.say("survey.closed"), nod=True)
    own = receipts.mark(notice.salt, desk.here.platform, desk.here.account, desk.said.sender.user)
    new = surveys.cast(desk.session, notice, desk.here.grid_id, own, chosen)
    _renew(desk, notice)
    option = surveys.of(desk.session, notice).options[chosen]
    return Reply(desk.say("survey.noted" if new else "survey.changed", option=option), nod=True)


def choice(desk: Desk, notice: Notice, words: str) -> int | None:
    """Which option words mean: the option itself or its number."""
    survey = surveys.of(desk.session, notice)
    return survey.options.index(words) if words in survey.options else _at(survey, words)


def _at(survey: Survey, place: str) -> int | None:
    at = int(place) if place.isdecimal() and len(place) < 3 else 0
    return at - 1 if 1 <= at <= len(survey.options) else None


def end(desk: Desk, notice: Notice) -> None:
    """Counted for good; the groups' messages become the result, and groups that were not asked yet are not."""
    surveys.close(desk.session, notice, at=desk.now)
    notice.due_at = notice.next_at = None
    notice.sent_through = 0
    notice.forget_at = desk.now + KEPT
    notice.change_at, notice.changed_through = desk.now, 0


def take_back(desk: Desk, notice: Notice) -> None:
    """Withdrawn: nothing is counted."""
    surveys.discard(desk.session, notice)
    notice.forget_at = desk.now + KEPT


def _renew(desk: Desk, notice: Notice) -> None:
    """The group's message counts the answers; a rush of them changes it once a minute."""
    desk.write(
        Purpose.CARD, body(desk, notice, desk.chat_id), chat_id=desk.chat_id, notice_id=notice.id,
        card_key=notice.card_key(desk.chat_id), buttons=buttons(desk, notice), urgency=Urgency.BROADCAST,
        at=desk.now + RENEWED,
    )  # fmt: skip
