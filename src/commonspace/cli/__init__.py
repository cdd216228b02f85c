"""The command line: one file per command, each a thin cover over the library."""
