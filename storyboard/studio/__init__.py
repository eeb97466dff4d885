"""The app without a page: all stories, everything that can be done to them from outside, and the queue that draws.

Imports neither torch nor Gradio.
"""
