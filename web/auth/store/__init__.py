"""SQL of accounts, sessions, tokens and grants."""
