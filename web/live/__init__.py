"""The live websocket: positions by tick and tile, cells, and the lane of alerts and events."""
