"""A worker process as `python -m worker.run` starts it, over the services of the tests: models replaced at our own
ports, and patient with everything outside. `tests/worker/test_log_secrets.py` and `make chaos` run the real one.
"""

import sys

from tests.support.pipeline import TestServices
from worker import run

if __name__ == "__main__":
    run.build = TestServices
    sys.exit(run.main(sys.argv[1]))
