"""Fits the weights of nlp/weights and prints what they reach on titles and messages they have not seen.

    python bench/fit_reader.py --titles petition_titles.csv --chat casual_chat.csv --write

Naive-Bayes log-count ratios scale the pieces, a linear machine weighs them (Wang and Manning, "Baselines and Bigrams",
ACL 2012). Messages are those of nlp/examples, the plain wordings of tests/nlp and the lexicon's own examples; of the
chat, which holds no request, every second line. Of the titles no piece of more than three characters is kept.
"""

import argparse
import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from bot import evaluate
from bot.evaluate import CODES
from nlp import labelled, learnt, lexicon
from nlp.learnt import LATER, REQUEST, URGENT, framed
from nlp.linear import FOLDER, HUNDREDTHS, Linear
from nlp.reader import READ, WINDOW, Reader
from nlp.spelling import fold

FOLDS = 5
LONGEST = 3  # characters of a piece
RAREST = 2  # titles a piece occurs in
KEPT = 12_000  # pieces
C, EVENNESS = 0.3, 0.4  # of the machine; of the scale: 0 would leave it all to the ratios


def fitted(texts: Sequence[str], classes: Sequence[str]) -> list[str]:
    """The lines of a model's file."""
    counter = CountVectorizer(analyzer="char", ngram_range=(1, LONGEST), min_df=RAREST, binary=True, lowercase=False)
    there = counter.fit_transform([re.sub(r"[\t\n\r]", " ", text) for text in texts]).astype(float)
    rare = np.log(len(texts) / np.asarray(there.sum(0)).ravel()) + 1
    length = normalize(there @ diags(rare))
    names, labels = sorted(set(classes)), np.array(classes)
    columns, begin = zip(*(_column(there, length, labels == name) for name in names), strict=True)
    weights = np.stack(columns, 1) * rare[:, None]
    weights -= weights.mean(1, keepdims=True)  # what speaks for all alike speaks for none
    kept = np.argsort(-np.abs(weights).max(1))[:KEPT]
    pieces = counter.get_feature_names_out()
    lines = ["\t".join(["piece", "rare", *names]), "\t".join(["", "", *map(_whole, begin)])]
    ordered = sorted(kept, key=lambda at: pieces[at])
    return lines + ["\t".join([pieces[at], _whole(rare[at]), *map(_whole, weights[at])]) for at in ordered]


def _whole(weight: float) -> str:
    return str(round(weight * HUNDREDTHS)) if round(weight * HUNDREDTHS) else ""


def _column(there: csr_matrix, length: csr_matrix, own: Any) -> tuple[Any, float]:
    mine, others = 1 + there[own].sum(0), 1 + there[~own].sum(0)
    ratio = np.abs(np.log((mine / mine.sum()) / (others / others.sum())))
    scale = EVENNESS + np.asarray(ratio).ravel()
    machine = LinearSVC(C=C).fit(length @ diags(scale), own)
    return scale * machine.coef_.ravel(), machine.intercept_[0]


def choose(model: Linear, text: str) -> str:
    scores = model.scores(text)
    return model.classes[scores.index(max(scores))]


def plain_svc(texts: Sequence[str], classes: Sequence[str], unseen: Sequence[str]) -> list[str]:
    """The peer: characters, TF-IDF, a linear support vector machine."""
    counter = TfidfVectorizer(analyzer="char", ngram_range=(1, 3))
    machine = LinearSVC().fit(counter.fit_transform(texts), classes)
    return list(machine.predict(counter.transform(unseen)))


