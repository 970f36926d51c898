"""What the web process does besides answering at once: work that takes a while."""
