"""The line between the runner and a worker: one JSON message each way at a time, over two pipes."""

from __future__ import annotations

import json
from multiprocessing.connection import Connection
from typing import Any

Message = dict[str, Any]


def send(connection: Connection[Any, Any], message: Message) -> None:
    """Send one message."""
    connection.send_bytes(json.dumps(message).encode())


def receive(connection: Connection[Any, Any]) -> Message:
    """Wait for one message. Raises EOFError where the other side is gone."""
    message: Message = json.loads(connection.recv_bytes())
    return message
