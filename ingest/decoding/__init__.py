"""Rules of messages: from bytes to fixes, events and refusals."""
