"""Products with a table of numbers that is kept, computed on the calling thread alone."""

from typing import Any

import numpy as np

# BLAS computes products of so many steps by itself, larger ones on all cores: for tables as small as ours waking the
# other cores, which have work of their own, costs more than the product (OpenBLAS: SMP_THRESHOLD_MIN times
# GEMM_MULTITHREAD_THRESHOLD).
ALONE = 65536 * 4
ROWS = 64


class Table:
    """A float32 matrix of shape (inner, columns), cut into blocks of columns so narrow that up to ROWS rows times one
    of them are computed alone.
    """

    def __init__(self, matrix: Any) -> None:
        inner, self._columns = matrix.shape
        width = max(1, ALONE // (ROWS * inner))
        blocks = -(-self._columns // width)
        padded = np.zeros((inner, blocks * width), dtype=np.float32)
        padded[:, : self._columns] = matrix
        self._blocks = np.ascontiguousarray(padded.reshape(inner, blocks, width).transpose(1, 0, 2))

    def product(self, rows: Any) -> Any:
        """`rows @ matrix`, for float32 rows of shape (rows, inner)."""
        found = np.matmul(rows, self._blocks).transpose(1, 0, 2)
        return found.reshape(len(rows), -1)[:, : self._columns]
