"""What every page and request stands on: sessions, base templates, errors as pages or JSON."""
