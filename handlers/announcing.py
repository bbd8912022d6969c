"""Writing a notice in a private chat, step by step: for whom, what, when; seen as the groups will see it; confirmed."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from handlers import aims, attached, composing, notices
from handlers.aside import aside
from handlers.desk import Desk, Sorry
from handlers.message import Button, Reply
from handlers.router import command
from nlp import moments
from storage import attachments, surveys
from storage import notices as rows
from storage.attachments import Media
from storage.follow import CHAT
from storage.grids import Grid
from storage.notices import Notice
from storage.outbox import Purpose
from storage.people import CHAIN
from storage.requests import Satisfaction
from storage.surveys import Survey

LONGEST = 3500  # characters of a notice: with its signature one message on every platform
SHOWABLE = frozenset({Media.PHOTO, Media.VIDEO, Media.DOCUMENT})
EVENING = 19  # o'clock: the other time that is offered
_STEP = re.compile(r"(?P<verb>[a-z]+) (?P<number>\d{1,9})\b\s*(?P<rest>.*)", re.DOTALL)

Step = Callable[[Desk, Notice, str], Reply | None]
STEPS: dict[str, Step] = {}


def step(run: Step) -> Step:
    """One step of writing or changing a notice: a button or an answer says "/notice <its name> <number> …"."""
    STEPS[run.__name__] = run
    return run


@command("notice", ranks=frozenset(CHAIN))
def notice(desk: Desk, words: str) -> Reply | None:
    """ "通知" begins one; with words behind it these are what it says."""
    found = _STEP.fullmatch(words)
    chosen = STEPS.get(found["verb"]) if found else None
    if found is None or chosen is None:
        return begin(desk, words) if desk.here.private else aside(desk, desk.say("notice.alone"))
    row = rows.find(desk.session, int(found["number"]))
    if row is None or row.gone or not may(desk, row):
        raise Sorry(desk.say("notice.none"))
    return chosen(desk, row, found["rest"])


def may(desk: Desk, row: Notice) -> bool:
    """A draft is its writer's; the rest is for who answers for all the grids it goes to."""
    if row.made_by == desk.person.id:
        return True
    return not row.draft and all(aims.may(desk, grid) for grid in rows.targets(desk.session, row))


def begin(desk: Desk, words: str, *, survey: bool = False) -> Reply | None:
    row = draft(desk, aims.own(desk)[0], survey=survey)
    if survey:
        desk.session.add(
            Survey(notice_id=row.number, options=[desk.say(f"button.rate.{mood}") for mood in Satisfaction])
        )
        desk.session.flush()
    if words or desk.said.attached:
        _write(desk, row, words)
    offered = aims.choices(desk)
    if len(offered) == 1:
        return to(desk, row, offered[0].key)
    desk.ask(f"/notice to {row.id} ")
    return Reply(
        desk.say("notice.to"), tuple(Button(_label(desk, grid), f"/notice to {row.id} {grid.key}") for grid in offered)
    )


def draft(desk: Desk, grid: Grid, *, survey: bool = False, text: str = "", targets: Sequence[int] = ()) -> Notice:
    """A new one; what the speaker had begun and not confirmed is let go."""
    for old in rows.drafts_of(desk.session, desk.id_of(desk.person)):
        notices.discard(desk, old)
    row = Notice(
        draft=True, grid_id=grid.id or 0, targets=[*targets], made_by=desk.person.id, schedule="", text=text,
        receipts=not survey, survey=survey, source=CHAT,
    )  # fmt: skip
    desk.session.add(row)
    desk.session.flush()
    return row


def _label(desk: Desk, grid: Grid) -> str:
    return aims.name(desk, [grid])


@step
def to(desk: Desk, row: Notice, words: str) -> Reply | None:
    """For whom."""
    _is_draft(desk, row)
    if not words:
        desk.ask(f"/notice to {row.id} ")
        return Reply(desk.say("notice.to"))
    found = aims.find(desk, words)
    if not rows.groups(desk.session, found, limit=1):
        raise Sorry(desk.say("notice.no_group", grid=aims.name(desk, found)))
    row.grid_id, row.targets = aims.around(desk, found).id or 0, [grid.id for grid in found if grid.id]
    desk.answered()
    if not row.text:
        return _ask_what(desk, row)
    compose(desk, row, row.text)
    preview(desk, row)
    return None


