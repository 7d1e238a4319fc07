"""Where features are put together: one module for each function, so that it loads only what it serves."""
