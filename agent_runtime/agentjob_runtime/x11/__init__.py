"""A small client of the X protocol (X.Org, "X Window System Protocol", X Version 11): cookie, screenshot, changes of the screen's size."""
