"""SQL of the live part: where its state starts from."""
