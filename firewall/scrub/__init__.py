"""Clean files of any size: a file becomes pieces, each piece goes down the road, and the file comes back in its form."""
