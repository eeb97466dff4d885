"""StoryGPT-V Storyboard: people and places that stay the same from frame to frame."""
