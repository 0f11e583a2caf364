"""The web chat: a page, an embeddable widget, and the HTTP they speak."""
