"""What others publish or the organisation keeps: the law, code sets, registries. Loaded and dated."""
