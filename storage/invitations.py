"""An invitation: whoever says its one-time code alone holds a role from then on. Only the code's hash is kept."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlmodel import Field, Session, col, select

from storage.database import UTCTime, words
from storage.people import Rank
from storage.rows import Row

GOOD_FOR = timedelta(days=7)
PREFIX = "i"  # tells it from the other codes of /start
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # no two that look alike: a code may be typed
LENGTH = 16  # 79 bits: nobody guesses it in seven days


class Invitation(Row, table=True):
    """For a role (`rank` with its grid or unit), or for a person of the file whose account is not known yet."""

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True)
    rank: Rank | None = Field(default=None, sa_type=words(Rank))
    grid_id: int | None = Field(default=None, foreign_key="grid.id")
    unit_id: int | None = Field(default=None, foreign_key="unit.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    name: str = ""  # what whoever takes it is called, if that was said
    made_by: int | None = Field(default=None, foreign_key="person.id")  # None: at the command line
    made_at: datetime = Field(sa_type=UTCTime)
    expires_at: datetime = Field(sa_type=UTCTime)
    used_at: datetime | None = Field(default=None, sa_type=UTCTime)
    used_by: int | None = Field(default=None, foreign_key="person.id")
    address_id: int | None = Field(default=None, foreign_key="address.id")  # the account it was taken with


def invite(session: Session, invitation: Invitation) -> str:
    """Keeps the invitation and returns its code, which nobody can ask for again."""
    code = PREFIX + "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    invitation.digest = _digest(code)
    session.add(invitation)
    session.flush()
    return code


def is_code(text: str) -> bool:
    text = text.casefold()
    return text[:1] == PREFIX and len(text) == LENGTH + 1 and set(text[1:]) <= set(LETTERS)


def of_code(session: Session, code: str) -> Invitation | None:
    """Its row locked: of two who say a code at once, one is the first."""
    query = select(Invitation).where(Invitation.digest == _digest(code.casefold())).with_for_update()
    return session.exec(query).one_or_none()


def withdraw(session: Session, made_by: int, *, at: datetime) -> None:
    """What somebody handed out and nobody took yet is good no more."""
    for invitation in session.exec(
        select(Invitation).where(
            Invitation.made_by == made_by, col(Invitation.used_at).is_(None), col(Invitation.expires_at) > at
        )
    ):
        invitation.expires_at = at


def accounts(session: Session) -> set[int | None]:
    """The accounts that people of the file got by an invitation."""
    return set(session.exec(select(Invitation.address_id).where(col(Invitation.person_id).is_not(None))))


def _digest(code: str) -> str:
    return sha256(code.encode()).hexdigest()
