"""Whole stories: files as they come, and what must be said of them."""
