"""What the default bridge refuses, where the whole answer depends on the machine's past.

Where docker0 was there before dockerd started, its subnet counts as chosen by the user, and the second sentence of the
real answer ("... networks with user configured subnets") stays away; so the first one alone is compared.
"""

from __future__ import annotations

from tests.conftest import EngineAddress
from tests.parity.transcripts import clear, run_command


def test_a_static_address_on_the_default_bridge_is_refused(engine: EngineAddress, docker_command: str) -> None:
    answer = run_command("docker run -d --name nc-5 --ip 172.17.0.99 busybox sleep 1000", engine.address)
    left = run_command("docker ps -aq --filter name=nc-5", engine.address)
    clear(engine.address)

    assert answer.code == 125
    assert "invalid config for network bridge: invalid endpoint settings:" in answer.error
    assert "user specified IP address is supported on user defined networks only" in answer.error
    assert left.output == ""
