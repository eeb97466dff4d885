"""ViStoryBench (arXiv 2505.24862): draws its stories with our models, into the folders that its evaluator reads."""
