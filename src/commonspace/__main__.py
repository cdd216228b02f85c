"""`python -m commonspace`: the program, where its script is not on the path."""

from __future__ import annotations

from commonspace.cli.app import main

if __name__ == "__main__":
    main()
