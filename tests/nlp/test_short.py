"""A few words: "停电了" is heard or asked about, "水烧开了" is not."""

from pathlib import Path

from nlp.reader import Reader

READER = Reader()
ROWS = [line.split("|") for line in (Path(__file__).parent / "short.txt").read_text("utf-8").splitlines()[1:]]
ASKED = [(category, text) for category, *texts in ROWS if category != "talk" for text in texts]
TALK = [text for category, *texts in ROWS if category == "talk" for text in texts]


def test_a_few_clear_words_are_heard_or_asked_about() -> None:
    readings = [(category, text, READER.read(text, curious=False)) for category, text in ASKED]
    silent = [text for _, text, reading in readings if not (reading.is_request or reading.unsure)]
    heard = [(category, reading) for category, _, reading in readings if reading.category]
    assert len(silent) <= 0.15 * len(ASKED), silent
    assert sum(category == reading.category for category, reading in heard) > 0.85 * len(heard)


def test_a_few_other_words_are_left_alone() -> None:
    caught = [text for text in TALK if READER.read(text).is_request]
    asked = [text for text in TALK if READER.read(text).unsure]
    assert len(caught) <= 0.05 * len(TALK), caught
    assert len(asked) <= 0.1 * len(TALK), asked
