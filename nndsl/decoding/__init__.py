"""Decoding: what a network computes anew when its sequence has grown by one place, as graphs."""
