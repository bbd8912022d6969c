"""surveys"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import storage.database

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'survey',
        sa.Column('notice_id', sa.Integer(), nullable=False),
        sa.Column('options', sa.JSON(), nullable=False),
        sa.Column('open_minutes', sa.Integer(), nullable=False),
        sa.Column('until', storage.database.UTCTime(timezone=True), nullable=True),
        sa.Column('closed_at', storage.database.UTCTime(timezone=True), nullable=True),
        sa.Column('tally', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_survey_notice_id_notice')),
        sa.PrimaryKeyConstraint('notice_id', name=op.f('pk_survey')),
    )
    op.create_table(
        'ballot',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('notice_id', sa.Integer(), nullable=False),
        sa.Column('grid_id', sa.Integer(), nullable=False),
        sa.Column('mark', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('choice', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_ballot_notice_id_notice')),
        sa.ForeignKeyConstraint(['grid_id'], ['grid.id'], name=op.f('fk_ballot_grid_id_grid')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_ballot')),
        sa.UniqueConstraint('notice_id', 'mark', name=op.f('uq_ballot_notice_id_mark')),
    )
    op.create_index('ix_ballot_notice_id_grid_id', 'ballot', ['notice_id', 'grid_id'], unique=False)
    op.add_column('notice', sa.Column('survey', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('notice', sa.Column('closes_at', storage.database.UTCTime(timezone=True), nullable=True))
    op.create_index(op.f('ix_notice_closes_at'), 'notice', ['closes_at'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_notice_closes_at'), table_name='notice')
    op.drop_column('notice', 'closes_at')
    op.drop_column('notice', 'survey')
    op.drop_table('ballot')
    op.drop_table('survey')
