"""`python -m nndsl` is `nndsl`."""

from nndsl.cli.program import main

main()
