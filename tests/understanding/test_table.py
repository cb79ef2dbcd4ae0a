import numpy as np
import pytest

from understanding.table import Table


@pytest.mark.parametrize("shape", [(384, 128), (128, 7001), (3, 1), (5, 4096)])
@pytest.mark.parametrize("rows", [1, 2, 64, 65])
def test_a_product_in_blocks_is_the_product(shape, rows):
    numbers = np.random.default_rng(1)
    matrix, left = numbers.normal(size=shape).astype(np.float32), numbers.normal(size=(rows, shape[0]))
    found = Table(matrix).product(left.astype(np.float32))
    assert found.shape == (rows, shape[1])
    assert np.allclose(found, left @ matrix, atol=1e-3)
