"""Bad inputs to every parser and loader that a user can feed; ``python -m tests.fuzz --help``."""
