"""Rules and policies prove themselves, on the road that requests take."""
