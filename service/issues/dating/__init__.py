"""When an issue is due by what is in it: no later than anything that the machine put there, and no
sooner than before once that has left again. A date that was changed since stands.

The trail holds it: what came says when it is due, and each change of the issue's own date is told.
"""
