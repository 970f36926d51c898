"""The audit record in the database: writing, reading and searching."""
