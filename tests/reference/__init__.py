"""The rules again, word by word from their definitions and in exact fractions: slow and obvious."""
