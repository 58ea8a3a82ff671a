"""Values that an input marked `x-shapan-generate` gets anew in each run, so that runs in one shared world do not meet.

Other Arazzo runners know nothing of the mark and take the input's default.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from shapan.kernel.uscc import ALPHABET, complete


def run_id(rng: random.Random) -> str:
    """Six capitals and digits without look-alikes: "7F3K2A"; one of 887 million."""
    return "".join(rng.choice(ALPHABET) for _ in range(6))


def credit_code(rng: random.Random) -> str:
    """A made-up unified social credit code (统一社会信用代码) of a company in Beijing, with both check characters right."""
    return complete("91", "110000", "MA" + "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(6)))


GENERATORS: Final[dict[str, Callable[[random.Random], str]]] = {"run-id": run_id, "credit-code": credit_code}
