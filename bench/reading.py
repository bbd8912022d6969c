"""Reading, in messages a second, beside jieba.lcut alone, a keyword loop behind it, and a linear SVC on characters.

    python bench/reading.py --chat casual_chat.csv --labelled groupchat.jsonl

The same lines in the same run. Without files the lines are the sample day's talk and the plain wordings of the tests.
As in the running bot the reader is not curious: it asks nothing more about what is mere talk.
"""

import argparse
import csv
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import jieba
from sample import REQUESTS, chatter
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from nlp import labelled
from nlp.reader import Reader

ROUNDS = 5
SECONDS = 0.6  # of each measurement
MOST = 5000  # lines
PLAIN = Path(__file__).parent.parent / "tests" / "nlp" / "plain.jsonl"


def rate(work: Callable[[str], object], lines: Sequence[str]) -> float:
    """The best of some rounds, so that a noisy neighbour does not count."""
    best = 0.0
    for _ in range(ROUNDS):
        count, start = 0, time.perf_counter()
        while (took := time.perf_counter() - start) < SECONDS / ROUNDS:
            for line in lines:
                work(line)
            count += len(lines)
        best = max(best, count / took)
    return best


def chat_of(path: Path | None) -> list[str]:
    if path:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row["text"] for row in csv.DictReader(file)][:MOST]
    plain = [json.loads(line) for line in PLAIN.read_text(encoding="utf-8").splitlines()]
    return [*chatter(), *(row["text"] for row in plain if not row["is_request"])]


def requests_of(path: Path | None) -> list[str]:
    return [one.text for one in labelled.messages(path) if one.is_request] if path else list(REQUESTS)


def plain_svc() -> Callable[[str], object]:
    """The usual learnt filter, fitted on the same examples."""
    rows = list(labelled.shipped())
    model = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 3)), LinearSVC())
    model.fit([row.text for row in rows], [row.is_request for row in rows])
    return lambda line: model.predict([line])


def memory(code: str) -> float:
    """Peak MiB of a fresh process that runs it, as Linux counts it."""
    ended = "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    run = subprocess.run([sys.executable, "-c", f"{code}; {ended}"], capture_output=True, check=True, text=True)  # noqa: S603
    return int(run.stdout) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chat", type=Path, help="CSV with text: talk in which nothing is asked")
    parser.add_argument("--labelled", type=Path, help="labelled messages: the requests among them are read")
    options = parser.parse_args()
    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    reader, svc = Reader(), plain_svc()
    reader.warm()
    words = {word for c in reader.categories.values() for t in c.topics for word in (*t.objects, *t.signs)}

    def loop(line: str) -> list[str]:
        return [token for token in jieba.lcut(line) if token in words]

    def read(line: str) -> object:
        return reader.read(line, curious=False)

    for name, lines in (("chat", chat_of(options.chat)), ("requests", requests_of(options.labelled))):
        ours, cut, keywords, learnt = rate(read, lines), rate(jieba.lcut, lines), rate(loop, lines), rate(svc, lines)
        print(
            f"{name:9} reader {ours:9,.0f}/s   jieba.lcut {cut:7,.0f}/s   keyword loop {keywords:7,.0f}/s"
            f"   linear SVC {learnt:6,.0f}/s   reader ÷ jieba {ours / cut:5.2f}, ÷ loop {ours / keywords:5.2f},"
            f" ÷ SVC {ours / learnt:6.1f}"
        )
    bare = memory("import re")
    with_reader = memory("from nlp.reader import Reader; reader = Reader()")
    with_all = memory("from nlp.reader import Reader; reader = Reader(); reader.warm(); reader.read('电梯坏了')")
    with_jieba = memory("import jieba; jieba.setLogLevel(60); jieba.initialize()")
    print(
        f"memory    Python {bare:.0f} MiB, the reader +{with_reader - bare:.0f}, with its segmenter"
        f" +{with_all - bare:.0f}; jieba +{with_jieba - bare:.0f}"
    )


if __name__ == "__main__":
    main()
