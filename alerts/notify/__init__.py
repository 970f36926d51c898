"""Rules of notifications: recipients, times and contents of messages."""
