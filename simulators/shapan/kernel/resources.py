"""Where contracts, scenarios and load tests lie: an explicit folder, inside the installed package, or in the checkout.

An editable install copies force-included data nowhere, a wheel carries it in `shapan/_data`; a checkout has it at the top.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


class ResourceMissing(Exception):
    """A data folder that belongs to the installation cannot be found."""


def data_folder(kind: str) -> Path:
    """The folder of `kind` ("contracts", "scenarios", "loadtests").

    Looks first at $SHAPAN_<KIND> (an explicit path), then beside the package, then in the root of a checkout. Raises ResourceMissing.
    """
    explicit = os.environ.get(f"SHAPAN_{kind.upper()}")
    places = [Path(explicit)] if explicit else [PACKAGE / "_data" / kind, PACKAGE.parent.parent / kind]
    for place in places:
        if place.is_dir():
            return place
    raise ResourceMissing(
        f"The folder of {kind} is not at {' or '.join(map(str, places))}. Reinstall shapan, or name it in SHAPAN_{kind.upper()}."
    )
