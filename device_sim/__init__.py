"""A fleet of devices with known truth; knows only the wire."""
