"""One MQTT connection: gmqtt's client, with acknowledgements both ways in our hands."""

import asyncio
from typing import Any

import gmqtt


class Client(gmqtt.Client):  # type: ignore[misc]  # gmqtt has no types
    """One connection. gmqtt's own reconnecting is off: a new connection is a new client.

    So an acknowledgement that comes late can never be sent on another connection, where its packet number means
    another message.
    """

    muted = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._asked: dict[int, asyncio.Future[int]] = {}
        # gmqtt drops the reason code of a PUBACK: a broker's "not authorized" would look like a yes.
        handler = self._package_handler
        self._take_puback = handler._handle_puback_packet  # noqa: SLF001 - gmqtt offers no other way
        handler._handle_puback_packet = self._on_puback  # noqa: SLF001 - as above

    async def order(self, message: gmqtt.Message) -> int:
        """Publish with QoS 1 and return the broker's reason code.

        Raises:
            ConnectionResetError: the connection ended before the broker answered.
        """
        number, _ = self._connection.publish(message)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            return int(await answer)
        finally:
            self._asked.pop(number, None)

    def forget_orders(self) -> None:
        """Let go of those who wait for the broker: the connection has ended."""
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the connection ended"))

    def _on_puback(self, cmd: int, packet: bytes) -> None:
        self._take_puback(cmd, packet)
        answer = self._asked.get(int.from_bytes(packet[:2], "big"))
        if answer is not None and not answer.done():
            answer.set_result(packet[2] if len(packet) > 2 else 0)

    def _allow_reconnect(self) -> bool:
        return False

    def _send_command_with_mid(self, cmd: int, mid: int, dup: bool, reason_code: int = 0) -> None:  # noqa: FBT001 - gmqtt's signature
        if not self.muted and not self._connection.is_closing():
            super()._send_command_with_mid(cmd, mid, dup, reason_code=reason_code)

    @property
    def transport(self) -> asyncio.Transport | None:
        """The socket's transport, None before there is one."""
        return None if self._connection is None else self._connection._transport  # noqa: SLF001 - gmqtt hides it
