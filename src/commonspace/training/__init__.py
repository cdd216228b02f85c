"""What deep spaces share: items as tensors, batches, networks, losses, and the training itself."""
