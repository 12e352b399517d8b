"""A class that votes from its phones: the phones' routes and the teacher's page."""
