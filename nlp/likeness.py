"""Likeness: which of many messages speak of one issue, by the rare words they share."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nlp.spelling import fold
from nlp.words import cutter

ALIKE: Final = 0.36  # cosine of a message and the middle of a group, from which on it belongs there
JOINED: Final = 0.45  # cosine of two middles, from which on their groups are one
SOME: Final = 3  # messages of a group whose middle says anything
_WORD: Final = re.compile(r"[\u4e00-\u9fff]{2,}|[a-z]*\d+[a-z]*|[a-z]{2,}")

Vector = Mapping[str, float]


@dataclass(slots=True)
class _Group:
    members: list[int]
    middle: dict[str, float]  # the sum of its members' words; only its direction counts

    def add(self, member: int, vector: Vector) -> None:
        self.members.append(member)
        for word, weight in vector.items():
            self.middle[word] = self.middle.get(word, 0.0) + weight

    def take(self, other: "_Group") -> None:
        self.members = sorted([*self.members, *other.members])
        for word, weight in other.middle.items():
            self.middle[word] = self.middle.get(word, 0.0) + weight


def groups(texts: Sequence[str], names: tuple[str, ...] = ()) -> list[list[int]]:
    """The texts by their issue, as positions, in the order they came; what stands alone is a group of one.

    Each joins the group whose middle it is most like, never a single member of it: groups do not chain into blobs.
    """
    found: list[_Group] = []
    where: dict[str, set[int]] = defaultdict(set)
    for at, vector in enumerate(_vectors(texts, names)):
        near = {group for word in vector for group in where[word]}
        likeness, best = max(((_cosine(vector, found[group].middle), -group) for group in near), default=(0.0, 0))
        if likeness < ALIKE:
            best = -len(found)
            found.append(_Group([], {}))
        found[-best].add(at, vector)
        for word in vector:
            where[word].add(-best)
    return [group.members for group in _joined(found)]


def _joined(found: Sequence[_Group]) -> list[_Group]:
    """The likest two become one, as long as any are alike enough."""
    some = [group for group in found if len(group.members) >= SOME]
    pairs = {(a, b): _cosine(some[a].middle, some[b].middle) for b in range(len(some)) for a in range(b)}
    while pairs and (closest := max(pairs.values())) >= JOINED:
        a, b = next(pair for pair, likeness in pairs.items() if likeness == closest)
        some[a].take(some[b])
        some[b].members = []
        pairs = {pair: likeness for pair, likeness in pairs.items() if b not in pair}
        for pair in [pair for pair in pairs if a in pair]:
            pairs[pair] = _cosine(some[pair[0]].middle, some[pair[1]].middle)
    return [group for group in found if group.members]


def _vectors(texts: Sequence[str], names: tuple[str, ...]) -> Iterable[Vector]:
    """Of each text its words, each weighing as much as it is rare; all vectors have length 1."""
    cut = cutter(names)
    bags = [{word for word in cut(fold(text)) if _WORD.fullmatch(word)} for text in texts]
    counts = Counter(word for bag in bags for word in bag)
    for bag in bags:
        weights = {word: math.log(1 + len(texts) / counts[word]) for word in bag}
        length = _length(weights)
        yield {word: weight / length for word, weight in weights.items()}


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    product = sum(weight * other[word] for word, weight in one.items() if word in other)
    return product / (_length(one) * _length(other)) if product else 0.0


def _length(vector: Mapping[str, float]) -> float:
    return math.sqrt(sum(weight * weight for weight in vector.values()))
