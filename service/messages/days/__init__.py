"""What was said on each day, packed once the day has settled, so that a report of many days need
not read every contribution again.

Whoever changes what a settled day held says so here, in the same transaction: the day is then
counted from its contributions until it has been packed anew.
"""
