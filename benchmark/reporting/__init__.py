"""How figures are kept, and how the documentation shows them."""
