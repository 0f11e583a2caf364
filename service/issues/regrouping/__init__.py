"""What the machine brings together and takes apart in rounds: issues of one matter unite, what
strayed from its theme leaves, and themes are found.

Staff's issues are not rearranged; what might join them is proposed. Everything is on the trail and
can be undone.
"""
