"""Admitted proposals as everybody reads them: by theme and words, those shown together as one."""
