"""Speed and memory, measured against a plain-Python parse of the same file in the same run."""
