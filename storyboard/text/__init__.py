"""Rules of sentences: who is mentioned, whom a pronoun stands for, what may be drawn, and the prompt of the model.

Knows neither torch, gradio nor stories.
"""
