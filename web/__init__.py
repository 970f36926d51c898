"""FastAPI: REST, the live websocket, sign-in, and the built map."""
