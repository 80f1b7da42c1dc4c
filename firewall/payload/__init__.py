"""Read: bytes become a Document, a Document becomes Segments, and edited text becomes bytes again."""
