"""What packages, deploys and destroys the stack on AWS. Run from the repository; not part of what Lambda gets."""
