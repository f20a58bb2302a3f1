"""``python -m relex_kg.cli`` does what ``relex-kg`` does."""

from relex_kg.cli.app import main

main()
