"""Telegram: messages by long polling or webhook, replies through the Bot API."""
