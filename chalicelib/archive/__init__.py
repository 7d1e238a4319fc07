"""One workspace as a file: taken out, and brought in as a new workspace. `FORMAT.md` describes the file."""
