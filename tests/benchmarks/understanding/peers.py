"""What others would take, where it is installed (`pip install -e '.[peers]'`)."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import KMeans

from nlp.embed import FloatArray

Labels = list[int]
Peer = Callable[[Sequence[str], FloatArray, int], "list[Labels] | None"]
SEED = 42
COARSE, FINE = 10, 1000


def bertopic(texts: Sequence[str], vectors: FloatArray, groups: int) -> list[Labels] | None:
    """BERTopic with its defaults; what it leaves out is each a group of its own."""
    if find_spec("bertopic") is None:
        return None
    from bertopic import BERTopic

    labels, _ = BERTopic().fit_transform(list(texts), vectors)
    return [[-1 - at if label < 0 else int(label) for at, label in enumerate(labels)]]


def recommended(texts: Sequence[str], vectors: FloatArray, groups: int) -> list[Labels] | None:
    """UMAP to two dimensions and k-means as kouchou-ai does it, with the numbers of groups it
    recommends: the cube root of how many texts there are, and its square; the fine groups' middles
    are brought together by Ward's method. Both levels, the fine one first.
    """
    flat = _flat(vectors)
    if flat is None:
        return None
    coarse = max(2, min(COARSE, round(len(texts) ** (1 / 3))))
    found = KMeans(max(2, min(FINE, coarse * coarse)), random_state=SEED).fit(flat)
    above = fcluster(linkage(found.cluster_centers_, "ward"), coarse, "maxclust")
    return [found.labels_.tolist(), above[found.labels_].tolist()]


def told(texts: Sequence[str], vectors: FloatArray, groups: int) -> list[Labels] | None:
    """The same, told the true number of groups, which nobody knows."""
    flat = _flat(vectors)
    return None if flat is None else [KMeans(groups, random_state=SEED).fit_predict(flat).tolist()]


def _flat(vectors: FloatArray) -> FloatArray | None:
    if find_spec("umap") is None:
        return None
    from umap import UMAP

    flat = UMAP(random_state=SEED, n_components=2, n_neighbors=15).fit_transform(vectors)
    return np.asarray(flat, dtype=np.float32)


RIVALS: dict[str, Peer] = {"BERTopic": bertopic, "UMAP + k-means": recommended}
PEERS: dict[str, Peer] = {**RIVALS, "UMAP + k-means, true k": told}
