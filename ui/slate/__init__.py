"""Slates of several answers in place of one."""
