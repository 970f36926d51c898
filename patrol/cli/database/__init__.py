"""Commands about the database and its contents."""
