"""Stories as frozen values, and what may be done to them: edits, undo, what a picture depends on.

Knows neither torch, gradio, files nor threads.
"""
