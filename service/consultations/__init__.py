"""The Governor Asks: one question to everybody, with themes, dates and who may take part.

Life: drafted, proposing, screening, voting, shortlisted, met, reported; or cancelled, with a
reason. Dates move it by themselves as far as shortlisted, staff by hand; a date is put off with
a reason that the public reads.
"""
