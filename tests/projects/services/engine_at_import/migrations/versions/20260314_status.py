"""A claim has a status.

Revision ID: 8b50e61c7f24
Revises: 4c1f2a7d9e03
Create Date: 2026-03-14 16:40:07

"""

import sqlalchemy as sa
from alembic import op

revision = "8b50e61c7f24"
down_revision = "4c1f2a7d9e03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("claims", sa.Column("status", sa.String(), server_default="draft", nullable=False))


def downgrade() -> None:
    op.drop_column("claims", "status")
