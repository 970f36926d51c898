"""Ingest: receive MQTT messages, decode them, process them in the pipeline, store them."""
