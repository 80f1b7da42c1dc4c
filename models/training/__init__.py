"""What every model of this project shares in training: the backbone, the loop and the export."""
