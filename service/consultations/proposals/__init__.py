"""What people propose, who supports it, and how it is screened.

Life: waiting, admitted, refused (its author hears why and can ask for review); withdrawn by its
author, joined to another with their consent, erased with them. What a citizen wrote is never
rewritten: the wording of staff stands beside it.
"""