@step
def text(desk: Desk, row: Notice, words: str) -> Reply | None:
    """What it says."""
    _is_draft(desk, row)
    if not (words or desk.said.attached):
        return _ask_what(desk, row)
    row.files = []
    _write(desk, row, words)
    desk.answered()
    if not row.targets:
        return to(desk, row, "")
    if not row.text:
        return _still_to_say(desk, row)
    compose(desk, row, row.text)
    preview(desk, row)
    return None


def _ask_what(desk: Desk, row: Notice) -> Reply:
    desk.ask(f"/notice text {row.id} ")
    return Reply(desk.say("survey.what" if row.survey else "notice.what"))


def compose(desk: Desk, row: Notice, typed: str) -> None:
    """As the groups will read it. A survey without options of its own keeps those it has."""
    if not row.survey:
        row.text = composing.compose(desk, typed, aims.houses(desk, rows.targets(desk.session, row)))
        return
    row.text, options = composing.question(desk, typed)
    if options:
        surveys.of(desk.session, row).options = options


def _still_to_say(desk: Desk, row: Notice) -> Reply:
    desk.ask(f"/notice text {row.id} ")
    return Reply(desk.say("notice.words_too"))


def _is_draft(desk: Desk, row: Notice) -> None:
    if not row.draft:
        raise Sorry(desk.say("notice.gone_out"))


def _write(desk: Desk, row: Notice, words: str) -> None:
    """As it was typed; composed once it is known for whom."""
    if len(words) > LONGEST:
        raise Sorry(desk.say("notice.too_long", count=len(words), most=LONGEST))
    row.text = words.strip()
    add_files(desk, row)


def add_files(desk: Desk, row: Notice) -> None:
    came = [one for one in attached.take(desk) if one.media in SHOWABLE]
    row.files = [*row.files, *attached.keep_for_notice(desk, row.number, came)]


def open_draft(desk: Desk) -> Notice | None:
    """The draft the speaker is writing here, which further pictures belong to."""
    found = rows.drafts_of(desk.session, desk.id_of(desk.person))
    return found[0] if found and desk.here.private else None


def more_files(desk: Desk, row: Notice) -> Reply | None:
    """Pictures without words: of an album only the first is answered."""
    add_files(desk, row)
    if row.text and row.targets:
        preview(desk, row)
        return None
    return None if len(row.files) > 1 else _still_to_say(desk, row)


def preview(desk: Desk, row: Notice) -> None:
    """Exactly what the groups will read, how many they are and how long it takes; renewed while an album comes in."""
    found = rows.targets(desk.session, row)
    lines = [
        desk.say("notice.preview", where=aims.name(desk, found), count=_count(desk, found), takes=takes(desk, found)),
        desk.say("notice.rule"),
        notices.body(desk, row),
        desk.say("notice.rule"),
    ]
    if row.survey:
        lines.append(desk.say("survey.choices", options=" / ".join(surveys.of(desk.session, row).options)))
    if row.files:
        lines.append(desk.say("notice.files", counted=attached.counted(desk, _files(desk, row))))
    if desk.house.quiet(desk.now):
        lines.append(desk.say("notice.night", at=desk.say.when(desk.house.awake(desk.now), desk.now)))
    desk.write(
        Purpose.ANSWER, "\n".join(lines), chat_id=desk.chat_id, buttons=_choices(desk, row),
        card_key=f"draft:{row.id}:{desk.said.album or desk.said.message}",
    )  # fmt: skip


def _files(desk: Desk, row: Notice) -> list[attachments.Attachment]:
    return attachments.of_notice(desk.session, row.number)


def _choices(desk: Desk, row: Notice) -> list[Button]:
    local = desk.now.astimezone(desk.house.zone)
    names = ["go", "at", "text", *(["options", "until"] if row.survey else []), "drop"]
    if desk.house.quiet(desk.now):
        names.insert(1, "haste")
    buttons = [Button(desk.say(f"button.notice.{name}"), f"/notice {name} {row.id}") for name in names]
    if local.hour < EVENING - 1 and not desk.house.quiet(desk.now):
        evening = Button(desk.say("notice.evening", hour=EVENING), f"/notice at {row.id} {EVENING}:00")
        buttons.insert(1, evening)
    return buttons


def _count(desk: Desk, found: Sequence[Grid]) -> int:
    return sum(part.groups for part in rows.spread(desk.session, found))


def takes(desk: Desk, found: Sequence[Grid]) -> str:
    """How long until the last group has it; accounts send side by side."""
    paced = [(part.groups, desk.pace(part.platform, part.account)) for part in rows.spread(desk.session, found)]
    seconds = math.ceil(max((count / pace for count, pace in paced if pace), default=1))
    if seconds < 100:
        return desk.say("notice.seconds", count=seconds)
    return desk.say("notice.minutes", count=math.ceil(seconds / 60))


