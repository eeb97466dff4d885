"""Rules of sentences: who is mentioned, what a pronoun stands for, what may be drawn, the prompt that is read.

Knows neither torch, gradio nor stories.
"""
