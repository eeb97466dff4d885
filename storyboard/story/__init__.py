"""Stories as frozen values, and what can be done to them: edits, undo, and finding what a picture depends on.

Imports neither torch nor Gradio, and knows neither files nor threads.
"""
