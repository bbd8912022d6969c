"""The way of a message: an open question? a command? else the listener. Commands, jobs and undelivered handlers register here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import SQLModel

from handlers import access
from handlers.access import Right
from handlers.desk import Desk, Sorry
from handlers.grammar import Grammar, Parsed
from handlers.known import Known
from handlers.message import Message, Reply
from handlers.wording import Wording
from nlp.reader import Reader, Reading
from storage import questions
from storage.chats import Mode
from storage.outbox import Letter, Purpose
from storage.people import Rank
from storage.requests import IllegalMove, Request

Plain = Callable[[Desk, str], Reply | None]
OnCase = Callable[[Desk, Request, str], Reply | None]


@dataclass(frozen=True)
class Command:
    """`ranks` empty: for everyone. `right` set: the command is about a case. `prompt`: it cannot do without words."""

    name: str
    run: Callable[..., Reply | None]
    ranks: frozenset[Rank]
    right: Right | None
    prompt: bool
    hidden: bool

    @property
    def for_staff(self) -> bool:
        return bool(self.ranks) or self.right is access.may_work


@dataclass(frozen=True)
class Job:
    """`timer` is the column that comes due; the function clears or moves it."""

    name: str
    timer: InstrumentedAttribute[Any]
    table: type[SQLModel]
    run: Callable[[Desk, Any], None]


COMMANDS: dict[str, Command] = {}
JOBS: list[Job] = []
UNDELIVERED: dict[Purpose, Callable[[Desk, Letter], None]] = {}
TOUCHED: list[Callable[[Desk, Request], None]] = []


def command(
    name: str, *, ranks: frozenset[Rank] = frozenset(), prompt: bool = False, hidden: bool = False
) -> Callable[[Plain], Plain]:
    """A command about no case: `run(desk, words)`. Its Chinese names and its help stand in the wording catalogue."""

    def register(run: Plain) -> Plain:
        COMMANDS[name] = Command(name, run, ranks, None, prompt, hidden)
        return run

    return register


def case_command(
    name: str, right: Right, *, ranks: frozenset[Rank] = frozenset(), prompt: bool = False, hidden: bool = False
) -> Callable[[OnCase], OnCase]:
    """A command about one case: `run(desk, case, words)`, the case locked and the right checked."""

    def register(run: OnCase) -> OnCase:
        COMMANDS[name] = Command(name, run, ranks, right, prompt, hidden)
        return run

    return register


def job(timer: Any) -> Callable[[Callable[[Desk, Any], None]], Callable[[Desk, Any], None]]:
    """A timer: `run(desk, row)` once for every row whose column is due, the row locked. Running it twice is harmless."""

    def register(run: Callable[[Desk, Any], None]) -> Callable[[Desk, Any], None]:
        JOBS.append(Job(run.__name__, timer, timer.class_, run))
        return run

    return register


def undelivered(purpose: Purpose) -> Callable[[Callable[[Desk, Letter], None]], Callable[[Desk, Letter], None]]:
    def register(run: Callable[[Desk, Letter], None]) -> Callable[[Desk, Letter], None]:
        UNDELIVERED[purpose] = run
        return run

    return register


def after_touch(run: Callable[[Desk, Request], None]) -> Callable[[Desk, Request], None]:
    """What follows once a message or timer is done with a case it changed: its cards."""
    TOUCHED.append(run)
    return run


def grammar(say: Wording) -> Grammar:
    return Grammar({name: [name, *say(f"command.{name}.names").split()] for name in COMMANDS})


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message may be: decided on the event loop, decided again at the desk."""

    parsed: Parsed | None = None
    reading: Reading | None = None


Hear = Callable[[Message, Known, Reader], Reading | None]
Act = Callable[[Desk, Reading], Reply | None]


