"""The web process (FastAPI): REST, the live websocket, sign-in, and the built page."""
