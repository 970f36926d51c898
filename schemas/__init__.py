"""Formats: MQTT topics and payloads, live frames, REST models, SQL migrations."""
