"""The injection classifier: which texts give orders to the model, and how it is trained."""
