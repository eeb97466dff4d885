"""What lies on disk: files that survive a crash and have one holder, and pictures kept by their content."""
