"""What goes into an exported bundle as it is: nothing of Thaw, only NumPy, Pillow and one runtime."""
