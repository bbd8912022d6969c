"""Fits the weights of nlp/weights and prints what they reach on titles and messages they have not seen.

    python bench/fit_reader.py --titles petition_titles.csv --write

Naive-Bayes log-count ratios scale the pieces, a linear support vector machine weighs them (Wang and Manning, "Baselines
and Bigrams", ACL 2012). Of the titles no piece of more than three characters is kept.
"""

import argparse
import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from bot.evaluate import CODES
from nlp.linear import FOLDER, HUNDREDTHS, Linear
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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--titles", type=Path, help="CSV with title and department")
    parser.add_argument("--write", action="store_true", help="write what was fitted on everything into nlp/weights")
    options = parser.parse_args()
    if options.titles:
        departments(options.titles, write=options.write)


if __name__ == "__main__":
    main()
