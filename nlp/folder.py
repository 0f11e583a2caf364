"""The folder of an index on disk: one process owns it, and says when it left it whole."""

import fcntl
import os
from pathlib import Path

from nlp.errors import Unusable


class IndexInUse(Unusable):
    """Another process owns the index folder."""

    code = "index_in_use"


class Folder:
    """An index folder, owned by one process at a time; a marker tells that the last owner did not
    leave cleanly. `was_empty` at its first use, and where a backup was restored without it.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = (path / "owner.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise IndexInUse(f"Another process is using the index in {path}.") from error
        self.was_dirty = (path / "dirty").exists()
        self.was_empty = not (path / "chroma").exists()

    def enter(self) -> None:
        """Mark the folder as in use."""
        marker = self.path / "dirty"
        marker.write_text(str(os.getpid()))

    def leave(self) -> None:
        """The folder is complete: take the marker away and let go."""
        (self.path / "dirty").unlink(missing_ok=True)
        self.let_go()

    def let_go(self) -> None:
        """Give the folder up as it is."""
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        self._lock.close()
