"""What people sent before they said what it is about: in memory, for minutes and bounded, never written down."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handlers.message import Attached, Message
from storage.chats import ChatKey

JOINING = timedelta(minutes=10)  # how long what one person says or sends in a chat may belong together
PER_SEAT = 30  # the newest files of one person in one chat
SEATS = 10_000
POINTING = 6  # characters: shorter words ("看", "这里") only point at what is sent with them

Seat = tuple[ChatKey, str]  # a person (the platform's user id) in a chat


def seat_of(message: Message) -> Seat:
    return message.chat, message.sender.user


@dataclass
class _Waiting:
    files: list[tuple[Attached, datetime]] = field(default_factory=list)
    passed: str | None = None  # the album whose words said that it is nothing for us


class Beforehand:
    def __init__(self) -> None:
        self._seats: OrderedDict[Seat, _Waiting] = OrderedDict()

    def overhear(self, message: Message) -> None:
        """Talk that is no request: its files may wait for words; words of another matter let them go."""
        waiting = self._seats.get(seat_of(message))
        if len(message.text) > POINTING:
            if waiting or message.album:
                self._of(message).files.clear()
                self._of(message).passed = message.album
        elif message.attached and not (message.album and waiting and waiting.passed == message.album):
            self.keep(message)

    def keep(self, message: Message) -> None:
        """One that is delivered twice is kept once."""
        waiting = self._of(message)
        there = {one.file for one, _ in waiting.files if one.file}
        waiting.files += [(one, message.at) for one in message.attached if one.file not in there]
        del waiting.files[:-PER_SEAT]

    def _of(self, message: Message) -> _Waiting:
        seat = seat_of(message)
        waiting = self._seats.setdefault(seat, _Waiting())
        self._seats.move_to_end(seat)
        if len(self._seats) > SEATS:
            self._seats.popitem(last=False)
        return waiting

    def of(self, seat: Seat, at: datetime) -> tuple[Attached, ...]:
        """The files still waiting, in the order they came."""
        waiting = self._seats.get(seat)
        return tuple(one for one, since in waiting.files if at - since < JOINING) if waiting else ()

    def forget(self, seat: Seat) -> None:
        self._seats.pop(seat, None)
