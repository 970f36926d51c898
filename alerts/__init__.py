"""Alerts: rules of pre-warnings and alerts, their life cycle, texts and notifications, and their store."""