# -- when ---------------------------------------------------------------------------------------------------------


@step
def go(desk: Desk, row: Notice, words: str) -> Reply:  # noqa: ARG001 (the interface)
    """Now; at night in the morning."""
    return _confirm(desk, row, desk.house.awake(desk.now))


@step
def haste(desk: Desk, row: Notice, words: str) -> Reply:  # noqa: ARG001
    """Now, and be it night."""
    row.urgent = True
    return _confirm(desk, row, desk.now)


@step
def at(desk: Desk, row: Notice, words: str) -> Reply:
    """At a time, or again and again."""
    _is_draft(desk, row)
    if not words:
        desk.ask(f"/notice at {row.id} ")
        return Reply(desk.say("notice.when"))
    schedule, when = timed(desk, words, again=not row.survey)
    desk.answered()
    return _confirm(desk, row, when, schedule)


def timed(desk: Desk, words: str, *, again: bool = True) -> tuple[str, datetime]:
    """The schedule that words mean, and its first time. Sorry for what cannot be read or is gone by.

    `again`: it may be said more than once.
    """
    zone = desk.house.zone
    if schedule := moments.recurrence(words):
        if not again:
            raise Sorry(desk.say("survey.once"))
        first = desk.occurrence(schedule, desk.now, zone)
        assert first  # it goes on for ever
        return schedule, first
    moment = moments.moment(words, desk.now.astimezone(zone).replace(tzinfo=None))
    if moment is None:
        raise Sorry(desk.say("notice.no_time", words=words[:20]))
    return f"{moment:%Y-%m-%d %H:%M}", moment.replace(tzinfo=zone)


def publish(desk: Desk, words: str, found: Sequence[Grid], *, at: str | None, urgent: bool, pin: bool) -> Notice:
    """Without any questions: written and confirmed at once. Sorry for what will not do."""
    if not words.strip():
        raise Sorry(desk.say("notice.unfinished"))
    if len(words) > LONGEST:
        raise Sorry(desk.say("notice.too_long", count=len(words), most=LONGEST))
    if not rows.groups(desk.session, found, limit=1):
        raise Sorry(desk.say("notice.no_group", grid=aims.name(desk, found)))
    schedule, when = timed(desk, at) if at else ("", desk.now if urgent else desk.house.awake(desk.now))
    row = Notice(
        grid_id=aims.around(desk, found).id or 0,
        targets=[grid.id for grid in found if grid.id],
        schedule=schedule or _once(desk, when),
        text=composing.compose(desk, words, aims.houses(desk, found)),
        urgent=urgent,
        pin=pin,
        due_at=when,
        next_at=when,
        source=CHAT,
    )
    desk.session.add(row)
    desk.session.flush()
    return row


def _once(desk: Desk, when: datetime) -> str:
    return f"{when.astimezone(desk.house.zone):%Y-%m-%d %H:%M}"


def _confirm(desk: Desk, row: Notice, when: datetime, schedule: str | None = None) -> Reply:
    _is_draft(desk, row)
    found = rows.targets(desk.session, row)
    if not (row.text and row.targets):
        raise Sorry(desk.say("notice.unfinished"))
    if row.survey:
        lasts(desk, row, when)
    row.draft, row.due_at, row.next_at = False, when, when
    row.schedule = schedule or _once(desk, when)
    given = {"title": row.title, "count": _count(desk, found)}
    if when <= desk.now + timedelta(minutes=1):
        back = Button(desk.say("button.notice.withdraw"), f"/notice withdraw {row.id}")
        return Reply(desk.say("notice.going", takes=takes(desk, found), **given), (back,))
    names = ("move", "cancel")
    buttons = tuple(Button(desk.say(f"button.notice.{name}"), f"/notice {name} {row.id}") for name in names)
    return Reply(desk.say("notice.planned", when=desk.say.when(when, desk.now), **given), buttons)


def lasts(desk: Desk, row: Notice, when: datetime) -> None:
    """Sorry if it would be over before it begins."""
    until = surveys.of(desk.session, row).until
    if until and until <= when:
        raise Sorry(desk.say("survey.too_short", when=desk.say.when(until, desk.now)))


@step
def drop(desk: Desk, row: Notice, words: str) -> Reply:  # noqa: ARG001
    _is_draft(desk, row)
    notices.discard(desk, row)
    desk.answered()
    return Reply(desk.say("notice.dropped"))