@dataclass(frozen=True)
class Router:
    """Listens with `hear`, which is pure; acts with `act`, inside the transaction."""

    grammar: Grammar
    reader: Reader
    hear_talk: Hear
    act_on_talk: Act
    quoted_reply: Callable[[Desk, Request], Reply | None]

    def hear(self, message: Message, known: Known) -> Heard | None:
        """None: nothing to do with us. Costs no thread, no transaction, no query."""
        chat = known.chats.get(message.chat)
        if message.sender.is_bot or not (message.private or (chat and chat.mode != Mode.OFF)):
            return None
        to_us = message.private or message.mentioned or bool(message.quoted and message.quoted.by_us)
        parsed = self.grammar.parse(message.text)
        if message.pressed or message.text.startswith("/"):
            return Heard(parsed) if parsed else None
        if (message.chat, message.sender.user) in known.asked and (message.private or to_us):
            return Heard(parsed)
        reading = self.hear_talk(message, known, self.reader) if to_us or not chat or chat.mode == Mode.LISTEN else None
        if to_us or (parsed and parsed.sure) or reading:
            return Heard(parsed, reading)
        if parsed and message.quoted and known.works_here(message.chat, message.sender.user):
            return Heard(parsed)  # "登记" as a reply to what the reader missed
        return None

    def act(self, desk: Desk, heard: Heard) -> Reply | None:
        """Inside the transaction. Raises Sorry with the one sentence for the person; cards follow what was touched."""
        try:
            reply = self._act(desk, heard)
        except IllegalMove as move:
            raise Sorry(desk.say(f"illegal.{move.source}", number=move.request.number)) from move
        finish(desk)
        return reply

    def _act(self, desk: Desk, heard: Heard) -> Reply | None:
        message = desk.said
        slash = message.pressed or message.text.startswith("/")
        if not slash and (answer := self._answer(desk)):
            return answer()
        if heard.parsed and (slash or self._meant(desk, heard.parsed)):
            return self.run(desk, heard.parsed)
        if message.quoted and message.quoted.by_us and (number := access.number_of_card(desk, message.quoted.message)):
            return self.quoted_reply(desk, access.case_for(desk, number, access.anyone))
        return self.act_on_talk(desk, heard.reading) if heard.reading else None

    def _answer(self, desk: Desk) -> Callable[[], Reply | None] | None:
        """The open question this message answers, if there is one."""
        to_us = desk.here.private or bool(desk.said.quoted and desk.said.quoted.by_us)
        if not to_us:
            return None
        question = questions.find(desk.session, desk.chat_id, desk.id_of(desk.person), at=desk.now)
        if question is None:
            return None
        desk.answered()
        if desk.said.text.strip() in desk.say("question.never_mind").split():
            return lambda: Reply(desk.say("question.dropped"))
        parsed = self.grammar.parse(question.command + desk.said.text)
        return (lambda: self.run(desk, parsed)) if parsed else None

    def _meant(self, desk: Desk, parsed: Parsed) -> bool:
        """Whether bare words are a command here: always in private; in a group as a reply, or about one's own case."""
        if desk.here.private or desk.said.quoted or desk.said.mentioned:
            return True
        right = COMMANDS[parsed.name].right
        case = desk.session.get(Request, parsed.number) if parsed.number else None
        return bool(right and case and right(desk, case))

    def run(self, desk: Desk, parsed: Parsed) -> Reply | None:
        """Runs a command: the role gate, the case, the missing words, the deed."""
        chosen = COMMANDS[parsed.name]
        if chosen.ranks and not chosen.ranks & {post.rank for post in desk.posts}:
            raise Sorry(desk.say("refused.rank", command=desk.say(f"command.{chosen.name}.names").split()[0]))
        if chosen.right is None:
            words = f"{parsed.number or ''} {parsed.words}".strip()
            return (
                self._prompt(desk, chosen, f"/{chosen.name} ")
                if chosen.prompt and not words
                else chosen.run(desk, words)
            )
        case = self._case(desk, parsed, chosen.right)
        if chosen.prompt and not parsed.words and not desk.said.photos:
            return self._prompt(desk, chosen, f"/{chosen.name} {case.number} ")
        return chosen.run(desk, case, parsed.words)

    @staticmethod
    def _prompt(desk: Desk, chosen: Command, so_far: str) -> Reply:
        desk.ask(so_far)
        return Reply(desk.say(f"command.{chosen.name}.prompt"))

    @staticmethod
    def _case(desk: Desk, parsed: Parsed, right: Right) -> Request:
        number = parsed.number
        if number is None and desk.said.quoted:
            number = access.number_of_card(desk, desk.said.quoted.message)
        if number is None:
            return access.only_case(desk, right, parsed.name)
        return access.case_for(desk, number, right)


def finish(desk: Desk) -> None:
    """Renews what depends on the cases that were touched."""
    for case in sorted(desk.touched.values(), key=lambda case: case.number):
        for run in TOUCHED:
            run(desk, case)
    desk.touched.clear()


def give_back(desk: Desk, letter: Letter) -> None:
    """A letter that cannot be delivered comes back into the core; nobody is left waiting silently."""
    handler = UNDELIVERED.get(letter.purpose)
    if handler:
        handler(desk, letter)
    finish(desk)
