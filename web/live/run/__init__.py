"""What runs behind the live websocket: one module for each source, and the hub that composes them."""
