"""The meeting with those who proposed, what came of it, and how everybody hears of it.

Life: planned; once lots are drawn, authors of the shortlist and a fair lottery among the others are
invited as far as there are seats, everybody else waits in a known order. An invitation waits, is
invited, then accepted, declined or lapsed; a seat that comes free goes to the next. Until it begins
a meeting can be changed or called off, and planned again with the same lots; the day before, who
comes is reminded. Notes and decision are written in each language; once every
proposer has a reply, or is told why not, the consultation is reported and all hear of it once.
"""
