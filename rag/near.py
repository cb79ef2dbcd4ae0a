"""The passages whose vectors may be nearest: one scan over short codes, whose best are then compared exactly."""

from typing import Any

import faiss
import numpy as np

from rag.lists import Arrays

# Two dimensions share a code of 4 bits: 96 bytes instead of 1536, 100,000 of which are scanned in half a millisecond.
SHARED = 2
LEARNED_FROM = 10_000


class Near:
    """FAISS's flat scan over product-quantised vectors (André et al. 2015), of titles and of bodies."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        # More threads make a search of this size slower, and OpenMP's do not survive a fork (MODELS.md 3).
        faiss.omp_set_num_threads(1)
        self._sides = [
            (faiss.deserialize_index(arrays[f"{name}.{side}.codes"]), arrays[f"{name}.{side}.passages"])
            for side in ("titles", "bodies")
        ]

    def search(self, queries: Any, count: int) -> list[Any]:
        """The numbers of the passages of about the nearest `count` titles, and bodies, to each query."""
        return [passages[flat.search(queries, min(count, flat.ntotal))[1].ravel()] for flat, passages in self._sides]


def similar(queries: Any, vectors: Any, rows: Any) -> Any:
    """The cosines of the vectors at `rows` (int64) with each query; float32 of shape (queries, rows).

    FAISS reads them where they are: to copy them first takes longer than to compare them. Raises ValueError for vectors
    of another length than the queries, which it would read beyond their end.
    """
    if queries.shape[1] != vectors.shape[1]:
        raise ValueError(f"queries of {queries.shape[1]} dimensions, vectors of {vectors.shape[1]}")
    found = np.empty((len(queries), len(rows)), dtype=np.float32)
    asked, every = np.ascontiguousarray(queries), np.tile(rows, (len(queries), 1))
    faiss.fvec_inner_products_by_idx(  # type: ignore[attr-defined]  # made by SWIG, without types
        *map(faiss.swig_ptr, (found, asked, vectors, every)), vectors.shape[1], len(queries), len(rows)
    )
    return found


def near_of(arrays: Arrays, name: str) -> Near | None:
    """None where there are no codes, since so few vectors are compared exactly."""
    return Near(arrays, name) if f"{name}.bodies.codes" in arrays else None


def near_arrays(titles: Any, owners: Any, bodies: Any, numbers: Any, name: str) -> dict[str, Any]:
    """What Near reads: `owners` has the number of the passage of each title, `numbers` of each body."""
    return {
        f"{name}.titles.codes": _codes(titles),
        f"{name}.titles.passages": owners.astype(np.int32),
        f"{name}.bodies.codes": _codes(bodies),
        f"{name}.bodies.passages": numbers.astype(np.int32),
    }


def _codes(vectors: Any) -> Any:
    """The codes of float32 rows, as bytes: the same for the same rows."""
    faiss.omp_set_num_threads(1)
    dimensions = vectors.shape[1]
    codes = dimensions // (SHARED if dimensions % SHARED == 0 else 1)
    flat = faiss.IndexPQFastScan(dimensions, codes, 4, faiss.METRIC_INNER_PRODUCT)
    every = max(len(vectors) // LEARNED_FROM, 1)
    flat.train(np.ascontiguousarray(vectors[::every][:LEARNED_FROM]))
    flat.add(vectors)
    return faiss.serialize_index(flat)
