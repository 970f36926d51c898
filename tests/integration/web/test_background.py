"""What a web process does in the background: its death is the end of the process, so that it is started again."""

import asyncio

import pytest

from tests.support import web
from web import server
from web.app import create_app
from web.config import WebConfig


async def test_process_of_which_the_background_died_ends(database_url: str) -> None:
    """Whatever it is that fails: here, telling the first password. Nothing else needs to notice."""

    def fail(_password: str) -> None:
        raise RuntimeError("nobody thought of this")

    config = WebConfig(database_url=database_url, mqtt_url=web.NOWHERE, http_port=0, on_admin_password=fail)
    running = asyncio.create_task(server.serve(create_app(config), config, asyncio.Event()))
    with pytest.raises(ExceptionGroup):
        await asyncio.wait_for(running, 30)
