"""A linear model over the pieces of a text: one pass finds every piece it knows, each speaks for or against a class."""

import math
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick

HUNDREDTHS: Final = 100  # the file's weights are whole numbers
FOLDER: Final = Path(__file__).parent / "weights"


class Share(NamedTuple):
    """What one piece adds to a class."""

    piece: str
    weight: float


class Linear:
    """The classes and their scores for a text; the text's length does not count.

    A file has a line for each piece: the piece, how rare it is, its weight for every class, with tabs between. The
    first line names the classes, the second holds what every class begins with.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        rows = (line.rstrip("\n").split("\t") for line in lines)
        self.classes = tuple(next(rows)[2:])
        self._begin = [int(weight) / HUNDREDTHS for weight in next(rows)[2:]]
        read = [(row[0], int(row[1]), [int(weight or 0) for weight in row[2:]]) for row in rows]
        self._pieces = [piece for piece, _, _ in read]
        self._rare = [(rare / HUNDREDTHS) ** 2 for _, rare, _ in read]
        self._weights = [[weight / HUNDREDTHS for weight in weights] for _, _, weights in read]
        self._matcher = AhoCorasick(self._pieces)

    def scores(self, folded: str) -> list[float]:
        found, length = self._found(folded)
        return [begin + sum(weights) / length for begin, *weights in zip(self._begin, *found, strict=True)]

    def why(self, folded: str, name: str) -> list[Share]:
        """The pieces that spoke for or against a class, the weightiest first."""
        at = self.classes.index(name)
        indices, length = self._pieces_in(folded)
        shares = [Share(self._pieces[index], self._weights[index][at] / length) for index in indices]
        return sorted((share for share in shares if share.weight), key=lambda share: -abs(share.weight))

    def _found(self, folded: str) -> tuple[list[list[float]], float]:
        indices, length = self._pieces_in(folded)
        return [self._weights[index] for index in indices], length

    def _pieces_in(self, folded: str) -> tuple[set[int], float]:
        """Every piece counts once; the length is that of the vector of their rarities."""
        indices = {index for index, _, _ in self._matcher.find_matches_as_indexes(folded, overlapping=True)}
        return indices, math.sqrt(sum(self._rare[index] for index in indices)) or 1.0


@cache
def load(name: str) -> Linear:
    """One of the models that come with the package. FileNotFoundError if there is none of that name."""
    with (FOLDER / f"{name}.tsv").open(encoding="utf-8") as file:
        return Linear(file)
