"""ViStoryBench (arXiv 2505.24862): its stories drawn with our hands, in the folders that its evaluator reads."""
