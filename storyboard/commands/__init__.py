"""What `python -m storyboard` can do: one module for whole stories, one for a project file's frames."""
