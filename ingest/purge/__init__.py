"""Retention at work: drops what is older than its class is kept, but for what a legal hold names."""
