"""Alembic's entry: runs migrations on the connection that storage/database.py hands over."""

from alembic import context
from sqlmodel import SQLModel

from storage import tables

assert tables  # fills the metadata
connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
