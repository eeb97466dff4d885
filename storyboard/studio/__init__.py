"""The app without a page: every story there is, what can be done to one from outside, and the queue that draws.

Knows neither torch nor gradio.
"""
