"""Alembic's door: migrations run on the connection that `db.migrate` hands in."""

from alembic import context

from db.models import metadata

# Made by hand in migrations, for one engine each, and unknown to the metadata.
BY_HAND = ("response_fts", "ix_response_fts")


def mine(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    return not (kind in ("table", "index") and name is not None and name.startswith(BY_HAND))


connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, include_object=mine,
    render_as_batch=connection.dialect.name == "sqlite",
)  # fmt: skip
with context.begin_transaction():
    context.run_migrations()
