"""The commands: every module of this package is one, and defines `command`."""
