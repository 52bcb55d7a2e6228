"""What all stages agree on. Imports no stage."""
