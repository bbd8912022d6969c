"""Keeping rows in step with a file: by key, never touching what was made in chat."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, select

FILE = "file"
CHAT = "chat"
CSV = "csv"  # imported by hand: neither the file nor anybody in chat changes it


Row = TypeVar("Row", bound=SQLModel)


def follow_file(session: Session, table: type[Row], rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Makes the rows of `table` that came from the file equal to `rows` and returns the keys that conflict.

    A conflict is a key the file names which was already made in chat or imported: the row in the database stays.
    Rows whose key left the file get `gone=True`; cases may still point at them.
    """
    there = {getattr(row, "key"): row for row in session.exec(select(table))}  # noqa: B009 (every followed table has both)
    conflicts = []
    for key, values in rows.items():
        row = there.get(key)
        if row is None:
            session.add(table(key=key, source=FILE, **values))
        elif getattr(row, "source") != FILE:  # noqa: B009
            conflicts.append(key)
        else:
            row.sqlmodel_update({**values, "gone": False})
    for key, row in there.items():
        if key is not None and key not in rows and getattr(row, "source") == FILE:  # noqa: B009
            row.sqlmodel_update({"gone": True})
    session.flush()
    return conflicts
