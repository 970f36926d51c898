"""Routes of accounts, sessions, devices, people and the audit record."""
