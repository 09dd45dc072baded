"""Recordings: what is kept, how it stands in files, how it is served."""
