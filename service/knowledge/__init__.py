"""Official documents and the passages drafts rest on.

A document is imported from Markdown, HTML, PDF, plain text or JSONL, read in a bounded child
process, cut into passages and indexed with its source. Importing it again replaces what changed
and nothing else. A passage is never deleted: one that left its document keeps its row, out of the
index, so that what cites it always opens.
"""
