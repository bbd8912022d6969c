"""Reading, in messages a second, beside jieba.lcut alone and a keyword loop behind it, on the same lines in one run."""

import logging
import time
from collections.abc import Callable, Iterable

import jieba
from sample import REQUESTS, chatter

from nlp.reader import Reader

ROUNDS = 5
SECONDS = 0.6  # of each measurement


def rate(work: Callable[[str], object], lines: Iterable[str]) -> float:
    """The best of some rounds, so that a noisy neighbour does not count."""
    lines = list(lines)
    best = 0.0
    for _ in range(ROUNDS):
        count, start = 0, time.perf_counter()
        while (took := time.perf_counter() - start) < SECONDS / ROUNDS:
            for line in lines:
                work(line)
            count += len(lines)
        best = max(best, count / took)
    return best


def main() -> None:
    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    reader = Reader()
    reader.warm()
    words = {word for c in reader.categories.values() for t in c.topics for word in (*t.objects, *t.signs)}

    def loop(line: str) -> list[str]:
        return [token for token in jieba.lcut(line) if token in words]

    for name, lines in (("chat", chatter()), ("requests", REQUESTS)):
        ours, cut, keywords = rate(reader.read, lines), rate(jieba.lcut, lines), rate(loop, lines)
        print(
            f"{name:9} reader {ours:9,.0f}/s   jieba.lcut {cut:9,.0f}/s   with keywords {keywords:9,.0f}/s"
            f"   reader ÷ jieba.lcut {ours / cut:5.2f}"
        )


if __name__ == "__main__":
    main()
