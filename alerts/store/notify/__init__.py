"""SQL of notifications: channels, deliveries, recipients."""
