"""The path of a fix: message, batch, pipeline, writer, acknowledgement."""
