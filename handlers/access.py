"""Who may see a case and who may act on it: the only way from a number to a case."""

from collections.abc import Callable
from datetime import timedelta

from handlers.aside import among_residents, can_be_alone
from handlers.beforehand import JOINING
from handlers.desk import Desk, Sorry
from handlers.message import Button
from storage import outbox, reports, requests
from storage.grids import Grid
from storage.people import Person, Rank
from storage.requests import FINISHED, Request

ANSWERS = frozenset({"solved", "rate"})  # the commands about a case that is done
ANSWERED_WITHIN = timedelta(days=10)
ABOVE = frozenset({Rank.WORKER, Rank.LEADER, Rank.CHIEF, Rank.ADMIN})
Right = Callable[[Desk, Request], bool]


def may_work(desk: Desk, case: Request) -> bool:
    """The lead, who stands in for the lead, the unit's contacts, and everybody responsible for the grid.

    Who is gone from the file is a resident like any other.
    """
    if desk.person.gone:
        return False
    if case.lead_person_id == desk.person.id or _stands_in(desk, case):
        return True
    path = desk.session.get_one(Grid, case.grid_id).path
    return any(
        (post.unit_id is not None and post.unit_id == case.lead_unit_id)
        or (post.rank in ABOVE and post.path is not None and path.startswith(post.path))
        for post in desk.posts
    )


def _stands_in(desk: Desk, case: Request) -> bool:
    lead = desk.session.get(Person, case.lead_person_id) if case.lead_person_id else None
    if lead is None or lead.gone:
        return False
    steps_in = lead.stand_in_key is not None and lead.stand_in_key == desk.person.key
    return steps_in or lead.relief_id == desk.person.id


def is_reporter(desk: Desk, case: Request) -> bool:
    """A voice of the case; whoever registered a caller's report speaks for the caller in the same private chat."""
    return any(
        voice.person_id == desk.person.id or (desk.here.private and voice.chat_id == desk.here.id)
        for voice in reports.voices(desk.session, case.number)
    )


def may_see(desk: Desk, case: Request) -> bool:
    return is_reporter(desk, case) or may_work(desk, case)


def anyone(desk: Desk, case: Request) -> bool:
    """Public cards invite everybody in their own group to join."""
    return (desk.here.id == case.chat_id and case.delicate is None) or may_see(desk, case)


def mine_to_work(desk: Desk) -> list[Request]:
    """The open cases the speaker leads, the earliest deadline first."""
    units = [post.unit_id for post in desk.posts if post.unit_id]
    return requests.led_by(desk.session, desk.id_of(desk.person), units)


def mine_reported(desk: Desk) -> list[Request]:
    return reports.cases_of(desk.session, desk.id_of(desk.person))


def just_opened(desk: Desk) -> Request | None:
    """The case this group is talking of: the only one that was opened here in the last minutes."""
    cases = [case for case in requests.open_in(desk.session, desk.chat_id) if desk.now - case.opened_at < JOINING]
    return cases[0] if len(cases) == 1 and cases[0].delicate is None else None


def exists(desk: Desk, number: int) -> bool:
    """Whether the speaker may know that there is such a case."""
    case = desk.session.get(Request, number)
    return case is not None and may_see(desk, case)


def case_for(desk: Desk, number: int, right: Right) -> Request:
    """The case of a number, locked. A case one may not see does not exist, whichever number was typed."""
    case = requests.lock(desk.session, number)
    if case is None or not (right(desk, case) or may_see(desk, case)):
        raise Sorry(desk.say("case.none", number=number) + _mine(desk))
    if not right(desk, case):
        raise Sorry(_refusal(desk, case, right))
    return case


def only_case(desk: Desk, right: Right, verb: str) -> Request:
    """The one case meant when no number was given; Sorry with the choices if there is not exactly one."""
    cases = _meant_by(desk, right, verb)
    if len(cases) == 1:
        return case_for(desk, cases[0].number, right)
    if not cases:
        raise Sorry(desk.say("case.none_open"))
    raise Sorry(desk.say("case.which"), tuple(_choice(desk, case, verb) for case in cases[:6]))


def _meant_by(desk: Desk, right: Right, verb: str) -> list[Request]:
    if verb in ANSWERS:
        lately = reports.cases_of(desk.session, desk.id_of(desk.person), since=desk.now - ANSWERED_WITHIN)
        return [case for case in lately if case.state in FINISHED]
    return mine_to_work(desk) if right is may_work else mine_reported(desk) or mine_to_work(desk)


def _choice(desk: Desk, case: Request, verb: str) -> Button:
    """Where neighbours read it, what has no public card there shows nothing but its number."""
    hidden = case.delicate is not None or case.chat_id != desk.here.id
    secret = hidden and among_residents(desk) and not can_be_alone(desk)
    return Button(f"#{case.number}" if secret else f"#{case.number} {case.title}", f"/{verb} {case.number}")


def _mine(desk: Desk) -> str:
    """What the speaker may have meant; neighbours who read along are not told."""
    if among_residents(desk):
        return ""
    numbers = [case.number for case in (mine_to_work(desk) or mine_reported(desk))[:8]]
    return desk.say("case.yours", numbers=" ".join(f"#{number}" for number in numbers)) if numbers else ""


def _refusal(desk: Desk, case: Request, right: Right) -> str:
    return desk.say("refused.work" if right is may_work else "refused.own", number=case.number)


def number_of_card(desk: Desk, message: str) -> int | None:
    """The case of a quoted message: the bot's card or letter, or the report that opened it."""
    if number := outbox.case_of(desk.session, desk.chat_id, message):
        return number
    report = reports.of_message(desk.session, desk.chat_id, message)
    return report.request_id if report else None


def is_notice(desk: Desk, message: str) -> bool:
    """Whether a message of the bot here says a notice."""
    return outbox.notice_of(desk.session, desk.chat_id, message) is not None
