"""Rules of messages: bytes to fixes, events and refusals."""
