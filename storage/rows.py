"""What a table is made of: SQLModel's rows, made and stored at a fraction of the usual cost."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Insert, inspect
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session, SQLModel, insert


class Row(SQLModel):
    """SQLModel walks all fields of a new row twice and asks pydantic about each; of a table neither validates.

    Values are taken as they are: the database's own column types refuse what they cannot keep.
    """

    def __init__(self, **values: Any) -> None:
        constants, factories = _defaults(type(self))
        row = self.__dict__
        row.update(constants)
        for name, make in factories:
            row[name] = make()
        row.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # a column is a descriptor, and hears of it


@cache
def _defaults(table: type[Row]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    fields = table.model_fields.items()
    made = [(name, field.default_factory) for name, field in fields if field.default_factory]
    constants = {name: field.default for name, field in fields if not (field.is_required() or field.default_factory)}
    return constants, made  # type: ignore[return-value]  # no factory here asks for the other values


R = TypeVar("R", bound=Row)


def store(session: Session, row: R) -> R:
    """Inserts a row at once, past the session's unit of work: for rows this transaction changes no more.

    It gets its key; the session does not know it, and reads a row of its own if asked.
    """
    statement, keys = _insert(type(row))
    values = row.__dict__
    result = session.connection().execute(statement, {key: values[key] for key in keys if values[key] is not None})
    if "id" in values:
        values["id"] = result.inserted_primary_key[0]  # type: ignore[index]
    return row


def store_all(session: Session, rows: Sequence[Row]) -> None:
    """The same for many rows of one table, in one statement; they do not get their keys."""
    if rows:
        statement, keys = _insert(type(rows[0]))
        keys = [key for key in keys if any(row.__dict__[key] is not None for row in rows)]
        session.connection().execute(statement, [{key: row.__dict__[key] for key in keys} for row in rows])


@cache
def _insert(table: type[Row]) -> tuple[Insert, list[str]]:
    mapped = inspect(table)
    return insert(mapped.local_table), [column.key for column in mapped.column_attrs]


def read_anew(session: Session, table: type[Row], keys: Iterable[int]) -> None:
    """Rows that were changed past the session are read again where somebody still holds them."""
    for key in keys:
        if (row := session.identity_map.get(identity_key(table, key))) is not None:
            session.expire(row)
