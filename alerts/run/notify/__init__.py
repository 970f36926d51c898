"""Tasks that tell people and systems of alerts: outbox and senders."""
