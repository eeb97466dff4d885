"""The authors' released checkpoints: their keys, their files, and how to tell a sound one from a damaged one."""
