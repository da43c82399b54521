"""Random sequences of commands about networks: both engines answer alike, and are alike after each of them.

``make parity`` plays many sequences (NETCOURSE_SEQUENCES, chosen anew each time); otherwise they are few, and always
the same ones. Nothing is shrunk: a sequence costs seconds on a real engine, and the story ends at the first difference.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, given, settings

from tests.parity.sequences import sequences
from tests.parity.stepping import first_difference

FEW = 12
WANTED = int(os.environ.get("NETCOURSE_SEQUENCES", "0"))


def test_both_engines_answer_random_sequences_alike(real_address: str, simulated_address: str,
                                                    docker_command: str) -> None:
    stories: list[str] = []

    @settings(max_examples=WANTED or FEW, derandomize=not WANTED, database=None, deadline=None,
              phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(sequences)
    def play(sequence: tuple[str, ...]) -> None:
        stories.append(first_difference(sequence, real_address, simulated_address))

    play()

    different = [story for story in stories if story]
    print(f"{len(stories) - len(different)} of {len(stories)} sequences equal")
    assert not different, "\n\n".join(different)
