"""What the machine says of issues by itself: names, key phrases, growth, themes, and which look
like one.
"""
