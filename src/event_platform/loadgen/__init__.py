"""Simulated producers: what to send and when, what came back, and whether all of it arrived."""
