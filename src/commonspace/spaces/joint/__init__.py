"""Joint spaces: one embedding of whatever modalities an item has."""
