"""Generation: a network fed its own output, symbol by symbol, and what that makes of texts."""
