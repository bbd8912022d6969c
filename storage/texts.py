"""Free text lives apart from the history, so that erasure and retention may blank it and the history still stands."""

from hashlib import sha256

from sqlmodel import Field, Session

from storage.rows import Row, store


class Text(Row, table=True):
    """`digest` stays when `body` is blanked: what was once said remains provable without being readable."""

    id: int | None = Field(default=None, primary_key=True)
    body: str | None
    digest: str

    @property
    def intact(self) -> bool:
        """Whether the words are still those that were kept, or blanked."""
        return self.body is None or self.digest == _digest(self.body)


def keep(session: Session, body: str) -> Text:
    return store(session, Text(body=body, digest=_digest(body)))


def blank(session: Session, text_id: int | None) -> bool:
    """Whether there were words to blank."""
    text = session.get(Text, text_id) if text_id is not None else None
    if text is None or text.body is None:
        return False
    text.body = None
    session.add(text)
    return True


def _digest(body: str) -> str:
    return sha256(body.encode()).hexdigest()
