"""What came of a consultation, written down, and proposals that get no reply of their own."""
