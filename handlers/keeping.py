"""What is kept only for a while: delivery ids, the words of letters, questions nobody answered."""

from handlers.desk import Desk
from handlers.router import job
from storage.deliveries import Delivery
from storage.outbox import Letter, LetterState
from storage.questions import OpenQuestion


@job(Delivery.forget_at)
def forget_delivery(desk: Desk, delivery: Delivery) -> None:
    desk.session.delete(delivery)


@job(Letter.blank_at)
def blank_letter(desk: Desk, letter: Letter) -> None:
    if letter.state == LetterState.WAITING:
        letter.state = LetterState.DROPPED  # too old to be news
    letter.text, letter.blank_at = None, None
    desk.session.add(letter)


@job(OpenQuestion.expires_at)
def drop_question(desk: Desk, question: OpenQuestion) -> None:
    desk.session.delete(question)
