"""chores, erasures, forgotten cases"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import storage.database

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

KINDS = ('delivery ids', 'words of letters', 'words of cases', 'files of cases', 'letters of cases', 'people')


def upgrade() -> None:
    op.create_table(
        'chore',
        sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('due_at', storage.database.UTCTime(timezone=True), nullable=True),
        sa.Column('done_at', storage.database.UTCTime(timezone=True), nullable=True),
        sa.Column('told', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_chore')),
    )
    op.create_index(op.f('ix_chore_due_at'), 'chore', ['due_at'], unique=False)
    op.create_table(
        'erasure',
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('what', sa.Enum(*KINDS, name='erased', native_enum=False, length=16), nullable=False),
        sa.Column('rule', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('how_many', sa.Integer(), nullable=False),
        sa.Column('last_at', storage.database.UTCTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('day', 'what', 'rule', name=op.f('pk_erasure')),
    )
    op.add_column('request', sa.Column('forgotten_at', storage.database.UTCTime(timezone=True), nullable=True))
    open_end = sa.text('forgotten_at IS NULL AND ended_at IS NOT NULL')
    op.create_index(
        'ix_request_to_forget', 'request', ['ended_at'], unique=False,
        sqlite_where=open_end, postgresql_where=open_end,
    )


def downgrade() -> None:
    op.drop_index('ix_request_to_forget', table_name='request')
    op.drop_column('request', 'forgotten_at')
    op.drop_table('erasure')
    op.drop_index(op.f('ix_chore_due_at'), table_name='chore')
    op.drop_table('chore')
