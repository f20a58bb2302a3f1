"""The command line, ``relex-kg``. Heavy parts are imported by the command that needs them, so that help is instant."""

from relex_kg.cli.app import main

__all__ = ["main"]
