"""When an issue was spoken of: its timeline as a chart."""
