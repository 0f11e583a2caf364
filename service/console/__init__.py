"""Pages of staff that look across features: enough to walk the whole loop by hand."""
