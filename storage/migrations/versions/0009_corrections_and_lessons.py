"""corrections and lessons"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'correction',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('month', sa.Date(), nullable=False),
        sa.Column('words', sa.JSON(), nullable=False),
        sa.Column('stand', sa.JSON(), nullable=False),
        sa.Column('request', sa.Boolean(), nullable=False),
        sa.Column('category', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column('version', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('request_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['request_id'], ['request.id'], name=op.f('fk_correction_request_id_request')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_correction')),
    )
    op.create_index(op.f('ix_correction_request_id'), 'correction', ['request_id'], unique=False)
    op.create_table(
        'lesson',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('word', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('target', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('weight', sa.Float(), nullable=False),
        sa.Column('seen', sa.Integer(), nullable=False),
        sa.Column('better', sa.Integer(), nullable=False),
        sa.Column('worse', sa.Integer(), nullable=False),
        sa.Column('state', sa.Enum('proposed', 'applied', 'declined', name='lessonstate', native_enum=False, length=16), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_lesson')),
        sa.UniqueConstraint('word', 'target', name=op.f('uq_lesson_word_target')),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table('lesson')
    op.drop_index(op.f('ix_correction_request_id'), table_name='correction')
    op.drop_table('correction')
