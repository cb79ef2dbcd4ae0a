"""A worker as `python -m worker.run` starts it, mortal at its named points: `python -m chaos.worker io`.

What it is to suffer stands in its environment, which production does not know: MAILWRIGHT_CHAOS is the folder where the
driver arms points, MAILWRIGHT_CHAOS_SHIFT by how many seconds its clock is wrong, MAILWRIGHT_CHAOS_BLIND the control.
"""

import os
import sys
from pathlib import Path

from chaos.shifted import shift

FOLDER, SHIFT, BLIND = "MAILWRIGHT_CHAOS", "MAILWRIGHT_CHAOS_SHIFT", "MAILWRIGHT_CHAOS_BLIND"


def main(name: str) -> int:
    # First of all: a module that was imported before keeps the right clock.
    shift(float(os.environ.get(SHIFT, "0")))
    from chaos.blind import BlindServices
    from chaos.fate import Fate
    from chaos.mortal import MortalServices, mortal
    from worker import incidents, revoke, run

    fate = Fate(Path(os.environ[FOLDER]))
    # Each by the name under which its stage calls it.
    for stage, name_there in ((revoke, "revoke"), (incidents, "read_page")):
        setattr(stage, name_there, mortal(getattr(stage, name_there), name_there, fate))
    kind = BlindServices if os.environ.get(BLIND) else MortalServices
    return run.main(name, lambda settings: kind(settings, fate))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
