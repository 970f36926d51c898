"""Commands about accounts, tokens, devices and the audit record."""
