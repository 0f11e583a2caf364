"""Files as documents of passages; run as a child process it bounds itself first."""

import json
import resource
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from service.knowledge import formats
from service.knowledge.cutting import cut
from service.knowledge.documents import ReadDocument, ReadFile, Rejected
from service.knowledge.formats import Unreadable

MEMORY = 1 << 30
SECONDS = 30
MOST_PASSAGES = 20_000
LONGEST_TITLE = 200


def read(data: bytes, name: str) -> ReadFile:
    """The documents of a file, by its name's ending; `source` is its name, in JSONL each row's id.

    Raises `Unreadable`. Does not bound itself: `reading.read_bounded` does.
    """
    kind = PurePath(name).suffix.lower()
    if kind in (".jsonl", ".ndjson"):
        return _within(_rows(data))
    if kind not in formats.PARSERS:
        known = ", ".join((*sorted(formats.PARSERS), ".jsonl"))
        raise Unreadable(f"is of a kind that is not read; these are: {known}.")
    parsed = formats.PARSERS[kind](data)
    passages = cut(parsed.blocks)
    if not passages:
        raise Unreadable("holds no text; a scanned document must be made searchable first.")
    title = " ".join((parsed.title or PurePath(name).stem).split())[:LONGEST_TITLE]
    return _within(ReadFile((ReadDocument(name, title, parsed.lang, None, None, passages),)))


def _within(found: ReadFile) -> ReadFile:
    if sum(len(one.passages) for one in found.documents) > MOST_PASSAGES:
        raise Unreadable(f"is too long: it makes more than {MOST_PASSAGES} passages. Divide it.")
    return found


def _rows(data: bytes) -> ReadFile:
    documents: dict[str, ReadDocument] = {}
    rejected: list[Rejected] = []
    for line, raw in _lines(data, rejected):
        try:
            one = _row(raw, line)
            if one.source in documents:
                raise Unreadable("id: another line has the same")
            documents[one.source] = one
        except Unreadable as error:
            rejected.append(Rejected(line, str(error), raw))
    if not documents and not rejected:
        raise Unreadable("holds no rows.")
    return ReadFile(tuple(documents.values()), tuple(rejected))


def _lines(data: bytes, rejected: list[Rejected]) -> Iterator[tuple[int, Any]]:
    for line, held in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not held.strip():
            continue
        try:
            yield line, json.loads(held.decode())
        except UnicodeDecodeError:
            rejected.append(Rejected(line, "is not UTF-8", held.decode("latin-1")))
        except (ValueError, RecursionError):
            rejected.append(Rejected(line, "is not JSON", held.decode()))


def _row(raw: Any, line: int) -> ReadDocument:
    if not isinstance(raw, dict):
        raise Unreadable("is not an object with fields")
    told = {name: _said(raw, name) for name in ("id", "text", "title", "url", "lang", "department")}
    if not told["id"] or not told["text"]:
        raise Unreadable("id and text must be there and not empty")
    if told["url"] and not told["url"].startswith(("http://", "https://")):
        raise Unreadable("url: must begin with http:// or https://")
    passages = cut(formats.plain(told["text"]))
    if not passages:
        raise Unreadable("text: holds no words")
    title = told["title"] or " ".join(passages[0][1].split()[:12])
    return ReadDocument(
        told["id"], title[:LONGEST_TITLE], formats.language(told["lang"]), told["url"],
        told["department"], passages, line,
    )  # fmt: skip


def _said(raw: dict[str, Any], name: str) -> str | None:
    value = raw.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and name == "id":
        return str(value)
    if value is not None and not isinstance(value, str):
        raise Unreadable(f"{name}: must be a text")
    return value.strip() if value else None


def main() -> None:
    """Bound this process, read a file from standard input and write its documents as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        told = asdict(read(sys.stdin.buffer.read(), sys.argv[1]))
    except Unreadable as error:
        told = {"error": str(error)}
    except MemoryError:
        told = {"error": "takes more memory than a document may."}
    except Exception as error:
        told = {"error": f"is broken ({type(error).__name__})."}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
