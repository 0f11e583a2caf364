"""The government's bodies: what each answers for, how long it may take, and what taught us so.

Examples come from the department's own file, and from every correction of a routing.
"""
