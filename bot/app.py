"""The composition root: message in → one transaction → letters out; and the loops that keep it going."""

import asyncio
import contextlib
import gc
import importlib
import logging
import pkgutil
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, TypeVar

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, func, select

import handlers
from bot import bell, clock, handover
from bot.alarm import Alarm
from bot.bell import Bell
from bot.config import CategoryEntry, Settings, occurrence
from bot.courier import Courier
from bot.drawing import Drawer
from bot.fetcher import Fetcher, Source
from bot.handover import Handed
from bot.lanes import Lanes
from bot.logs import without_text
from bot.platforms import Platform
from bot.store import Store
from bot.sync import synchronise
from handlers import answering, attached, intake, known, pictures, receipts, router, standing, succession, thumbs
from handlers.danger import FirstWords
from handlers.desk import Desk, Link, Sorry, no_link
from handlers.dispatch import on_duty
from handlers.known import Known, Learnt
from handlers.message import Message, Reaction, Reply, Standing
from handlers.router import Heard, Job, Router
from handlers.talkback import reply_to_card
from handlers.wording import Wording
from nlp.lessons import from_examples
from nlp.lexicon import Category, Topic
from nlp.reader import Reader
from storage import attachments, chats, deliveries, outbox
from storage.attachments import Attachment
from storage.chats import Chat, ChatKey
from storage.database import ALONE, Database, Seat
from storage.follow import CHAT
from storage.outbox import Letter, Purpose, Urgency

log = logging.getLogger(__name__)

T = TypeVar("T")
LANES = 4  # on PostgreSQL; SQLite has one writer
DUE_AT_ONCE = 200
REFRESH = 5.0  # seconds: what other processes changed is known at the latest then
AT_MOST_EVERY = 0.5  # seconds between two refreshes, however often others ring
PAUSES = (1, 2, 5, 15, 60)  # seconds between the resumptions of a failing loop


@dataclass
class Handled:
    """What a message led to: the text that rides on its call, and what the snapshot learns from it."""

    toast: str | None = None
    learnt: list[Learnt] = field(default_factory=list)


