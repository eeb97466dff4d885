"""The human study of the paper: people see two systems' versions of a story, blind, and say which is better at what."""
