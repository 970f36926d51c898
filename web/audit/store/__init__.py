"""The audit record in the database: written, read and looked through."""