class App:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        platforms: Sequence[Platform],
        now: Callable[[], datetime],
        store: Store | None = None,
    ) -> None:
        for module in pkgutil.iter_modules(handlers.__path__):
            importlib.import_module(f"handlers.{module.name}")
        self.settings = settings
        self.database = database
        self.platforms = {(platform.name, platform.account): platform for platform in platforms}
        self.now = now
        self.house = settings.house()
        self.say = Wording(self.house.language, self.house.zone)
        self.reader = reader_for(settings)
        self.router = Router(
            router.grammar(self.say), self.reader, intake.hear, pictures.act, reply_to_card, receipts.reply
        )
        self.known = Known()
        self.store = store or Store(settings.media.folder)
        self.lanes = Lanes(database, 1 if database.is_sqlite else LANES)
        self.alarm = Alarm(FirstWords(self.house, self.say), lambda chat: self.platforms[chat.platform, chat.account])
        self.couriers = [
            Courier(
                platform, Seat(database, f"courier:{key}"), self.lanes.submit, self._give_back, now, store=self.store
            )
            for key, platform in self.platforms.items()
        ]
        sources: list[Source] = [platform for platform in platforms if platform.has_files]
        self.fetchers = [
            Fetcher(source, self._seat_of(source), self.lanes.submit, self._lost, now, store=self.store)
            for source in [*sources, Drawer()]
        ]
        self.bell = Bell(database, self._rung)
        self._stale = asyncio.Event()
        self._refreshing = asyncio.Lock()
        self._resting: dict[tuple[str, Any], datetime] = {}

    def _seat_of(self, source: Source) -> Seat:
        return Seat(self.database, f"fetcher:{(source.name, source.account)}")

    # -- starting and stopping --------------------------------------------------------------------------------

    async def start(self) -> list[str]:
        """Migrates and brings the configuration in; returns its conflicts and what was handed over as sentences."""
        await asyncio.to_thread(self.database.migrate)
        conflicts = await self._do("start", self._synchronise)
        await self._do("start", lambda session: succession.drop_letters_to_the_gone(self._desk(session)))
        numbers = await self._do("start", succession.left_behind)
        handed: list[Handed] = []
        for first in range(0, len(numbers), handover.AT_ONCE):
            chunk = numbers[first : first + handover.AT_ONCE]
            handed += await self._do("start", partial(handover.hand_over, self._desk, chunk))
        self.bell.ring(bell.NEWS)
        await self.refresh()
        return [*conflicts, *handover.sentences(handed)]

    def would_say(self) -> list[str]:
        """The sentences of a start, with nothing changed."""
        with Session(self.database.engine, expire_on_commit=False) as session:  # closed without a commit
            conflicts = self._synchronise(session)
            handed = handover.hand_over(self._desk, succession.left_behind(session), session)
            return [*conflicts, *handover.sentences(handed)]

    def _synchronise(self, session: Session) -> list[str]:
        if not self.database.is_sqlite:
            session.connection().exec_driver_sql(ALONE)
        return synchronise(session, self.settings, at=self.now())

    async def refresh(self) -> None:
        async with self._refreshing:  # who is slower must not bring back what was
            fresh = await self._snapshot()
            if fresh.lessons != self.known.lessons:
                self.reader = await asyncio.to_thread(self.reader.taught, fresh.lessons)
                self.router = replace(self.router, reader=self.reader)
                taught, fresh = fresh.lessons, await self._snapshot()
                fresh.lessons = taught
            fresh.beforehand = self.known.beforehand
            self.known = fresh

    async def _snapshot(self) -> Known:
        return await self._do("start", lambda session: known.load(session, on_duty))

    async def run(self) -> None:
        """Everything at once until cancelled; a loop that fails resumes, it never ends the process."""
        loops: list[Coroutine[Any, Any, None]] = [
            supervised("clock", partial(clock.ring, self.tick)),
            self._warm(),
            self._keep_fresh(),
        ]
        if not self.database.is_sqlite:
            loops += [supervised("bell", self.bell.tell), supervised("bell", self.bell.listen)]
        loops += [supervised("courier", courier.run) for courier in self.couriers]
        loops += [supervised("fetcher", fetcher.run) for fetcher in self.fetchers]
        loops += [
            supervised(platform.name, partial(platform.run, self.receive)) for platform in self.platforms.values()
        ]
        async with asyncio.TaskGroup() as group:  # cancelled, it waits for all of them to finish what they hold
            for loop in loops:
                group.create_task(loop)

    async def _warm(self) -> None:
        """What is loaded now stays: the garbage collector would stop everything to walk through it, again and again."""
        await asyncio.to_thread(self.reader.warm)
        gc.freeze()

    async def _keep_fresh(self) -> None:
        async def forever() -> None:
            while True:
                await asyncio.sleep(AT_MOST_EVERY)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH - AT_MOST_EVERY):
                        await self._stale.wait()
                self._stale.clear()
                await self.refresh()

        await supervised("refresh", forever)

    def _rung(self, word: str) -> None:
        """Another process committed something that concerns us."""
        if word == bell.NEWS:
            self._stale.set()
        else:
            self._wake_couriers()

    def close(self) -> None:
        self.lanes.close()
        self.database.close()

    async def at_desk(self, key: ChatKey, deed: Callable[[Desk], None]) -> None:
        """Does something about a chat that no message and no timer asked for."""
        await self._do(key, partial(self._deed, key, deed))
        self.wake()

    def _deed(self, key: ChatKey, deed: Callable[[Desk], None], session: Session) -> None:
        if chat := chats.find(session, key, lock=True):
            desk = self._desk(session, chat)
            deed(desk)
            router.finish(desk)

    async def move(self, old: ChatKey, new: ChatKey) -> bool:
        """A chat has a new address; returns whether its letters follow it there."""
        follows = await self._do(old, partial(_move, old, new))
        self.bell.ring(bell.NEWS)
        await self.refresh()
        return follows

    # -- a message --------------------------------------------------------------------------------------------

    async def receive(self, message: Message) -> str | None:
        """Returns after the commit, so that the platform may be told; the text rides on its call (a toast)."""
        message = _storable(message)
        try:
            heard = self.router.hear(message, self.known)
        except Exception as error:
            log.exception("hearing raised", exc_info=without_text(error), extra={"delivery": message.delivery})
            give_up = self._gave_up if _said_to_us(message) else self._let_go
            handled = await self._do(message.chat, partial(give_up, message, type(error).__name__)) or Handled()
        else:
            if heard is None:
                self.known.overhear(message)
                return None
            handled = await self._act_on(message, heard)
        await self._learn(handled.learnt)
        self.wake()
        return handled.toast

    def passes(self, message: Message) -> bool:
        """Whether a message is talk that is nothing to the bot; then it has been heard."""
        message = _storable(message)
        if self.router.hear(message, self.known) is not None:
            return False
        self.known.overhear(message)
        return True

    async def overhear(self, message: Message) -> None:
        """Of a message whose turn does not come: a danger in it is answered already."""
        message = _storable(message)
        if heard := self.router.hear(message, self.known):
            await self.alarm.answer(message, heard, self.known)

    async def _act_on(self, message: Message, heard: Heard) -> Handled:
        await self.alarm.answer(message, heard, self.known)
        handled = await self._handle(message, heard)
        if words := self.alarm.unsaid(message):
            await self._do(message.chat, partial(self._say_later, message, words))
            self.alarm.written(message)
        return handled

    async def _learn(self, learnt: Sequence[Learnt]) -> None:
        for learn in learnt:
            learn(self.known)
        if learnt:
            self.bell.ring(bell.NEWS)
        if self.known.stale:
            await self.refresh()

    def _say_later(self, message: Message, words: str, session: Session) -> None:
        chat = self._chat(session, message)
        if chat:
            self._desk(session, chat, message).write(
                Purpose.DANGER, words, chat_id=chat.id, reply_to=message.message, urgency=Urgency.DANGER
            )

    async def _handle(self, message: Message, heard: Heard) -> Handled:
        """What a Sorry refuses is rolled back; then the one sentence is said."""
        work, otherwise = partial(self._in_transaction, message, heard), partial(self._gave_up, message)
        try:
            return await self._twice(message.chat, message.delivery, work, otherwise)
        except Sorry as sorry:
            refuse = partial(self._refused, message, Reply(sorry.text, sorry.buttons))
            return await self._twice(message.chat, message.delivery, refuse, otherwise)

    async def _twice(
        self, chat: ChatKey, delivery: str, work: Callable[[Session], T], otherwise: Callable[[str, Session], T]
    ) -> T:
        """What raises a second time is given up; `otherwise` gets the exception's name.

        While the database is out nothing is given up: what it raised is raised, and the platform brings it again.
        """
        for attempt in (1, 2):
            try:
                return await self._do(chat, work)
            except Sorry:
                raise
            except Exception as error:
                kind = type(error).__name__
                extra = {"delivery": delivery, "attempt": attempt}
                log.exception("handler raised", exc_info=without_text(error), extra=extra)
                await self._blame_the_database(chat, error)
        return await self._do(chat, partial(otherwise, kind))

    async def _blame_the_database(self, key: Any, error: Exception) -> None:
        """Raises if the connection was lost, or if the database does not answer anything else either."""
        if isinstance(error, DBAPIError):
            if error.connection_invalidated:
                raise error
            await self._do(key, lambda session: session.connection().execute(text("SELECT 1")).close())

    def _in_transaction(self, message: Message, heard: Heard, session: Session) -> Handled:
        """The idempotency row, the change and the letters."""
        if deliveries.seen(session, *message.chat[:2], message.delivery):
            return Handled()
        chat = self._chat(session, message)
        if chat is None:
            return Handled()
        desk = self._desk(session, chat, message)
        reply = self.router.act(desk, heard)
        deliveries.note(session, *message.chat[:2], message.delivery, at=self.now())
        return Handled(answering.answer(desk, reply), desk.learnt)

    def _refused(self, message: Message, reply: Reply, session: Session) -> Handled:
        chat = self._chat(session, message)
        if chat is None:
            return Handled()
        deliveries.note(session, *message.chat[:2], message.delivery, at=self.now())
        desk = self._desk(session, chat, message)
        return Handled(answering.answer(desk, reply, refused=True), desk.learnt)

    def _gave_up(self, message: Message, kind: str, session: Session) -> Handled:
        """Noted as failed, and answered with one sentence."""
        if deliveries.seen(session, *message.chat[:2], message.delivery):
            return Handled()
        deliveries.note(session, *message.chat[:2], message.delivery, at=self.now(), failure=kind)
        chat = self._chat(session, message)
        if chat is None:
            return Handled()
        desk = self._desk(session, chat, message)
        try:
            with session.begin_nested():
                return Handled(answering.answer(desk, Reply(self.say("failed")), refused=True))
        except DBAPIError:
            raise
        except Exception as error:  # the note must be kept, or the message comes for ever
            log.exception("no answer to a failure", exc_info=without_text(error))
            return Handled()

    def _chat(self, session: Session, message: Message) -> Chat | None:
        """The chat's row, locked: what one chat says is handled one at a time. None: a group nobody bound."""
        chat = chats.find(session, message.chat, lock=True)
        if chat and chat.shut_at:  # whoever is heard there has let the bot in again
            chat.shut_at = None
        if chat is None and (message.private or self.router.binds(message)):
            private = message.private
            return chats.found_or_new(session, message.chat, title=message.title, private=private, source=CHAT)
        return chat

    def desk(self, session: Session) -> Desk:
        """For what nobody said in a chat."""
        return self._desk(session)

    def _desk(self, session: Session, chat: Chat | None = None, message: Message | None = None) -> Desk:
        return Desk(
            session, self.reader, self.house, self.say, self.now(), occurrence, chat, message, self._link_to(chat),
            pace=self._pace,
        )  # fmt: skip

    def _pace(self, platform: str, account: str) -> float | None:
        found = self.platforms.get((platform, account))
        return found.pace.overall_per_second if found else None

    def _link_to(self, chat: Chat | None) -> Link:
        platform = self.platforms.get((chat.platform, chat.account)) if chat else None
        return platform.link if platform else no_link

    # -- what is no message -----------------------------------------------------------------------------------

    async def observe(self, event: Standing | Reaction) -> None:
        """Returns after the commit. What raises twice is noted as failed and let go."""
        if work := self._work_of(event):
            observed, let_go = partial(self._observed, event, work), partial(self._let_go, event)
            await self._twice(event.chat, event.delivery, observed, let_go)
            self.wake()

    def _work_of(self, event: Standing | Reaction) -> Callable[[Session], bool] | None:
        """What to do about it, in a transaction; it returns whether anything is kept of it. None: nothing to do."""
        if isinstance(event, Standing):
            return partial(self._stood, event)
        return partial(self._reacted, event) if self.known.listens(event.chat) else None

    def _observed(self, event: Standing | Reaction, work: Callable[[Session], bool], session: Session) -> None:
        if not deliveries.seen(session, *event.chat[:2], event.delivery) and work(session):
            deliveries.note(session, *event.chat[:2], event.delivery, at=self.now())

    def _let_go(self, event: Message | Standing | Reaction, kind: str, session: Session) -> None:
        if not deliveries.seen(session, *event.chat[:2], event.delivery):
            deliveries.note(session, *event.chat[:2], event.delivery, at=self.now(), failure=kind)

    def _stood(self, event: Standing, session: Session) -> bool:
        desk = self._desk(session, chats.find(session, event.chat, lock=True))
        standing.changed(desk, event)
        router.finish(desk)
        return True

    def _reacted(self, event: Reaction, session: Session) -> bool:
        chat = chats.find(session, event.chat, lock=True)
        if chat is None:
            return False
        message = Message(
            event.chat, chat.title, private=False, sender=event.sender, delivery=event.delivery,
            message=event.message, at=event.at, pressed=True,
        )  # fmt: skip
        desk = self._desk(session, chat, message)
        thumbs.react(desk, liked=event.liked)
        kept = bool(desk.touched)
        router.finish(desk)
        return kept

    # -- timers -----------------------------------------------------------------------------------------------

    async def tick(self) -> int:
        """Runs every job for every row that is due, each in a savepoint of its own; returns how many."""
        due = await self._do("clock", partial(_due, self.now()))
        ran = sum([await self._run(job, identity) for job, identity in due])
        if ran:
            self.wake()
        return ran

    async def _run(self, job: Job, identity: Any) -> bool:
        rest = self._resting.get((job.name, identity))
        if rest and rest > self.now():
            return False
        try:
            learnt = await self._do("clock", partial(self._in_time, job, identity))
        except Exception as error:
            log.exception("job raised", exc_info=without_text(error), extra={"job": job.name})
            await self._blame_the_database("clock", error)
            self._resting[job.name, identity] = self.now() + timedelta(minutes=10)
            return False
        self._resting.pop((job.name, identity), None)
        await self._learn(learnt or [])
        return learnt is not None

    def _in_time(self, job: Job, identity: Any, session: Session) -> list[Learnt] | None:
        """Looks again, the row locked: another process may have been faster."""
        query = select(job.table).where(*_is(job, identity), job.timer <= self.now())
        row = session.exec(query.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        desk = self._desk(session)
        job.run(desk, row)
        router.finish(desk)
        return desk.learnt

    async def next_due(self, after: datetime) -> datetime | None:
        """When, after a moment, the next timer, letter or file comes due."""

        def earliest(session: Session) -> datetime | None:
            times = [session.exec(select(func.min(job.timer)).where(job.timer > after)).one() for job in router.JOBS]
            times += [outbox.next_after(session, after), attachments.next_after(session, after)]
            return min((at for at in times if at), default=None)

        due: datetime | None = await self._do("clock", earliest)
        return due

    # -- letters ----------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something was committed: letters may wait, here or for the courier of another process."""
        self._wake_couriers()
        self.bell.ring(bell.LETTERS)

    def _wake_couriers(self) -> None:
        for courier in self.couriers:
            courier.wake.set()

    def _lost(self, session: Session, attachment: Attachment) -> None:
        desk = self._desk(session)
        attached.lost(desk, attachment)
        router.finish(desk)

    def _give_back(self, session: Session, letter: Letter) -> None:
        """What raises here leaves the letter failed, and the other letters go on."""
        try:
            with session.begin_nested():
                router.give_back(self._desk(session), letter)
        except DBAPIError:
            raise
        except Exception as error:
            log.exception("an undelivered letter raised", exc_info=without_text(error), extra={"letter": letter.id})

    async def _do(self, key: Any, work: Callable[[Session], T]) -> T:
        return await asyncio.wrap_future(self.lanes.submit(key, work))


def reader_for(settings: Settings) -> Reader:
    """The reader with this community's place names and its own categories."""
    return _reader(settings.community.places, settings.categories)


@cache
def _reader(places: tuple[str, ...], entries: tuple[CategoryEntry, ...]) -> Reader:
    extra = [
        Category(entry.key, entry.label, entry.department, (Topic(entry.label, signs=entry.keywords),), entry.examples)
        for entry in entries
    ]
    plain = Reader(places, extra)
    lessons = from_examples(extra, plain)
    return Reader(places, extra, lessons=lessons) if lessons else plain


def _move(old: ChatKey, new: ChatKey, session: Session) -> bool:
    chat = chats.move(session, old, new, source=CHAT)
    if chat and chat.id:
        outbox.forget_cards_in(session, chat.id)
    return chats.find(session, old) is None  # moved now or before


def _keys(job: Job) -> list[Any]:
    return list(inspect(job.table).primary_key)


def _is(job: Job, identity: Any) -> list[Any]:
    return [column == value for column, value in zip(_keys(job), identity, strict=True)]


def _due(now: datetime, session: Session) -> list[tuple[Job, Any]]:
    """Every row whose timer has come, for each job the longest due first."""
    due: list[tuple[Job, Any]] = []
    for job in router.JOBS:
        keys = _keys(job)
        rows = session.execute(select(*keys).where(job.timer <= now).order_by(job.timer, *keys).limit(DUE_AT_ONCE))
        due += [(job, tuple(row)) for row in rows]
    return due


def _said_to_us(message: Message) -> bool:
    quoted = message.quoted is not None and message.quoted.by_us
    return message.private or message.mentioned or message.pressed or quoted or message.text.startswith("/")


def _storable(message: Message) -> Message:
    """Without NUL characters, which PostgreSQL keeps in no text."""
    if "\0" not in f"{message.text}{message.title}{message.sender.name}":
        return message
    name, text, title = (value.replace("\0", "") for value in (message.sender.name, message.text, message.title))
    return replace(message, text=text, title=title, sender=replace(message.sender, name=name))


async def supervised(name: str, loop: Callable[[], Awaitable[None]]) -> None:
    """Runs a loop for ever: what fails is logged, waits with growing pauses, and resumes.

    After a run longer than the longest pause the pauses begin anew.
    """
    clock = asyncio.get_running_loop().time
    failures = 0
    while True:
        began = clock()
        try:
            await loop()
        except Exception as error:
            failures = 0 if clock() - began > PAUSES[-1] else failures
            pause = PAUSES[min(failures, len(PAUSES) - 1)]
            failures += 1
            log.exception("%s failed, resumes in %s s", name, pause, exc_info=without_text(error))
            await asyncio.sleep(pause)
        else:
            return
