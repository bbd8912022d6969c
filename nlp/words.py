"""Where words begin and end: rjieba where it is installed, else jieba; the same cut, loaded when first needed."""

import importlib
import logging
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from getpass import getuser
from pathlib import Path
from typing import Any

Cut = Callable[[str], list[str]]
_USER_WORD_COUNT = 100_000  # heavier than any word of the dictionary that could tear a name apart


def _cache_folder() -> str:
    """jieba loads its cache with marshal, from the shared temporary folder: never trust another user's file."""
    folder = Path(tempfile.gettempdir()) / f"gridbot-{getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.stat()
    own = os.name == "nt" or (state.st_uid == os.getuid() and state.st_mode & 0o077 == 0)  # Windows: already per user
    return str(folder) if own else tempfile.mkdtemp(prefix="gridbot-")


@cache
def _rjieba(names: tuple[str, ...]) -> Any:
    segmenter = importlib.import_module("rjieba").Jieba()
    for name in names:
        segmenter.add_word(name, _USER_WORD_COUNT, "n")
    return segmenter


@cache
def _jieba(names: tuple[str, ...]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # its invalid escapes, on 3.12 and later
        jieba = importlib.import_module("jieba")
    jieba.setLogLevel(logging.CRITICAL)
    segmenter = jieba.Tokenizer()
    segmenter.tmp_dir = _cache_folder()
    for name in names:
        segmenter.add_word(name, _USER_WORD_COUNT)
    return segmenter


@cache
def cutter(names: tuple[str, ...]) -> Cut:
    try:
        rust = _rjieba(names)
    except ImportError:
        python = _jieba(names)
        return lambda text: list(python.cut(text, HMM=False))
    return lambda text: list(rust.cut(text, False))


Tag = Callable[[str], list[tuple[str, str]]]
_PERSON = "nr"  # how the dictionary's tags for names of people begin
_WORD = re.compile(r"[\u4e00-\u9fff]{2,6}")


def _tagger(names: tuple[str, ...]) -> Tag:
    """The dictionary's tag of each word; by jieba its table takes tens of megabytes more."""
    try:
        rust = _rjieba(names)
    except ImportError:
        posseg = importlib.import_module("jieba.posseg").POSTokenizer(_jieba(names))
        return lambda text: [(pair.word, pair.flag) for pair in posseg.lcut(text, HMM=False)]
    return lambda text: list(rust.tag(text, False))


@cache
def plain_words(names: tuple[str, ...]) -> Callable[[str], dict[str, bool]]:
    """Which of the dictionary's words a text holds, in no order, and whether the dictionary takes it for a name.

    A name it does not know falls into single characters, which are no words here.
    """
    cut, tag = cutter(names), _tagger(names)

    def words(text: str) -> dict[str, bool]:
        found = {word for word in cut(text) if _WORD.fullmatch(word)}
        return {word: any(flag.startswith(_PERSON) for _, flag in tag(word)) for word in sorted(found)}

    return words


def edges(tokens: Iterable[str]) -> frozenset[int]:
    """The positions at which a word begins or ends."""
    place, found = 0, [0]
    for token in tokens:
        place += len(token)
        found.append(place)
    return frozenset(found)
