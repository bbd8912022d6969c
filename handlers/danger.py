"""Danger: the first words at once and from memory, then the chain of people until somebody accepts."""

from datetime import datetime, timedelta

from handlers import access, cards, dispatch
from handlers.desk import Desk, Sorry
from handlers.house import House
from handlers.known import Known
from handlers.message import Button, Message, Reply
from handlers.router import case_command
from handlers.wording import Wording
from nlp.reader import Reading
from storage import outbox, people
from storage.grids import Grid
from storage.outbox import Purpose, Urgency
from storage.requests import Request, State

ONCE_PER = timedelta(minutes=10)  # one answer per chat and danger
STEP = timedelta(minutes=10)  # until the next person up is told
REPORTER_MAY_CALL_OFF = timedelta(minutes=2)


class FirstWords:
    """Says whom to call, without a model or a database in the way; remembers what it said, in memory only."""

    def __init__(self, house: House, say: Wording) -> None:
        self.house = house
        self.say = say
        self._said: dict[tuple[object, str], datetime] = {}

    def __call__(self, message: Message, reading: Reading | None, known: Known) -> str | None:
        """The answer to a sure danger; None for anything else and for what was answered already."""
        danger = reading.danger if reading else None
        if danger is None or danger.grade != "sure":
            return None
        self._said = {key: at for key, at in self._said.items() if message.at - at < ONCE_PER}
        keys = [(message.chat, danger.key), (message.chat, message.message)]
        if any(key in self._said for key in keys):
            return None
        self._said.update(dict.fromkeys(keys, message.at))
        line = self.house.lines.get(danger.call, self.house.lines["fire"])  # the fire brigade opens lifts, too
        chat = known.chats.get(message.chat)
        phone = (chat.duty_phone if chat else "") or self.house.duty_phone
        return self.say(
            "danger.first",
            call=self.say("danger.call", name=line.name, number=line.number),
            advice=self.say(f"danger.{danger.call}"),
            duty=self.say("danger.duty", name=chat.duty_name) if chat and chat.duty_name else "",
            phone=self.say("danger.phone", number=phone) if phone else "",
        )


def up_the_chain(desk: Desk, case: Request) -> None:
    """Nobody accepted: the next person is told, and again after STEP, until the chain ends."""
    person = dispatch.next_up(desk, case)
    if person is None:
        _tell_everybody(desk, case)
        return
    desk.record(case, "raised", data={"person": person.id}, raised=case.raised + 1, raise_at=desk.now + STEP)
    cards.work_for(desk, case, person)


def _tell_everybody(desk: Desk, case: Request) -> None:
    """At the top of the chain it does not fall silent: everybody is told again every STEP until somebody accepts."""
    desk.record(case, "chain_ended", raise_at=desk.now + STEP)
    text = desk.say("danger.nobody", card=cards.headline(desk, case, public=False))
    buttons = [Button(desk.say("button.on_my_way"), f"/take {case.number}")]
    for person in people.chain(desk.session, desk.session.get_one(Grid, case.grid_id)):
        desk.write(Purpose.TELL, text, person_id=person.id, case=case, buttons=buttons, urgency=Urgency.DANGER)


@case_command("falsealarm", access.may_see)
def false_alarm(desk: Desk, case: Request, words: str) -> Reply:
    """误报 by a worker, or by the reporter within two minutes: the chain stops."""
    if not case.danger:
        raise Sorry(desk.say("danger.none", number=case.number))
    if not may_call_off(desk, case):
        raise Sorry(desk.say("danger.too_late", number=case.number))
    desk.move(
        case, State.WITHDRAWN, "false_alarm", text=words or None, ended_at=desk.now, remind_at=None, raise_at=None
    )
    outbox.drop(desk.session, request_id=case.number, purpose=Purpose.TELL)
    return Reply(desk.say("danger.called_off", number=case.number), nod=True)


def may_call_off(desk: Desk, case: Request) -> bool:
    """Those who work on it, and who raised the alarm at once; nobody who only joined it."""
    if access.may_work(desk, case):
        return True
    alarm = desk.first_report(case)
    return alarm.person_id == desk.person.id and desk.now - case.opened_at <= REPORTER_MAY_CALL_OFF
