"""The data of a network: sources -> tables -> examples in parts."""
