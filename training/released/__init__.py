"""The authors' released checkpoints: their names, their files, and what tells a sound one from a damaged one."""
