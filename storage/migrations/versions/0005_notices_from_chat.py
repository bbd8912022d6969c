"""notices from chat"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import storage.database

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

TIMES = ('due_at', 'said_for', 'began_at', 'report_at', 'forget_at', 'change_at', 'withdrawn_at')
TIMERS = ('report_at', 'forget_at', 'change_at')
FLAGS = {'draft': sa.false(), 'urgent': sa.false(), 'receipts': sa.true()}
COUNTS = {'valid_minutes': '1440', 'received': '0', 'changed_through': '0'}


def upgrade() -> None:
    utc = storage.database.UTCTime(timezone=True)
    with op.batch_alter_table('notice', schema=None) as batch_op:
        for name, default in FLAGS.items():
            batch_op.add_column(sa.Column(name, sa.Boolean(), server_default=default, nullable=False))
        for name, default in COUNTS.items():
            batch_op.add_column(sa.Column(name, sa.Integer(), server_default=default, nullable=False))
        for name in ('targets', 'files'):
            batch_op.add_column(sa.Column(name, sa.JSON(), server_default='[]', nullable=False))
        for name in TIMES:
            batch_op.add_column(sa.Column(name, utc, nullable=True))
        batch_op.add_column(sa.Column('salt', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch_op.add_column(sa.Column('made_by', sa.Integer(), nullable=True))
        batch_op.alter_column('key', existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=True)
        batch_op.create_foreign_key(batch_op.f('fk_notice_made_by_person'), 'person', ['made_by'], ['id'])
        batch_op.create_index(batch_op.f('ix_notice_made_by'), ['made_by'], unique=False)
        for name in TIMERS:
            batch_op.create_index(batch_op.f(f'ix_notice_{name}'), [name], unique=False)
    op.execute('UPDATE notice SET due_at = next_at')
    op.create_table(
        'receipt',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('notice_id', sa.Integer(), nullable=False),
        sa.Column('mark', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_receipt_notice_id_notice')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_receipt')),
        sa.UniqueConstraint('notice_id', 'mark', name=op.f('uq_receipt_notice_id_mark')),
    )
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        batch_op.alter_column('request_id', existing_type=sa.Integer(), nullable=True)
        batch_op.add_column(sa.Column('notice_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_attachment_notice_id_notice'), 'notice', ['notice_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_attachment_notice_id'), ['notice_id'], unique=False)
    op.create_index('ix_event_actor_id_id', 'event', ['actor_id', 'id'])
    op.create_index(op.f('ix_person_source'), 'person', ['source'])
    op.create_index(op.f('ix_letter_sent_at'), 'letter', ['sent_at'])
    op.create_index(
        'ix_letter_spoken', 'letter', ['chat_id', 'created_at'],
        sqlite_where=sa.text('spoken IS 1'), postgresql_where=sa.text('spoken IS true'),
    )
    op.add_column('card', sa.Column('also', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))
    op.add_column('request', sa.Column('notice_id', sa.Integer(), nullable=True))
    op.create_index(op.f('ix_request_notice_id'), 'request', ['notice_id'])


def downgrade() -> None:
    op.drop_column('card', 'also')
    op.drop_index(op.f('ix_person_source'), 'person')
    op.drop_index('ix_event_actor_id_id', 'event')
    op.drop_index('ix_letter_spoken', 'letter')
    op.drop_index(op.f('ix_letter_sent_at'), 'letter')
    op.drop_index(op.f('ix_request_notice_id'), 'request')
    op.drop_column('request', 'notice_id')
    op.execute('DELETE FROM attachment WHERE request_id IS NULL')
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_attachment_notice_id'))
        batch_op.drop_constraint(batch_op.f('fk_attachment_notice_id_notice'), type_='foreignkey')
        batch_op.drop_column('notice_id')
        batch_op.alter_column('request_id', existing_type=sa.Integer(), nullable=False)
    op.drop_table('receipt')
    op.execute('DELETE FROM notice WHERE key IS NULL')
    with op.batch_alter_table('notice', schema=None) as batch_op:
        for name in TIMERS:
            batch_op.drop_index(batch_op.f(f'ix_notice_{name}'))
        batch_op.drop_index(batch_op.f('ix_notice_made_by'))
        batch_op.drop_constraint(batch_op.f('fk_notice_made_by_person'), type_='foreignkey')
        batch_op.alter_column('key', existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=False)
        for name in (*FLAGS, *COUNTS, *TIMES, 'targets', 'files', 'salt', 'made_by'):
            batch_op.drop_column(name)
