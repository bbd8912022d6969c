"""Labelled messages: JSON lines as nlp/examples/GUIDE.md describes them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

SHIPPED: Final = Path(__file__).parent / "examples"
DOUBTFUL = ("边界", "存疑", "也可")  # in a note: another labeller might decide otherwise


class Unusable(Exception):  # noqa: N818 (what is wrong)
    """A file that is not labelled messages; the text says what and where."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One message and what people say it is. `later`: another message of its case stands before it."""

    id: str
    group: str
    at: datetime
    sender: str
    text: str
    is_request: bool
    kind: str
    category: str | None
    urgent: bool
    places: tuple[str, ...]
    case: str | None
    note: str
    later: bool = False

    @property
    def doubtful(self) -> bool:
        return any(word in self.note for word in DOUBTFUL)


def messages(path: Path) -> list[Labelled]:
    """Of one file, in its order. Unusable where a line is none."""
    found: list[Labelled] = []
    seen: set[str] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            one = Labelled(
                row["id"], row["group"], _moment(row["ts"]), row["sender"], row["text"],
                row["is_request"], row["kind"], row["category"], row["urgent"], tuple(row["places"]), row["case"],
                row.get("note") or "",
            )  # fmt: skip
        except (ValueError, KeyError, TypeError) as error:
            raise Unusable(f"{path}:{number}: {type(error).__name__} {error}") from None
        found.append(replace(one, later=one.case in seen))
        if one.case:
            seen.add(one.case)
    return found


def _moment(written: str) -> datetime:
    """Without a zone it is taken for UTC: only the time between two messages counts."""
    at = datetime.fromisoformat(written)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def shipped() -> Iterator[Labelled]:
    """The examples that come with the package."""
    for path in sorted(SHIPPED.glob("*.jsonl")):
        yield from messages(path)
