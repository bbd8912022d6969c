"""shut chats and silent voices"""

import sqlalchemy as sa
from alembic import op

import storage.database

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('chat', schema=None) as batch_op:
        batch_op.add_column(sa.Column('shut_at', storage.database.UTCTime(timezone=True), nullable=True))
    with op.batch_alter_table('report', schema=None) as batch_op:
        batch_op.add_column(sa.Column('silent', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('report', schema=None) as batch_op:
        batch_op.drop_column('silent')
    with op.batch_alter_table('chat', schema=None) as batch_op:
        batch_op.drop_column('shut_at')
