"""Files on disk. They survive a crash, a lock has one holder, and pictures are kept under the hash of their content."""
