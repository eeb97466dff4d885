"""The human study of the paper: people see two systems' versions of a story and say which is better, and in what.

They are not told which system drew which version.
"""
