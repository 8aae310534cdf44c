"""Run by Alembic, with the connection that ``migrations.upgrade`` hands it."""

from alembic import context

from contacts.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