def departments(path: Path, *, write: bool) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    texts, classes = [fold(CODES.sub("", row["title"])) for row in rows], [row["department"] for row in rows]
    same = [re.sub(r"\W", "", text) for text in texts]  # a repeated title stands on one side
    ours, theirs, true = [], [], []
    for seen, unseen in GroupKFold(FOLDS, shuffle=True, random_state=1).split(texts, groups=same):
        known, labels, rest = [texts[at] for at in seen], [classes[at] for at in seen], [texts[at] for at in unseen]
        model = Linear(fitted(known, labels))
        ours += [choose(model, text) for text in rest]
        theirs += plain_svc(known, labels, rest)
        true += [classes[at] for at in unseen]
    print(
        f"department  {len(texts)} titles, {FOLDS} folds: macro-F1 {f1_score(true, ours, average='macro'):.4f}"
        f"   linear SVC on characters, same folds {f1_score(true, theirs, average='macro'):.4f}"
    )
    if write:
        lines = fitted(texts, classes)
        (FOLDER / "departments.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


# -- messages ---------------------------------------------------------------------------------------------------------

HERE = Path(__file__).parent.parent
SELDOM = 3  # messages a piece occurs in
FAINT, FAINT_OF_CLASS = 0.07, 0.08  # weights that are left out
SHARE = 0.2  # of messages that are requests, as in our whole days; for it the threshold is chosen
CHAT, PLAIN, CONTRACT = (
    0.5,
    1.5,
    3.0,
)  # what a line of other talk, of the plain wordings, and of the lexicon's examples count
C_REQUEST, EVEN_REQUEST, C_CLASS, C_URGENT, C_LATER = 0.05, 1.0, 1.0, 0.5, 0.2


class Example(NamedTuple):
    """A message to learn from; `own` and `talk` as in nlp.learnt.near."""

    text: str
    request: bool
    kind: str | None = None
    category: str | None = None
    urgent: bool | None = None  # of a request
    file: str = ""
    weight: float = 1.0
    later: bool = False
    own: float | None = None
    talk: float | None = None
    points: float = 0.0  # of the lexicon
    worker: bool = False


FILES = sorted(labelled.SHIPPED.glob("*.jsonl"))


def examples() -> list[Example]:
    reader = Reader(weights=learnt.NONE)
    return [one for path in FILES for one in _of_file(path, reader)]


def _of_file(path: Path, reader: Reader) -> Iterator[Example]:
    talk = evaluate.Talk()
    for row in labelled.messages(path):
        context = talk.context(row)
        yield Example(
            fold(row.text[:READ]), row.is_request, row.kind if row.is_request else None, row.category, row.urgent,
            path.name, 1.0, row.later, context.open_since if context.open_category else None,
            context.talk_since if context.talk_category else None, reader.weigh(row.text)[0].raw, context.worker,
        )  # fmt: skip
        talk.note(row)


def wordings(chat: Path | None) -> list[Example]:
    """Texts without a group: they are learnt from, never measured on."""
    plain = [json.loads(line) for line in (HERE / "tests/nlp/plain.jsonl").read_text(encoding="utf-8").splitlines()]
    found = [
        Example(fold(row["text"]), row["is_request"], None, row["category"], row["urgent"], "", PLAIN) for row in plain
    ]
    for key, category in lexicon.categories().items():
        found += [Example(fold(text), request=True, category=key, weight=CONTRACT) for text in category.examples]
        found += [Example(fold(text), request=False, weight=CONTRACT) for text in category.negatives]
    talk = [one for one in found if not one.request]  # what follows a case may be anything
    found += [one._replace(own=own, talk=own, weight=CHAT) for own, one in zip(cycle(learnt.STEPS), talk, strict=False)]
    if chat:
        with chat.open(encoding="utf-8-sig", newline="") as file:
            lines = [row["text"] for row in csv.DictReader(file)]
        found += [Example(fold(line), request=False, weight=CHAT) for line in lines[::2]]
    return found


class Pieces:
    """The pieces that occur often enough, and how often each stands in each text."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._counter = CountVectorizer(analyzer="char", ngram_range=(1, LONGEST), min_df=SELDOM, lowercase=False)
        self._counter.fit([_line(text) for text in texts])
        self.names = self._counter.get_feature_names_out()

    def of(self, texts: Sequence[str]) -> csr_matrix:
        counts = self._counter.transform([_line(text) for text in texts]).astype(float)
        return (diags([min(1.0, learnt.LONG / max(len(text), 1)) for text in texts]) @ counts).tocsr()


def _line(text: str) -> str:
    return framed(re.sub(r"[\t\n\r]", " ", text))


Fit = tuple[Any, Any]  # a weight for each piece, where the sum begins


def fit_request(counts: csr_matrix, true: Any, weight: Any) -> Fit:
    there = diags(weight) @ (counts > 0).astype(float)
    mine, others = 1 + there[true].sum(0), 1 + there[~true].sum(0)
    scale = EVEN_REQUEST + np.abs(np.log((mine / mine.sum()) / (others / others.sum()))).A1
    machine = _machine(C_REQUEST).fit(counts @ diags(scale), true, sample_weight=weight)
    return scale * machine.coef_.ravel(), machine.intercept_[0]


def fit_later(counts: csr_matrix, rows: Sequence[Example], sums: Any) -> tuple[Any, float, dict[str, float]]:
    """Of messages near a case: the weights of the pieces, where they begin, and of what stands around."""
    names = DictVectorizer()
    around = names.fit_transform([dict.fromkeys(learnt.near(one.own, one.talk, len(one.text)), 1.0) for one in rows])
    table, true = hstack([around, counts, csr_matrix(sums).T]).tocsr(), np.array([one.later for one in rows])
    unseen = np.zeros(len(rows))
    for seen, rest in GroupKFold(FOLDS).split(rows, groups=[one.file or str(at) for at, one in enumerate(rows)]):
        unseen[rest] = _machine(C_LATER).fit(table[seen], true[seen]).decision_function(table[rest])
    machine = _machine(C_LATER).fit(table, true)
    weights = machine.coef_.ravel()
    nearness = dict(zip(names.get_feature_names_out(), weights, strict=False)) | {learnt.SAID: weights[-1]}
    begin = machine.intercept_[0] - best(unseen, true, true.mean())
    return weights[around.shape[1] : -1], begin, nearness


def _machine(c: float) -> LogisticRegression:
    return LogisticRegression(C=c, max_iter=3000)


def near(one: Example) -> bool:
    return (
        not one.worker
        and min(one.own if one.own is not None else inf, one.talk if one.talk is not None else inf) <= WINDOW
    )


def total(points: Iterable[float]) -> Any:
    return learnt.LEXICON * np.clip(np.array(list(points)), learnt.LEAST, learnt.MOST)


def weights_of(rows: Sequence[Example], others: Sequence[Example]) -> tuple[list[str], list[str]]:
    """The lines of the two files. `rows` come from groups and days, `others` are texts alone."""
    everything = [*rows, *others]
    pieces = Pieces([one.text for one in everything])
    counts = pieces.of([one.text for one in everything])
    true, weight = np.array([one.request for one in everything]), np.array([one.weight for one in everything])
    first = np.array([not one.later for one in rows] + [True] * len(others))
    unseen = np.zeros(len(rows))
    for seen, rest in GroupKFold(FOLDS).split(rows, groups=[one.file for one in rows]):
        learn = np.r_[seen, np.arange(len(rows), len(everything))]
        learn = learn[first[learn]]
        vector, begin = fit_request(counts[learn], true[learn], weight[learn])
        unseen[rest] = counts[rest] @ vector + begin
    unseen += total(one.points for one in rows)
    shift = best(unseen[first[: len(rows)]], true[: len(rows)][first[: len(rows)]])
    vector, begin = fit_request(counts[first], true[first], weight[first])
    columns: dict[str, tuple[Any, float]] = {REQUEST: (vector, begin - shift)}
    close = [at for at, one in enumerate(everything) if near(one) and (one.later or not one.request)]
    sums = np.r_[unseen, np.zeros(len(others))] - shift
    later, begin, nearness = fit_later(counts[close], [everything[at] for at in close], sums[close])
    columns[LATER] = later, begin
    asked = np.array([one.request and one.urgent is not None and not one.later for one in everything])
    urgent = _machine(C_URGENT).fit(counts[asked], np.array([bool(one.urgent) for one in everything])[asked])
    columns[URGENT] = urgent.coef_.ravel(), urgent.intercept_[0]
    columns |= classes(counts, [one.kind if one.file and not one.later else None for one in everything])
    columns |= classes(counts, [one.category if not one.later else None for one in everything])
    return lines_of(pieces.names, columns), [f"{name}\t{_whole(value) or 0}" for name, value in nearness.items()]


def classes(counts: csr_matrix, names: Sequence[str | None]) -> dict[str, tuple[Any, float]]:
    there = np.array([name is not None for name in names])
    machine = _machine(C_CLASS).fit(counts[there], [name for name in names if name is not None])
    return {name: (machine.coef_[at], machine.intercept_[at]) for at, name in enumerate(machine.classes_)}


def lines_of(names: Sequence[str], columns: Mapping[str, tuple[Any, float]]) -> list[str]:
    table = np.stack([vector for vector, _ in columns.values()], 1)
    table[:, 0][np.abs(table[:, 0]) < FAINT] = 0
    table[:, 1:][np.abs(table[:, 1:]) < FAINT_OF_CLASS] = 0
    lines = ["\t".join(["piece", *columns]), "\t".join(["", *(_whole(begin) for _, begin in columns.values())])]
    return lines + ["\t".join([name, *map(_whole, row)]) for name, row in zip(names, table, strict=True) if np.any(row)]


def best(sums: Any, true: Any, share: float = SHARE) -> float:
    """The threshold of the best F1, were so many messages requests, in the middle between two sums."""
    order = np.argsort(-sums)
    right = np.cumsum(true[order]) / true.sum() * share
    wrong = np.cumsum(~true[order]) / (~true).sum() * (1 - share)
    at = int(np.argmax(2 * right / (right + wrong + share)))
    return float(sums[order[at : at + 2]].mean())


def folds(rows: Sequence[Example]) -> list[tuple[Any, Any]]:
    """What is learnt from and what is read unseen, by whole files: a writer stands on one side."""
    return list(GroupKFold(FOLDS).split(rows, groups=[one.file for one in rows]))


def read_unseen(rows: Sequence[Example], others: Sequence[Example], seen: Any, unseen: Any) -> evaluate.Read:
    lines, nearness = weights_of([rows[at] for at in seen], others)
    reader = Reader(weights=learnt.read(lines, nearness))
    names = {rows[at].file for at in unseen}
    read = [evaluate.read_all(labelled.messages(path), reader) for path in FILES if path.name in names]
    return sum(read[1:], read[0])


def chat_messages(chat: Path | None, *, write: bool) -> None:
    rows, others = examples(), wordings(chat)
    read = [read_unseen(rows, others, seen, unseen) for seen, unseen in folds(rows)]
    print(f"messages    {len(rows)} of {len(FILES)} files, {FOLDS} folds:")
    for line in evaluate.figures(sum(read[1:], read[0])):
        print("  " + line)
    if write:
        lines, nearness = weights_of(rows, others)
        (FOLDER / "messages.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (FOLDER / "nearness.tsv").write_text("\n".join(nearness) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--titles", type=Path, help="CSV with title and department")
    parser.add_argument("--chat", type=Path, help="CSV with text: talk in which nothing is asked")
    parser.add_argument("--write", action="store_true", help="write what was fitted on everything into nlp/weights")
    options = parser.parse_args()
    chat_messages(options.chat, write=options.write)
    if options.titles:
        departments(options.titles, write=options.write)


if __name__ == "__main__":
    main()
