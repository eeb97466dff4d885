"""What every stage learns from: encoded pictures, noise, augmentation, captions, and the clips of dataset folders."""
