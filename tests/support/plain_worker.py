"""A worker process as `python -m worker.run` starts it, with the models replaced at our own ports."""

import sys

from tests.support.pipeline import TestServices
from worker import run

if __name__ == "__main__":
    run.build = TestServices
    sys.exit(run.main(sys.argv[1]))
