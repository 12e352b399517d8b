"""What a policy makes of a reward: the completions of one prompt, a reference policy, and how far
from it one may go. Plain arrays in and out; nothing here trains but ``learnt``."""
