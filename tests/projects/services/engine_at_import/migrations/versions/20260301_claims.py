"""Claims.

Revision ID: 4c1f2a7d9e03
Revises:
Create Date: 2026-03-01 09:12:44

"""

import sqlalchemy as sa
from alembic import op

revision = "4c1f2a7d9e03"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), primary_key=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(10, 2), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("amount > 0", name="amount_is_positive"),
    )


def downgrade() -> None:
    op.drop_table("claims")
