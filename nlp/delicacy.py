"""Why a case must not stand on a card that the whole group reads."""

from collections.abc import Sequence
from typing import Final

from nlp.judgement import Judgement

_SENSITIVE: Final = ("minor", "family", "illness", "poverty")  # whatever the message is about
_ACCUSED: Final = ("person", "shop")  # only where somebody is blamed
_BLAMING: Final = frozenset({
    "noise", "dispute", "pet", "illegal_build", "safety", "sanitation", "market", "labor", "property", "traffic",
    "health_edu", "facility",
})  # fmt: skip


def delicate(category: str, places: Sequence[str], judgement: Judgement) -> str | None:
    reason = next((name for name in _SENSITIVE if name in judgement.roles), None)
    if reason or category not in _BLAMING:
        return reason
    if any(place.endswith("室") for place in places) or ("flat" in judgement.roles and places):
        return "flat"
    return next((name for name in _ACCUSED if name in judgement.roles), None)
