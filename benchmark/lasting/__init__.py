"""What the scripts share that run the nodes for long, or break them."""
