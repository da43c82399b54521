"""Names for containers that were given none: an adjective and somebody to whom networks owe something."""

from __future__ import annotations

import random

ADJECTIVES = ("brave", "bright", "calm", "clever", "eager", "gentle", "happy", "keen", "kind", "lively", "lucid",
              "merry", "nimble", "patient", "proud", "quick", "quiet", "serene", "steady", "sunny", "swift", "warm",
              "wise", "witty")
PEOPLE = ("baran", "berners_lee", "cerf", "clark", "davies", "engelbart", "estrin", "feinler", "floyd", "hopper",
          "jacobson", "kahn", "kleinrock", "lamarr", "licklider", "lovelace", "metcalfe", "mockapetris", "perlman",
          "postel", "pouzin", "shannon", "turing", "wiener")


def random_name(randomness: random.Random) -> str:
    return f"{randomness.choice(ADJECTIVES)}_{randomness.choice(PEOPLE)}"
