"""Web push: telling a person, in a browser that is closed, what newly waits for them."""
