"""What is kept only for a while: delivery ids, the words of letters, questions nobody answered."""

from sqlmodel import select

from handlers.desk import Desk
from handlers.router import job
from storage.chats import Chat
from storage.deliveries import Delivery
from storage.outbox import Letter
from storage.people import Address
from storage.questions import OpenQuestion


@job(Delivery.forget_at)
def forget_delivery(desk: Desk, delivery: Delivery) -> None:
    desk.session.delete(delivery)


@job(Letter.blank_at)
def blank_letter(desk: Desk, letter: Letter) -> None:
    letter.text, letter.blank_at = None, None
    desk.session.add(letter)


@job(OpenQuestion.expires_at)
def drop_question(desk: Desk, question: OpenQuestion) -> None:
    """What this person says there next is talk again."""
    chat = desk.session.get_one(Chat, question.chat_id)
    addresses = select(Address).where(
        Address.person_id == question.person_id, Address.platform == chat.platform, Address.account == chat.account
    )
    seats = {(chat.key, address.user) for address in desk.session.exec(addresses)}
    desk.session.delete(question)
    desk.learnt.append(lambda known: known.asked.difference_update(seats))
