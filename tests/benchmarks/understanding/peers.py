"""What others would take, where it is installed (`pip install -e '.[peers]'`)."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec

from sklearn.cluster import KMeans

from nlp.embed import FloatArray

Peer = Callable[[Sequence[str], FloatArray, int], "list[int] | None"]
SEED = 42


def bertopic(texts: Sequence[str], vectors: FloatArray, groups: int) -> list[int] | None:
    """BERTopic with its defaults; what it leaves out is each a group of its own."""
    if find_spec("bertopic") is None:
        return None
    from bertopic import BERTopic

    labels, _ = BERTopic().fit_transform(list(texts), vectors)
    return [-1 - at if label < 0 else int(label) for at, label in enumerate(labels)]


def umap_kmeans(texts: Sequence[str], vectors: FloatArray, groups: int) -> list[int] | None:
    """UMAP to two dimensions and k-means, as kouchou-ai does it; told the true number of groups."""
    if find_spec("umap") is None:
        return None
    from umap import UMAP

    flat = UMAP(random_state=SEED, n_components=2).fit_transform(vectors)
    return [int(one) for one in KMeans(groups, random_state=SEED).fit_predict(flat)]


PEERS: dict[str, Peer] = {"BERTopic": bertopic, "UMAP + k-means": umap_kmeans}
