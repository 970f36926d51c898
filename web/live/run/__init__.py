"""Tasks of the live websocket: one module for each source, and the hub that combines them."""
