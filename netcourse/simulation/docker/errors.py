"""What the engine refuses: dockerd's status codes with dockerd's words."""

from __future__ import annotations


class EngineError(Exception):
    """``status`` is the HTTP status; the message is what the client is shown after "Error response from daemon: "."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def bad_request(message: str) -> EngineError:
    return EngineError(400, message)


def forbidden(message: str) -> EngineError:
    return EngineError(403, message)


def not_found(message: str) -> EngineError:
    return EngineError(404, message)


def conflict(message: str) -> EngineError:
    return EngineError(409, message)


def failed(message: str) -> EngineError:
    return EngineError(500, message)


def not_implemented(message: str) -> EngineError:
    return EngineError(501, message)


def no_swarm() -> EngineError:
    return EngineError(503, 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to '
                            "connect this node to swarm and try again.")


def not_simulated(what: str) -> EngineError:
    return not_implemented(f"{what} isn't simulated by netcourse: use a real Docker Engine for it")
