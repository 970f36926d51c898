"""A simulated fleet with known truth; depends only on the wire protocol."""
