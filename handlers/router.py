"""The way of a message: an open question? a command? else the listener. Commands, jobs and the like register here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import SQLModel

from handlers import access
from handlers.access import Right
from handlers.beforehand import seat_of
from handlers.desk import Desk, Sorry
from handlers.grammar import Grammar, Parsed
from handlers.known import Known
from handlers.message import Attached, Message, Reply
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


REGISTER = "register"  # heard as a reply to anybody: it makes a case of what the reader missed
BIND = "bindgroup"  # the one thing heard in a group nobody bound
METOO = "metoo"  # heard without a number right after somebody reported
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
    """A timer: `run(desk, row)` for every row whose column is due, the row locked. Running it twice is harmless."""

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
    early: tuple[Attached, ...] = ()


Hear = Callable[[Message, Known, Reader], Reading | None]
Act = Callable[[Desk, Reading], Reply | None]


@dataclass(frozen=True)
class Router:
    """Listens with `hear`, which is pure; acts with `act`, inside the transaction."""

    grammar: Grammar
    reader: Reader
    hear_talk: Hear
    act_on_talk: Act
    reply_to_card: Callable[[Desk, Request], Reply | None]
    reply_to_notice: Callable[[Desk, Reading | None], Reply | None]

    def hear(self, message: Message, known: Known) -> Heard | None:
        """None: nothing to do with us. Costs no thread, no transaction, no query."""
        chat = known.chats.get(message.chat)
        if message.sender.is_bot or not (message.private or (chat and chat.mode != Mode.OFF)):
            binds = chat is None and known.works_here(message.chat, message.sender.user) and self.binds(message)
            return Heard(self.grammar.parse(message.text)) if binds else None
        early = known.beforehand.of(seat_of(message), message.at)
        if message.edited:
            reading = (
                self.hear_talk(message, known, self.reader) if message.private or known.listens(message.chat) else None
            )
            return Heard(None, reading, early) if reading else None
        parsed = self.grammar.parse(message.text)
        if message.pressed:
            return Heard(parsed, None, early) if parsed else None
        if message.text.startswith("/") and not (parsed or message.private):
            return None  # another bot's command
        to_us = message.private or message.mentioned or bool(message.quoted and message.quoted.by_us)
        addressed = to_us or message.text.startswith("/")
        # Commands and answers are read too: a danger in them must not wait.
        reading = self.hear_talk(message, known, self.reader) if addressed or known.listens(message.chat) else None
        if addressed or reading or (parsed and (parsed.sure or self._may_point(message, parsed, known))):
            return Heard(parsed, reading, early)
        return None

    def binds(self, message: Message) -> bool:
        """Whether it is the command that binds a group, said to us; a group nobody bound is deaf to all else."""
        to_us = message.text.startswith("/") or message.mentioned
        if message.private or message.edited or message.sender.is_bot or not to_us:
            return False
        parsed = self.grammar.parse(message.text)
        return parsed is not None and parsed.name == BIND

    @staticmethod
    def _may_point(message: Message, parsed: Parsed, known: Known) -> bool:
        """Whether bare words without a number may be about what others said here."""
        if parsed.name == METOO:
            return known.spoke_lately(message.chat, message.at)
        return message.quoted is not None and known.works_here(message.chat, message.sender.user)

    def act(self, desk: Desk, heard: Heard) -> Reply | None:
        """Inside the transaction. Raises Sorry with the one sentence for the person; cards follow what was touched."""
        desk.early = heard.early
        try:
            reply = self._act(desk, heard)
        except IllegalMove as move:
            raise Sorry(desk.say(f"illegal.{move.source}", number=move.request.number)) from move
        finish(desk)
        return reply

    def _act(self, desk: Desk, heard: Heard) -> Reply | None:
        message = desk.said
        slash = message.pressed or message.text.startswith("/")
        if heard.reading and (message.edited or (_alarming(heard.reading) and not desk.is_staff)):
            return self.act_on_talk(desk, heard.reading)
        if heard.parsed and slash:
            return self.run(desk, heard.parsed)
        # "进度 1" and a bare "待办" are no answers to an open question.
        dropped = message.text.strip() in desk.say("question.never_mind").split()
        commands = heard.parsed and not dropped and (heard.parsed.sure or not heard.parsed.all_words)
        if not commands and (answer := self._answer(desk)):
            return answer()
        if heard.parsed and self._meant(desk, heard.parsed):
            return self.run(desk, heard.parsed)
        if answer := self._reply_to_us(desk, heard.reading):
            return answer()
        return self.act_on_talk(desk, heard.reading) if heard.reading else None

    def _reply_to_us(self, desk: Desk, reading: Reading | None) -> Callable[[], Reply | None] | None:
        """What is said in reply to one of our cards or notices."""
        quoted = desk.said.quoted
        if quoted is None or not quoted.by_us:
            return None
        if number := access.number_of_card(desk, quoted.message):
            return lambda: self.reply_to_card(desk, access.case_for(desk, number, access.anyone))
        return (lambda: self.reply_to_notice(desk, reading)) if access.is_notice(desk, quoted.message) else None

    def _answer(self, desk: Desk) -> Callable[[], Reply | None] | None:
        """The open question this message answers, if there is one."""
        asked_here = desk.here.private or (desk.said.quoted and desk.said.quoted.by_us)
        person = desk.met if asked_here else None
        if person is None:
            return None
        question = questions.find(desk.session, desk.chat_id, desk.id_of(person), at=desk.now)
        asked = self.grammar.parse(question.command) if question else None
        parsed = self.grammar.parse(question.command + desk.said.text) if question else None
        files_alone = desk.said.attached and not desk.said.text
        if asked is None or parsed is None or (files_alone and COMMANDS[asked.name].right is None):
            return None
        if self._asked_again(desk, asked) or self._about_another(desk, asked):
            return None
        desk.answered()
        if desk.said.text.strip() in desk.say("question.never_mind").split():
            return lambda: Reply(desk.say("question.dropped"))
        return lambda: self.run(desk, parsed)

    def _asked_again(self, desk: Desk, asked: Parsed) -> bool:
        """报事 and 报事 once more: the question is put again, its own name is no answer."""
        said = self.grammar.parse(desk.said.text)
        return said is not None and said.name == asked.name and not said.words

    @staticmethod
    def _about_another(desk: Desk, asked: Parsed) -> bool:
        """A reply to the card of another case is no answer."""
        quoted = access.number_of_card(desk, desk.said.quoted.message) if desk.said.quoted else None
        return quoted is not None and asked.number not in {None, quoted}

    def _meant(self, desk: Desk, parsed: Parsed) -> bool:
        """Whether bare words are a command here: always in private; in a group said to us, or about one's own case."""
        quoted = desk.said.quoted
        if desk.here.private or desk.said.mentioned or (quoted and quoted.by_us):
            return True
        if parsed.name == REGISTER and quoted:
            return desk.is_staff
        right, number = COMMANDS[parsed.name].right, self._number(desk, parsed)
        case = desk.session.get(Request, number) if number else None
        return bool(right and case and right(desk, case))

    @staticmethod
    def _number(desk: Desk, parsed: Parsed) -> int | None:
        """The case named: by its number, by what was replied to, or by what the group is talking of."""
        if parsed.number is not None:
            return parsed.number
        if desk.said.quoted:
            return access.number_of_card(desk, desk.said.quoted.message)
        talk = parsed.name == METOO and not desk.here.private
        case = access.just_opened(desk) if talk else None
        return case.number if case else None

    def run(self, desk: Desk, parsed: Parsed) -> Reply | None:
        """Runs a command: the role gate, the case, the missing words, the deed."""
        chosen = COMMANDS[parsed.name]
        if chosen.ranks and not chosen.ranks & {post.rank for post in desk.posts}:
            refused = "refused.senior" if desk.is_staff else "refused.rank"
            raise Sorry(desk.say(refused, command=desk.say(f"command.{chosen.name}.names").split()[0]))
        if chosen.right is None:
            if chosen.prompt and not parsed.all_words:
                return self._prompt(desk, chosen, f"/{chosen.name} ")
            return chosen.run(desk, parsed.all_words)
        case = self._case(desk, parsed, chosen.right)
        if chosen.prompt and not parsed.words and not desk.said.attached:
            return self._prompt(desk, chosen, f"/{chosen.name} {case.number} ")
        return chosen.run(desk, case, parsed.words)

    @staticmethod
    def _prompt(desk: Desk, chosen: Command, so_far: str) -> Reply:
        desk.ask(so_far)
        return Reply(desk.say(f"command.{chosen.name}.prompt"))

    def _case(self, desk: Desk, parsed: Parsed, right: Right) -> Request:
        number = self._number(desk, parsed)
        score = number is not None and parsed.name in access.ANSWERS and not access.exists(desk, number)  # "评价 5"
        if number is None or score:
            return access.only_case(desk, right, parsed.name)
        return access.case_for(desk, number, right)


def _alarming(reading: Reading) -> bool:
    return reading.danger is not None and reading.danger.grade == "sure"


def finish(desk: Desk) -> None:
    """Renews what depends on the cases that were touched."""
    for case in sorted(desk.touched.values(), key=lambda case: case.number):
        for run in TOUCHED:
            run(desk, case)
    desk.touched.clear()


def give_back(desk: Desk, letter: Letter) -> None:
    """A letter that cannot be delivered comes back into the core; nobody is left waiting silently."""
    if handler := UNDELIVERED.get(letter.purpose):
        handler(desk, letter)
    finish(desk)
