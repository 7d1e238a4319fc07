"""What only AWS needs. `app.py` loads it on Lambda; it imports the kernel only."""
