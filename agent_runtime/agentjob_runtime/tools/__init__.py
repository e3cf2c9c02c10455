"""What the model can do: one file per tool, and the parts that they share."""
