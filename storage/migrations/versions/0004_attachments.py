"""attachments"""

from datetime import UTC, datetime

import sqlalchemy as sa
import sqlmodel
from alembic import op

import storage.database

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

media = sa.Enum('photo', 'video', 'voice', 'document', 'location', name='media', native_enum=False, length=16)
keeping = sa.Enum('wanted', 'stored', 'lost', 'erased', name='keeping', native_enum=False, length=16)


def _utc(at: datetime | str) -> datetime:
    """SQLite hands out a raw column as text."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def upgrade() -> None:
    attachment = op.create_table(
        'attachment',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('request_id', sa.Integer(), nullable=False),
        sa.Column('report_id', sa.Integer(), nullable=True),
        sa.Column('event_id', sa.Integer(), nullable=True),
        sa.Column('media', media, nullable=False),
        sa.Column('platform', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('account', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('file', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('size', sa.Integer(), nullable=True),
        sa.Column('latitude', sa.Float(), nullable=True),
        sa.Column('longitude', sa.Float(), nullable=True),
        sa.Column('state', keeping, nullable=False),
        sa.Column('digest', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column('mime', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('came_at', storage.database.UTCTime(timezone=True), nullable=False),
        sa.Column('next_at', storage.database.UTCTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_attachment_event_id_event')),
        sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_attachment_report_id_report')),
        sa.ForeignKeyConstraint(['request_id'], ['request.id'], name=op.f('fk_attachment_request_id_request')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment')),
    )
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        for column in ('digest', 'event_id', 'report_id', 'request_id'):
            batch_op.create_index(batch_op.f(f'ix_attachment_{column}'), [column], unique=False)
        batch_op.create_index(
            'ix_attachment_wanted', ['platform', 'account', 'next_at'], unique=False,
            sqlite_where=sa.text('next_at IS NOT NULL'), postgresql_where=sa.text('next_at IS NOT NULL'),
        )
    with op.batch_alter_table('letter', schema=None) as batch_op:
        batch_op.add_column(sa.Column('pin', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('files', sa.JSON(), server_default='[]', nullable=False))
    # Until now photos were counted and left on the platform; their count stays, as what was lost.
    counted = op.get_bind().execute(sa.text(
        'SELECT report.id, request_id, photos, at, platform, account FROM report JOIN chat ON chat.id = chat_id '
        'WHERE photos > 0'
    ))
    op.bulk_insert(attachment, [
        {
            'request_id': request_id, 'report_id': report_id, 'media': 'photo', 'platform': platform,
            'account': account, 'file': '', 'name': '', 'state': 'lost', 'tries': 0,
            'reason': 'not_kept', 'came_at': _utc(at),
        }
        for report_id, request_id, photos, at, platform, account in counted.all() for _ in range(photos)
    ])
    # In place: SQLite would build the table anew for a batch, and drop the old one under the rows that point to it.
    op.drop_column('report', 'photos')
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('pin', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column('notice', 'pin')
    op.add_column('report', sa.Column('photos', sa.Integer(), server_default='0', nullable=False))
    op.execute(
        "UPDATE report SET photos = (SELECT count(*) FROM attachment WHERE report_id = report.id AND media = 'photo')"
    )
    op.drop_column('letter', 'files')
    op.drop_column('letter', 'pin')
    op.drop_table('attachment')
