"""What the government says back.

Drafted → in review → approved → (scheduled →) published → retracted. Author and approver are
different people; every language version is approved. Publishing writes one delivery for each
person in the issue.

A correction is new text in a published answer that waits, unapproved, for a second person. Until
then the text it corrects goes to nobody new; its approval makes a new edition, which goes to
everyone who ever received the answer, instant ones included, as a retraction does. A translation
added later is approved in the same way, and is used from then on without telling anybody again.
"""
