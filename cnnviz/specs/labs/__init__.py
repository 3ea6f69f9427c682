"""What can be chosen in each lab, its views and their questions."""
