"""MQTT in: connect, decode, the pipeline, the durable writer."""
