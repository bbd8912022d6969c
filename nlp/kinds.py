"""What sort of message it is: the five kinds of request, and the four of talk."""

from collections.abc import Set
from typing import Final

from nlp.judgement import Judgement
from nlp.lexicon import Topic

_TALK: Final = {"ad": "ad", "rumor": "rumor", "praise": "praise", "thanks": "praise"}


def asked_kind(judgement: Judgement, topic: Topic | None) -> str:
    roles = judgement.roles
    wrong = bool(roles & {"trouble", "signs", "urgent"})
    if topic and topic.kind and roles & {"signs", "urgent"}:
        return topic.kind
    if judgement.urgent:
        return "help" if roles & {"help", "assist"} and not roles & {"question"} else "report"
    return next((role for role in ("urge", "suggest") if role in roles), None) or _asked(roles, wrong=wrong)


def _asked(roles: Set[str], *, wrong: bool) -> str:
    asks = roles & {"question", "wondering", "ask"}
    if "assist" in roles and not asks:
        return "help"
    if asks and ("asked" in roles or "ask" in roles or not wrong):
        return "consult"
    return "help" if "help" in roles and not wrong else "report"


def other_kind(roles: Set[str]) -> str:
    return next((kind for role, kind in _TALK.items() if role in roles), "chat")
