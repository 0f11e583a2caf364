"""Talk to the service from a shell; also the fake that tests use."""
