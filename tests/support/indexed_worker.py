"""A brain that answers from the real index, which it keeps on the disk; its own patience passes a thousandfold."""

import sys
import time
from dataclasses import replace
from functools import cached_property

from parts.answering import Answering
from rag.cache import IndexCache
from rag.evidence import load_abstention
from tests.support.pipeline import TestServices
from worker import run


class IndexedServices(TestServices):
    @cached_property
    def _indexes(self) -> IndexCache:
        return IndexCache(self.settings.index_folder, clock=lambda: time.monotonic() * 1000)

    def _answers(self, tenant, abstention):
        # Sure of all that it finds: how sure one may be is not what is tested with it.
        sure = replace(load_abstention(), weights={}, intercept=5.0, threshold=0.5)
        return Answering._answers(self, tenant, sure)


if __name__ == "__main__":
    run.build = IndexedServices
    sys.exit(run.main(sys.argv[1]))
