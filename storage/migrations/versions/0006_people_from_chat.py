"""invitations, leaves, and who does the work of somebody on leave"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import storage.database

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

rank = sa.Enum('building', 'worker', 'leader', 'chief', 'contact', 'admin', name='rank', native_enum=False, length=16)


def upgrade() -> None:
    op.add_column('person', sa.Column('relief_id', sa.Integer(), nullable=True))
    op.create_index('ix_person_relief_id', 'person', ['relief_id'], unique=False)
    op.create_table(
        'invitation',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('digest', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('rank', rank, nullable=True),
        sa.Column('grid_id', sa.Integer(), nullable=True),
        sa.Column('unit_id', sa.Integer(), nullable=True),
        sa.Column('person_id', sa.Integer(), nullable=True),
        sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('made_by', sa.Integer(), nullable=True),
        sa.Column('made_at', storage.database.UTCTime(timezone=True), nullable=False),
        sa.Column('expires_at', storage.database.UTCTime(timezone=True), nullable=False),
        sa.Column('used_at', storage.database.UTCTime(timezone=True), nullable=True),
        sa.Column('used_by', sa.Integer(), nullable=True),
        sa.Column('address_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['grid_id'], ['grid.id'], name='fk_invitation_grid_id_grid'),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name='fk_invitation_unit_id_unit'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_invitation_person_id_person'),
        sa.ForeignKeyConstraint(['made_by'], ['person.id'], name='fk_invitation_made_by_person'),
        sa.ForeignKeyConstraint(['used_by'], ['person.id'], name='fk_invitation_used_by_person'),
        sa.ForeignKeyConstraint(['address_id'], ['address.id'], name='fk_invitation_address_id_address'),
        sa.PrimaryKeyConstraint('id', name='pk_invitation'),
        sa.UniqueConstraint('digest', name='uq_invitation_digest'),
    )
    op.create_table(
        'leave',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.Column('relief_id', sa.Integer(), nullable=False),
        sa.Column('first_day', sa.Date(), nullable=False),
        sa.Column('last_day', sa.Date(), nullable=False),
        sa.Column('begin_at', storage.database.UTCTime(timezone=True), nullable=True),
        sa.Column('end_at', storage.database.UTCTime(timezone=True), nullable=True),
        sa.Column('made_by', sa.Integer(), nullable=False),
        sa.Column('made_at', storage.database.UTCTime(timezone=True), nullable=False),
        sa.Column('cancelled_at', storage.database.UTCTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_leave_person_id_person'),
        sa.ForeignKeyConstraint(['relief_id'], ['person.id'], name='fk_leave_relief_id_person'),
        sa.ForeignKeyConstraint(['made_by'], ['person.id'], name='fk_leave_made_by_person'),
        sa.PrimaryKeyConstraint('id', name='pk_leave'),
    )
    for column in ('person_id', 'relief_id', 'begin_at', 'end_at'):
        op.create_index(f'ix_leave_{column}', 'leave', [column], unique=False)


def downgrade() -> None:
    op.drop_table('leave')
    op.drop_table('invitation')
    op.drop_index('ix_person_relief_id', table_name='person')
    op.drop_column('person', 'relief_id')
