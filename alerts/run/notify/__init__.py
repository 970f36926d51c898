"""Tasks that send notifications: the outbox and its senders."""
