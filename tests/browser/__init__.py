"""The screens in a real browser: Debian's Chromium, driven by Playwright, audited by axe-core."""
