"""The Governor Responds: for some weeks citizens nominate questions and support each other's; what
most of them support is due an answer.

Planned → open → due → closed. A question of a round is an issue like any other: it is nominated by
asking it, or by supporting one that exists, and read through its survivor, so that merged ones
gather under one with all their supporters, one voice a person. At the end the most supported (or
`per_theme` of each theme) are due an answer within `answer_days`; published, it closes the round.
Who supports a question follows it, and hears its answer, corrections and measures as every
follower does.
"""
